package regpolicy.xev.anchors_outlive_leaves_test

import data.regpolicy.xev.anchors_outlive_leaves as policy

_subject(store) := {"kind": "registry", "name": "harbor:443", "chain": "c", "trust_store": store}

_until(name, at) := {"common_name": name, "not_before": "2020-01-01T00:00:00Z", "not_after": at}

_document(leaf, root, nodes) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"leaf": _until("harbor", leaf), "root": _until("Root", root), "newer": _until("Newer", "2027-02-01T00:00:00Z")},
	"domains": {"workload": {"trust_store": "configured:1"}, "supervisor": {"trust_store": "configured:2"}},
	"nodes": nodes,
	"endpoints": {"harbor:443": {"roles": ["registry"], "probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"], "verdicts": {
		"go:1": {"ok": true, "paths": [["leaf", "root"]]}, "configured:1": {"ok": true, "paths": [["leaf", "root"]]},
		"configured:2": {"ok": false},
	}}}}},
}

_nodes := {"wk-1": {"read": true, "trust_store": "go:1"}}

_short := _document("2027-06-01T00:00:00Z", "2027-01-01T00:00:00Z", _nodes)

_two_paths := {"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"go:1": {"paths": [["leaf", "root"], ["leaf", "newer"]]}}}}}}}

_told := `"Root", which the chain of harbor:443 leads to on wk-1, expires at 2027-01-01T00:00:00Z, before the registry's own certificate (2027-06-01T00:00:00Z)`

test_denials[name] if {
	some name, tc in {
		"the anchor lasts longer": {"document": _document("2027-01-01T00:00:00Z", "2030-01-01T00:00:00Z", _nodes), "denied": set(), "subjects": {_subject("go:1")}},
		"the anchor lasts as long": {"document": _document("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z", _nodes), "denied": set(), "subjects": {_subject("go:1")}},
		"the anchor ends a second before": {
			"document": _document("2027-01-01T00:00:01Z", "2027-01-01T00:00:00Z", _nodes),
			"denied": {`"Root", which the chain of harbor:443 leads to on wk-1, expires at 2027-01-01T00:00:00Z, before the registry's own certificate (2027-01-01T00:00:01Z)`}, "subjects": {_subject("go:1")},
		},
		"the anchor ends before": {"document": _short, "denied": {_told}, "subjects": {_subject("go:1")}},
		"without nodes": {"document": _document("2027-06-01T00:00:00Z", "2027-01-01T00:00:00Z", {}), "denied": {replace(_told, "on wk-1", "in the configuration")}, "subjects": {_subject("configured:1")}},
		"of two the later counts": {
			"document": object.union(_short, _two_paths),
			"denied": {`"Newer", which the chain of harbor:443 leads to on wk-1, expires at 2027-02-01T00:00:00Z, before the registry's own certificate (2027-06-01T00:00:00Z)`}, "subjects": {_subject("go:1")},
		},
		"of two one is enough": {"document": object.union(_document("2027-01-15T00:00:00Z", "2027-01-01T00:00:00Z", _nodes), _two_paths), "denied": set(), "subjects": {_subject("go:1")}},
		"the anchor has ended": {"document": object.union(_short, {"at": "2027-03-01T00:00:00Z"}), "denied": set(), "subjects": set()},
		"a token service": {"document": object.union(_short, {"endpoints": {"harbor:443": {"roles": ["token"]}}}), "denied": set(), "subjects": set()},
		"the leaf is not kept": {"document": object.union(json.remove(_short, ["certificates/leaf"]), {"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"go:1": {"paths": [["root"]]}}}}}}}), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"collected_at": "2026-11-23T08:00:00Z", "endpoints": {}, "nodes": {}, "domains": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_the_next_roll if {
	document := _document("2026-12-01T00:00:00Z", "2026-12-23T08:00:00Z", _nodes)
	count(policy.deny) == 0 with input as document with data.params as {"RT-XEV-011": {"days_to_next_roll": 30}}
	{finding.msg | some finding in policy.deny} == {`"Root", which the chain of harbor:443 leads to on wk-1, expires at 2026-12-23T08:00:00Z, before the nodes are replaced in 31 days`} with input as document
		with data.params as {"RT-XEV-011": {"days_to_next_roll": 31}}
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject("go:1"), "msg": _told,
		"evidence": ["/certificates/root", "/endpoints/harbor:443/chains/c/verdicts/go:1"],
	}} with input as _short
}
