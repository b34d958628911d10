package regpolicy.xev.needed_anchors_are_configured_test

import data.regpolicy.xev.needed_anchors_are_configured as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c", "trust_store": "go:1"}

_ok := {"ok": true, "paths": [["leaf", "rootrootrootroot-1"]]}

_no := {"ok": false, "reason": "root_absent"}

_valid := {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}

_document(verdicts) := {
	"collected_at": "2026-11-23T08:00:00Z", "public_store": "public:1",
	"certificates": {"leaf": _valid, "rootrootrootroot-1": object.union(_valid, {"common_name": "Root"})},
	"registries": {"harbor:443": {"platforms": ["kubelet"]}},
	"domains": {"workload": {"trust_store": "configured:1", "entries": ["k"]}},
	"trust": {"k": {"domain": "workload", "value": {"certificates": ["rootrootrootroot-1"]}}},
	"nodes": {"wk-1": {"read": true, "trust_store": "go:1"}},
	"endpoints": {"harbor:443": {"roles": ["registry"], "probes": {"collector": {"chain": "c"}}, "chains": {"c": {"verdicts": verdicts}}}},
}

_both := _document({"go:1": _ok, "configured:1": _ok})

_only := _document({"go:1": _ok, "configured:1": _no})

_told := `harbor:443 verifies on wk-1 only by "Root" (rootrootrootroot...), which is not configured: new nodes will not have it`

_gap(kind, field) := {"coverage": {"trust": {"gaps": [{"subject": {"kind": kind, "name": "x"}, "field": field}]}}}

test_denials[name] if {
	some name, tc in {
		"configured and on nodes": {"document": _both, "denied": set(), "subjects": {_subject}},
		"only on nodes": {"document": _only, "denied": {_told}, "subjects": {_subject}},
		"configured for no cluster": {"document": object.union(_both, {"trust": {"k": {"applies_to_none": true}}}), "denied": {_told}, "subjects": {_subject}},
		"nothing is configured": {"document": object.union(_document({"go:1": _ok}), {"trust": {}, "domains": {"workload": {"trust_store": "", "entries": []}}}), "denied": {_told}, "subjects": {_subject}},
		"not on the nodes": {"document": _document({"go:1": _no, "configured:1": _ok}), "denied": set(), "subjects": set()},
		"expired": {"document": object.union(_only, {"at": "2028-01-01T00:00:00Z"}), "denied": set(), "subjects": set()},
		"a public chain": {"document": _document({"go:1": _ok, "configured:1": _no, "public:1": _ok}), "denied": set(), "subjects": set()},
		"a token service": {"document": object.union(_only, {"endpoints": {"harbor:443": {"roles": ["token"]}}}), "denied": set(), "subjects": set()},
		"only the Supervisor pulls": {"document": object.union(_only, {"registries": {"harbor:443": {"platforms": ["vsphere_pod"]}}}), "denied": set(), "subjects": set()},
		"a domain that was not looked at": {"document": json.remove(_only, ["domains/workload"]), "denied": set(), "subjects": set()},
		"another value may not be read": {"document": object.union(_only, {"trust": {"l": {"domain": "workload", "reason": "forbidden"}}}), "denied": set(), "subjects": set()},
		"another value may not be read, and this is enough": {"document": object.union(_both, {"trust": {"l": {"domain": "workload", "reason": "forbidden"}}}), "denied": set(), "subjects": {_subject}},
		"clusters may not be listed": {"document": object.union(_only, _gap("cluster", "")), "denied": set(), "subjects": set()},
		"a part of a cluster that is not trust": {"document": object.union(_only, _gap("cluster", "proxy")), "denied": {_told}, "subjects": {_subject}},
		"verdict malformed": {"document": _document({"go:1": {"ok": "yes"}}), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"collected_at": "2026-11-23T08:00:00Z", "endpoints": {}, "nodes": {}, "domains": {"workload": {}}, "trust": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject, "msg": _told,
		"evidence": ["/endpoints/harbor:443/chains/c/verdicts/go:1", "/domains/workload"],
	}} with input as _only
}
