package regpolicy.xev.clusters_wait_for_no_encoding_test

import data.regpolicy.xev.clusters_wait_for_no_encoding as policy

_subject := {"kind": "cluster", "namespace": "ns", "name": "demo"}

_document(entry, phase) := {
	"clusters": {"ns/demo": {}},
	"trust": {"k": object.union({"domain": "workload", "label": "corp", "clusters": ["ns/demo"], "expected_layers": [2], "layers": 1}, entry)},
	"machines": {"ns/m-1": {"cluster": "ns/demo", "phase": phase}, "ns/x": {"cluster": "ns/other", "phase": "Running"}},
}

_told(expected) := sprintf(`none of the 1 Machine(s) of cluster ns/demo runs, and its trust entry "corp" is encoded 1 time(s) where %s is expected: nodes wait for a CA that they cannot read`, [expected])

_waiting := _document({}, "Provisioning")

test_denials[name] if {
	some name, tc in {
		"once, and no node": {"document": _waiting, "denied": {_told("2")}, "subjects": {_subject}},
		"once, and a node runs": {"document": _document({}, "Running"), "denied": set(), "subjects": {_subject}},
		"once, and one of two nodes runs": {"document": object.union(_waiting, {"machines": {"ns/m-2": {"cluster": "ns/demo", "phase": "Running"}}}), "denied": set(), "subjects": {_subject}},
		"phase missing": {"document": json.remove(_waiting, ["machines/ns~1m-1/phase"]), "denied": {_told("2")}, "subjects": {_subject}},
		"twice, and no node": {"document": _document({"layers": 2}, "Provisioning"), "denied": set(), "subjects": {_subject}},
		"three times, and no node": {"document": _document({"layers": 3}, "Provisioning"), "denied": set(), "subjects": {_subject}},
		"once or twice is taken": {"document": _document({"expected_layers": [2, 1]}, "Provisioning"), "denied": set(), "subjects": {_subject}},
		"two or three times are taken": {"document": _document({"expected_layers": [2, 3]}, "Provisioning"), "denied": {_told("2 or 3")}, "subjects": {_subject}},
		"no machine is known": {"document": json.remove(_waiting, ["machines/ns~1m-1"]), "denied": set(), "subjects": set()},
		"layers missing": {"document": json.remove(_waiting, ["trust/k/layers"]), "denied": set(), "subjects": set()},
		"layers malformed": {"document": _document({"layers": "one"}, "Provisioning"), "denied": set(), "subjects": set()},
		"another cluster's": {"document": _document({"clusters": ["ns/other"]}, "Provisioning"), "denied": set(), "subjects": set()},
		"of whichever cluster": {"document": json.remove(_waiting, ["trust/k/clusters"]), "denied": {_told("2")}, "subjects": {_subject}},
		"of none": {"document": _document({"applies_to_none": true}, "Provisioning"), "denied": set(), "subjects": set()},
		"another domain's": {"document": _document({"domain": "kapp"}, "Provisioning"), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"clusters": {}, "trust": {}, "machines": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told("2"), "evidence": ["/trust/k", "/machines/ns~1m-1"]}} with input as _waiting
}
