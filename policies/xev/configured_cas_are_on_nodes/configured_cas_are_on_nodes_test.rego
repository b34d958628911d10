package regpolicy.xev.configured_cas_are_on_nodes_test

import data.regpolicy.xev.configured_cas_are_on_nodes as policy

_subject := {"kind": "node", "name": "wk-1", "entry": "corp"}

_entry := {"domain": "workload", "label": "corp", "value": {"certificates": ["aaaaaaaaaaaaaaaaaaaa"]}}

_told := `node wk-1 does not hold the configured CA "corp" (Corp Root CA, aaaaaaaaaaaaaaaa...) in any trust place`

_document(entry, node) := {
	"certificates": {"aaaaaaaaaaaaaaaaaaaa": {"common_name": "Corp Root CA"}},
	"trust_stores": {"go:1": {"anchors": ["aaaaaaaaaaaaaaaaaaaa"]}, "go:2": {"anchors": ["bbbb"]}},
	"trust": {"k/1": entry}, "nodes": {"wk-1": object.union({"read": true}, node)},
}

_gap(field) := {"coverage": {"nodes": {"gaps": [{"subject": {"kind": "node", "name": "wk-1"}, "field": field}]}}}

_file(form) := {"trust_files": {"/etc/x.pem": {"form": form, "certificates": ["aaaaaaaaaaaaaaaaaaaa"]}}}

test_denials[name] if {
	some name, tc in {
		"in a file": {"document": _document(_entry, _file("pem")), "denied": set(), "subjects": {_subject}},
		"in the store": {"document": _document(_entry, {"trust_store": "go:1"}), "denied": set(), "subjects": {_subject}},
		"in a file that still is base64": {"document": _document(_entry, _file("base64_of_pem")), "denied": {_told}, "subjects": {_subject}},
		"nowhere": {"document": _document(_entry, {"trust_store": "go:2"}), "denied": {_told}, "subjects": {_subject}},
		"nowhere, and the files were not all read": {"document": object.union(_document(_entry, {}), _gap("trust_files")), "denied": set(), "subjects": {_subject}},
		"nowhere, and the store was not all read": {"document": object.union(_document(_entry, {}), _gap("trust_store")), "denied": set(), "subjects": {_subject}},
		"nowhere, and the clock was not read": {"document": object.union(_document(_entry, {}), _gap("clock")), "denied": {_told}, "subjects": {_subject}},
		"one of two is": {"document": _document(object.union(_entry, {"value": {"certificates": ["bbbb", "aaaaaaaaaaaaaaaaaaaa"]}}), {"trust_store": "go:2"}), "denied": {_told}, "subjects": {_subject}},
		"certificate missing in the document": {"document": _document(object.union(_entry, {"value": {"certificates": ["cccc"]}}), {}), "denied": {`node wk-1 does not hold the configured CA "corp" (a certificate that is not in this document, cccc...) in any trust place`}, "subjects": {_subject}},
		"value empty": {"document": _document(object.union(_entry, {"value": {"certificates": []}}), {}), "denied": set(), "subjects": set()},
		"value missing": {"document": _document(json.remove(_entry, ["value"]), {}), "denied": set(), "subjects": set()},
		"certificates malformed": {"document": _document(object.union(_entry, {"value": {"certificates": 7}}), {}), "denied": set(), "subjects": set()},
		"a node that was not read": {"document": _document(_entry, {"read": false}), "denied": set(), "subjects": set()},
		"another domain's entry": {"document": _document(object.union(_entry, {"domain": "supervisor"}), {}), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"trust": {}, "nodes": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told, "evidence": ["/nodes/wk-1", "/trust/k~11"]}} with input as _document(_entry, {})
}
