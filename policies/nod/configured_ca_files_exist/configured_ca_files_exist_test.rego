package regpolicy.nod.configured_ca_files_exist_test

import data.regpolicy.nod.configured_ca_files_exist as policy

_subject := {"kind": "node", "name": "wk-1", "entry": "corp"}

_trust := {"k/1": {"domain": "workload", "name": "corp", "label": "corp", "object": {"kind": "Cluster", "name": "demo"}}}

_told := `node wk-1 has no file for the configured CA "corp": neither /etc/ssl/certs/tkg-corp.pem nor the place where its operating system moves it`

_holding := {"read": true, "trust_files": {"/etc/ssl/certs/tkg-corp.pem": {"entry": "corp", "status": "ok"}}}

_bare := {"read": true, "trust_files": {}}

_gap(field) := {"nodes": {"gaps": [{"subject": {"kind": "node", "name": "wk-1"}, "field": field}]}}

test_denials[name] if {
	some name, tc in {
		"the file is there": {"document": {"trust": _trust, "nodes": {"wk-1": _holding}}, "denied": set(), "subjects": {_subject}},
		"the file is missing": {"document": {"trust": _trust, "nodes": {"wk-1": _bare}}, "denied": {_told}, "subjects": {_subject}},
		"the files could not all be read": {"document": {"trust": _trust, "nodes": {"wk-1": _bare}, "coverage": _gap("trust_files")}, "denied": set(), "subjects": {_subject}},
		"something else could not be read": {"document": {"trust": _trust, "nodes": {"wk-1": _bare}, "coverage": _gap("trust_store")}, "denied": {_told}, "subjects": {_subject}},
		"a node that was not read": {"document": {"trust": _trust, "nodes": {"wk-1": {"read": false}}}, "denied": set(), "subjects": set()},
		"trust files missing": {"document": {"trust": _trust, "nodes": {"wk-1": {"read": true}}}, "denied": {_told}, "subjects": {_subject}},
		"sections empty": {"document": {"trust": {}, "nodes": {}}, "denied": set(), "subjects": set()},
		"an entry without a name has no file to look for": {"document": {"trust": {"k": json.remove(_trust["k/1"], ["name"])}, "nodes": {"wk-1": _bare}}, "denied": set(), "subjects": set()},
		"an entry whose name is empty": {"document": {"trust": {"k": object.union(_trust["k/1"], {"name": ""})}, "nodes": {"wk-1": _bare}}, "denied": set(), "subjects": set()},
		"status malformed": {"document": {"trust": _trust, "nodes": {"wk-1": {"read": true, "trust_files": {"/a": {"entry": "corp", "status": 1}}}}}, "denied": {_told}, "subjects": {_subject}},
		"another domain's entry": {"document": {"trust": {"k": object.union(_trust["k/1"], {"domain": "kapp"})}, "nodes": {"wk-1": _bare}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"trust": _trust, "nodes": {"wk-1": _bare}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1", "/trust/k~11"]
}
