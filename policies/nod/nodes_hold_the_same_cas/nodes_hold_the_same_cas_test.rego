package regpolicy.nod.nodes_hold_the_same_cas_test

import data.regpolicy.nod.nodes_hold_the_same_cas as policy

_certificates := {"aaaaaaaaaa": {"common_name": "A"}, "bbbbbbbbbb": {"common_name": "B"}}

_node(fingerprints) := {"read": true, "cluster": "demo", "trust_files": {sprintf("/etc/ssl/certs/%s.pem", [fingerprint]): _file(fingerprint) | some fingerprint in fingerprints}}

_file(fingerprint) := {"status": "ok", "place": "system", "form": "pem", "blocks": [], "certificates": [fingerprint]}

_bundled(fingerprints) := object.union(_node(fingerprints), {"trust_store": "go:1"})

test_denials[name] if {
	some name, tc in {
		"all the same": {"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _node({"aaaaaaaaaa"})}, "denied": set()},
		"in a file here and in the bundle there": {"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _bundled(set())}, "denied": set()},
		"one of three lacks a CA": {
			"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _node(set()), "wk-3": _node({"aaaaaaaaaa"})},
			"denied": {`node wk-2 differs from 2 of the 3 nodes of its cluster that were read: it lacks "A" (aaaaaaaa)`},
		},
		"one of three has one more": {
			"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _node({"aaaaaaaaaa", "bbbbbbbbbb"}), "wk-3": _node({"aaaaaaaaaa"})},
			"denied": {`node wk-2 differs from 2 of the 3 nodes of its cluster that were read: it has "B" (bbbbbbbb) besides`},
		},
		"half rolled": {
			"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _node({"aaaaaaaaaa"}), "wk-3": _node({"bbbbbbbbbb"})},
			"denied": {`node wk-3 differs from 2 of the 3 nodes of its cluster that were read: it lacks "A" (aaaaaaaa) and has "B" (bbbbbbbb) besides`},
		},
		"of two, the one with less": {
			"nodes": {"wk-1": _node(set()), "wk-2": _node({"aaaaaaaaaa", "bbbbbbbbbb"})},
			"denied": {`node wk-1 differs from 1 of the 2 nodes of its cluster that were read: it lacks "A" (aaaaaaaa), "B" (bbbbbbbb)`},
		},
		"a CA for one registry is no matter": {
			"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": object.union(_node({"aaaaaaaaaa"}), {"trust_files": {"/etc/containerd/b.crt": object.union(_file("bbbbbbbbbb"), {"place": "containerd"})}})},
			"denied": set(),
		},
		"a file that cannot be used": {
			"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": object.union(_node({"aaaaaaaaaa"}), {"trust_files": {"/etc/ssl/certs/b.pem": object.union(_file("bbbbbbbbbb"), {"form": "base64_of_pem"})}})},
			"denied": set(),
		},
		"a store that is not in the document": {
			"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": object.union(_node(set()), {"trust_store": "go:2"})},
			"denied": {`node wk-2 differs from 1 of the 2 nodes of its cluster that were read: it lacks "A" (aaaaaaaa)`},
		},
	}
	document := {"certificates": _certificates, "trust_stores": {"go:1": {"anchors": ["aaaaaaaaaa", "public"]}}, "nodes": tc.nodes}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {{"kind": "node", "name": node} | some node, _ in tc.nodes} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, nodes in {
		"one node": {"wk-1": _node({"aaaaaaaaaa"})},
		"one node that was read": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": {"read": false, "cluster": "demo"}},
		"one node of each cluster": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": object.union(_node({"bbbbbbbbbb"}), {"cluster": "other"}), "wk-3": json.remove(_node({"bbbbbbbbbb"}), ["cluster"])},
		"no CA at all": {"wk-1": _node(set()), "wk-2": _node(set())},
		"no node": {},
	}
	policy.subjects == set() with input as {"certificates": _certificates, "nodes": nodes}
	policy.deny == set() with input as {"certificates": _certificates, "nodes": nodes}
}

test_a_node_that_was_read_in_part_does_not_count[field] if {
	some field in ["trust_files", "trust_store"]
	document := {
		"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _node({"aaaaaaaaaa"}), "wk-3": _node({"bbbbbbbbbb"})},
		"coverage": {"nodes": {"gaps": [{"subject": {"kind": "node", "name": "wk-3"}, "field": field}]}},
	}
	policy.subjects == {{"kind": "node", "name": "wk-1"}, {"kind": "node", "name": "wk-2"}} with input as document
	{finding.subject.name | some finding in policy.deny} == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": _node({"aaaaaaaaaa"}), "wk-2": _node(set())}}
	finding.subject == {"kind": "node", "name": "wk-2"}
	finding.evidence == ["/nodes/wk-2"]
}
