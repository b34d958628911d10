package regpolicy.nod.tkg_files_are_configured_test

import data.regpolicy.nod.tkg_files_are_configured as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_node := {"read": true, "cluster": "demo", "trust_files": {_path: {"status": "ok", "place": "system", "entry": "corp", "certificates": ["f1"]}}}

_entry := {"domain": "workload", "name": "corp", "clusters": ["ns/demo"], "value": {"certificates": ["f2"]}}

_nameless(value) := object.union({"domain": "workload", "clusters": ["ns/demo"]}, value)

_told := "/etc/ssl/certs/tkg-corp.pem on node wk-1 comes from no entry of the trust configuration: new nodes will not have it"

_document(trust, views) := {"clusters": {"ns/demo": {}}, "nodes": {"wk-1": _node}, "trust": trust, "views": {"trust_by_certificate": views}}

test_denials[name] if {
	some name, tc in {
		"by its name": {"trust": {"k": _entry}, "views": {}, "denied": set()},
		"by its certificate": {"trust": {"k": _nameless({"value": {}})}, "views": {"f1": ["k"]}, "denied": set()},
		"another certificate": {"trust": {"k": _nameless({"value": {}})}, "views": {"f2": ["k"]}, "denied": {_told}},
		"another name": {"trust": {"k": object.union(_entry, {"name": "corp2"})}, "views": {"f2": ["k"]}, "denied": {_told}},
		"that name for another cluster": {"trust": {"k": object.union(_entry, {"clusters": ["ns/other"]})}, "views": {}, "denied": {_told}},
		"that certificate in another domain": {"trust": {"k": _nameless({"domain": "kapp", "value": {}})}, "views": {"f1": ["k"]}, "denied": {_told}},
		"nothing is configured": {"trust": {}, "views": {}, "denied": {_told}},
		"a named entry's value is missing": {"trust": {"k": json.remove(object.union(_entry, {"name": "corp2"}), ["value"])}, "views": {}, "denied": {_told}},
		"another domain's value is missing": {"trust": {"k": {"domain": "supervisor"}}, "views": {}, "denied": {_told}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.trust, tc.views)
	policy.subjects == {_subject} with input as _document(tc.trust, tc.views)
}

test_a_known_entry_is_no_drift if {
	policy.deny == set() with input as _document({}, {}) with data.params as {"RT-NOD-011": {"known_entries": ["corp"]}}
	count(policy.deny) == 1 with input as _document({}, {}) with data.params as {"RT-NOD-011": {"known_entries": ["corp2"]}}
}

test_a_node_that_does_not_tell_its_cluster if {
	document := _document({}, {})
	bare := json.remove(document, ["nodes/wk-1/cluster"])
	{finding.msg | some finding in policy.deny} == {_told} with input as bare
	policy.subjects == set() with input as json.patch(bare, [{"op": "replace", "path": "/clusters", "value": {}}])
}

test_what_is_not_known_is_not_judged[name] if {
	some name, document in {
		"the node's cluster is not here": json.patch(_document({}, {}), [{"op": "replace", "path": "/clusters", "value": {"ns/other": {}, "ns/mydemo": {}}}]),
		"an entry may be hidden": object.union(_document({}, {}), {"coverage": {"trust": {"gaps": [{"subject": {"kind": "cluster", "name": "demo"}}]}}}),
		"a nameless entry's value was not had": _document({"k": _nameless({"reason": "forbidden"})}, {}),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_what_is_configured_passes_all_the_same if {
	document := object.union(_document({"k": _entry, "l": _nameless({})}, {}), {"coverage": {"trust": {"gaps": [{"subject": {"kind": "cluster", "name": "demo"}}]}}})
	policy.subjects == {_subject} with input as document
	policy.deny == set() with input as document
}

test_what_is_not_looked_at[name] if {
	some name, nodes in {
		"a file of another name": {"wk-1": {"read": true, "trust_files": {"/etc/ssl/certs/corp.pem": {"status": "ok"}}}},
		"a node that was not read": {"wk-1": object.union(_node, {"read": false})},
		"no node": {},
	}
	policy.subjects == set() with input as {"nodes": nodes, "clusters": {"ns/demo": {}}}
	policy.deny == set() with input as {"nodes": nodes, "clusters": {"ns/demo": {}}}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document({}, {})
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
