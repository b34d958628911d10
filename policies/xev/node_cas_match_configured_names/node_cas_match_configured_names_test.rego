package regpolicy.xev.node_cas_match_configured_names_test

import data.regpolicy.xev.node_cas_match_configured_names as policy

_subject := {"kind": "node", "name": "wk-1", "entry": "corp"}

_entry := {"domain": "workload", "name": "corp", "value": {"certificates": ["aaaaaaaaaaaaaaaaaaaa"]}}

_file := {"entry": "corp", "form": "pem", "certificates": ["aaaaaaaaaaaaaaaaaaaa"]}

_old := object.union(_file, {"certificates": ["bbbbbbbbbbbbbbbbbbbb"]})

_told := `/etc/tkg-corp.pem on node wk-1 holds another certificate (bbbbbbbbbbbbbbbb...) than the configured CA "corp" (aaaaaaaaaaaaaaaa...)`

_document(entry, file) := {"trust": {"k/1": entry}, "nodes": {"wk-1": {"read": true, "trust_files": {"/etc/tkg-corp.pem": file}}}}

test_denials[name] if {
	some name, tc in {
		"the same": {"document": _document(_entry, _file), "denied": set(), "subjects": {_subject}},
		"another one": {"document": _document(_entry, _old), "denied": {_told}, "subjects": {_subject}},
		"more than is configured": {"document": _document(_entry, object.union(_file, {"certificates": ["bbbb", "aaaaaaaaaaaaaaaaaaaa"]})), "denied": set(), "subjects": {_subject}},
		"less than is configured": {"document": _document(object.union(_entry, {"value": {"certificates": ["bbbbbbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaaaaaa"]}}), _old), "denied": {_told}, "subjects": {_subject}},
		"a file of another name": {"document": _document(_entry, object.union(_old, {"entry": "other"})), "denied": set(), "subjects": set()},
		"a file that still is base64": {"document": _document(_entry, object.union(_old, {"form": "base64_of_pem"})), "denied": set(), "subjects": set()},
		"a file without a certificate": {"document": _document(_entry, object.union(_old, {"certificates": []})), "denied": set(), "subjects": set()},
		"an entry without a name": {"document": _document(json.remove(_entry, ["name"]), _old), "denied": set(), "subjects": set()},
		"an entry with an empty name": {"document": _document(object.union(_entry, {"name": ""}), object.union(_old, {"entry": ""})), "denied": set(), "subjects": set()},
		"value missing": {"document": _document(json.remove(_entry, ["value"]), _old), "denied": set(), "subjects": set()},
		"value empty": {"document": _document(object.union(_entry, {"value": {"certificates": []}}), _old), "denied": set(), "subjects": set()},
		"value malformed": {"document": _document(object.union(_entry, {"value": {"certificates": 7}}), _old), "denied": set(), "subjects": set()},
		"another domain's entry": {"document": _document(object.union(_entry, {"domain": "kapp"}), _old), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"trust": {}, "nodes": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told, "evidence": ["/nodes/wk-1/trust_files/~1etc~1tkg-corp.pem", "/trust/k~11"]}} with input as _document(_entry, _old)
}
