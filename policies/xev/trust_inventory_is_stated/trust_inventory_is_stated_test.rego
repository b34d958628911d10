package regpolicy.xev.trust_inventory_is_stated_test

import data.regpolicy.xev.trust_inventory_is_stated as policy

_ca(name, until) := {"common_name": name, "issuer": sprintf("CN=%s", [name]), "not_after": until, "public_root": false}

_document(anchors, nodes) := {
	"certificates": {
		"a": _ca("A", "2030-01-01T00:00:00Z"), "b": _ca("B", "2028-01-01T00:00:00Z"), "c": _ca("C", "2029-01-01T00:00:00Z"),
		"d": _ca("D", "2031-01-01T00:00:00Z"), "p": object.union(_ca("P", "2027-01-01T00:00:00Z"), {"public_root": true}),
	},
	"trust_stores": {"go:1": {"anchors": anchors}},
	"domains": {}, "views": {"nodes_by_trust_store": {"go:1": nodes}},
}

_subject := {"kind": "trust_store", "name": "go:1"}

test_inventory[name] if {
	some name, tc in {
		"one": {"document": _document(["a"], ["wk-1"]), "told": {`node wk-1 trusts 1 CA(s), 1 of them private; the next expires at 2030-01-01T00:00:00Z: "A" issued by "CN=A"`}, "subjects": {_subject}},
		"the next first": {"document": _document(["a", "b"], ["wk-1", "wk-2", "wk-3"]), "told": {`node wk-1 and 2 more like it trust 2 CA(s), 2 of them private; the next expires at 2028-01-01T00:00:00Z: "B" issued by "CN=B", "A" issued by "CN=A"`}, "subjects": {_subject}},
		"three": {"document": _document(["a", "b", "c"], ["wk-1"]), "told": {`node wk-1 trusts 3 CA(s), 3 of them private; the next expires at 2028-01-01T00:00:00Z: "B" issued by "CN=B", "C" issued by "CN=C", "A" issued by "CN=A"`}, "subjects": {_subject}},
		"four": {"document": _document(["a", "b", "c", "d"], ["wk-1"]), "told": {`node wk-1 trusts 4 CA(s), 4 of them private; the next expires at 2028-01-01T00:00:00Z: "B" issued by "CN=B", "C" issued by "CN=C", "A" issued by "CN=A", and 1 more`}, "subjects": {_subject}},
		"public ones": {"document": _document(["p", "elsewhere"], ["wk-1"]), "told": {"node wk-1 trusts 2 CA(s), none of them private"}, "subjects": {_subject}},
		"nothing": {"document": _document([], ["wk-1"]), "told": set(), "subjects": {_subject}},
		"anchors malformed": {"document": _document(7, ["wk-1"]), "told": set(), "subjects": {_subject}},
		"store missing": {"document": json.remove(_document([], ["wk-1"]), ["trust_stores/go:1"]), "told": set(), "subjects": {_subject}},
		"a domain": {
			"document": object.union(json.remove(_document(["a", "p"], []), ["views/nodes_by_trust_store/go:1"]), {"domains": {"workload": {"trust_store": "go:1", "entries": ["x", "y"]}}}),
			"told": {`the workload domain, in 2 entries, trusts 2 CA(s), 1 of them private; the next expires at 2030-01-01T00:00:00Z: "A" issued by "CN=A"`},
			"subjects": {object.union(_subject, {"domain": "workload"})},
		},
		"sections empty": {"document": {"domains": {}, "views": {"nodes_by_trust_store": {}}}, "told": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.warn} == tc.told with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_more_names if {
	{finding.msg | some finding in policy.warn} == {`node wk-1 trusts 2 CA(s), 2 of them private; the next expires at 2028-01-01T00:00:00Z: "B" issued by "CN=B", and 1 more`} with input as _document(["a", "b"], ["wk-1"])
		with data.params as {"RT-XEV-016": {"names": 1}}
}

test_evidence_and_subject if {
	{finding.evidence | some finding in policy.warn} == {["/views/nodes_by_trust_store/go:1", "/trust_stores/go:1", "/certificates/b", "/certificates/a"]} with input as _document(["a", "b", "p"], ["wk-1"])
	{[finding.evidence, finding.severity] | some finding in policy.warn} == {[["/domains/workload", "/trust_stores/go:1"], "info"]} with input as object.union(
		json.remove(_document(["p"], []), ["views/nodes_by_trust_store/go:1"]),
		{"domains": {"workload": {"trust_store": "go:1", "entries": []}}},
	)
}
