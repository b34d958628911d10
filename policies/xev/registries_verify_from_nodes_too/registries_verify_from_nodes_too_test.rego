package regpolicy.xev.registries_verify_from_nodes_too_test

import data.regpolicy.xev.registries_verify_from_nodes_too as policy

_own := {"kind": "endpoint", "name": "harbor:443", "vantage": "node/wk-1"}

_view := {"kind": "registry", "name": "harbor:443", "trust_store": "go:1", "chain": "c"}

_ok := {"ok": true, "paths": [["root"]]}

_no := {"ok": false, "detail": "no root"}

_document(probes, chain, other) := {
	"collected_at": "2026-11-23T08:00:00Z", "public_store": "public:1",
	"certificates": {
		"root": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"},
		"leaf": {"issuer": "CN=Proxy CA"},
	},
	"nodes": {"wk-1": {"read": true, "trust_store": "go:1"}},
	"endpoints": {"harbor:443": {
		"probes": object.union({"collector": {"chain": "c"}}, probes),
		"chains": {"c": {"certificates": ["x"], "verdicts": chain}, "d": {"certificates": ["leaf"], "verdicts": other}},
	}},
}

_public_on_node := {"public:1": _ok, "go:1": _ok}

_public_not_on_node := {"public:1": _ok, "go:1": _no}

_private_on_node := {"public:1": _no, "go:1": _ok}

_private_not_on_node := {"public:1": _no, "go:1": _no}

_lacking(field) := {"coverage": {"nodes": {"gaps": [{"subject": {"kind": "node", "name": "wk-1"}, "field": field}]}}}

_from_node(rest) := sprintf("harbor:443 verifies from the collector, and not from node wk-1: %s", [rest])

_by_root := "harbor:443 verifies from the collector by a public root, and not with the trust store of wk-1: no root"

test_denials[name] if {
	some name, tc in {
		"a public chain, and the node has the root": {"document": _document({}, _public_on_node, {}), "denied": set(), "subjects": {_view}},
		"a public chain, and the node lacks the root": {"document": _document({}, _public_not_on_node, {}), "denied": {_by_root}, "subjects": {_view}},
		"a public chain that was not judged with the store": {"document": _document({}, {"public:1": _ok}, {}), "denied": set(), "subjects": set()},
		"a public chain, and the store was not all read": {"document": object.union(_document({}, _public_not_on_node, {}), _lacking("trust_store")), "denied": set(), "subjects": set()},
		"a public chain, and the clock was not read": {"document": object.union(_document({}, _public_not_on_node, {}), _lacking("clock")), "denied": {_by_root}, "subjects": {_view}},
		"a public chain that has expired": {"document": object.union(_document({}, _public_not_on_node, {}), {"at": "2028-01-01T00:00:00Z"}), "denied": set(), "subjects": set()},
		"a private chain that nobody else looked at": {"document": _document({}, _private_on_node, {}), "denied": set(), "subjects": set()},
		"both see the same": {"document": _document({"node/wk-1": {"chain": "c"}}, _private_on_node, {}), "denied": set(), "subjects": {_own}},
		"both see the same, and the node lacks the root": {"document": _document({"node/wk-1": {"chain": "c"}}, _public_not_on_node, {}), "denied": {_from_node("no root")}, "subjects": {_own}},
		"both see the same, and no public roots are known": {"document": json.remove(_document({"node/wk-1": {"chain": "c"}}, _private_on_node, {}), ["public_store"]), "denied": set(), "subjects": {_own}},
		"neither verifies": {"document": _document({"node/wk-1": {"chain": "c"}}, _private_not_on_node, {}), "denied": set(), "subjects": set()},
		"the node is shown another chain": {"document": _document({"node/wk-1": {"chain": "d"}}, _private_on_node, _private_not_on_node), "denied": {_from_node(`it is shown another chain, issued by "CN=Proxy CA"`)}, "subjects": {_own}},
		"the node is shown another chain that it trusts": {"document": _document({"node/wk-1": {"chain": "d"}}, _private_on_node, _private_on_node), "denied": set(), "subjects": {_own}},
		"the node is shown another chain that it may trust": {"document": object.union(_document({"node/wk-1": {"chain": "d"}}, _private_on_node, _private_not_on_node), _lacking("registry_config")), "denied": set(), "subjects": set()},
		"the node is shown a chain that it trusts with what was read": {"document": object.union(_document({"node/wk-1": {"chain": "d"}}, _private_on_node, _private_on_node), _lacking("registry_config")), "denied": set(), "subjects": {_own}},
		"the node does not get through": {"document": _document({"node/wk-1": {"failure": {"cause": "timeout", "detail": "i/o timeout"}}}, _private_on_node, {}), "denied": {_from_node("it completes no handshake (i/o timeout)")}, "subjects": {_own}},
		"the node is shown nothing": {"document": _document({"node/wk-1": {}}, _private_on_node, {}), "denied": {_from_node("it completes no handshake (no certificate was shown)")}, "subjects": {_own}},
		"the node was not read": {"document": object.union(_document({"node/wk-1": {}}, _private_on_node, {}), {"nodes": {"wk-1": {"read": false}}}), "denied": set(), "subjects": set()},
		"the collector did not look": {"document": json.remove(_document({"node/wk-1": {"chain": "c"}}, _private_on_node, {}), ["endpoints/harbor:443/probes/collector"]), "denied": set(), "subjects": set()},
		"one of two nodes looked": {
			"document": object.union(_document({"node/wk-1": {"chain": "c"}}, _public_on_node, {}), {"nodes": {"wk-2": {"read": true, "trust_store": "go:1"}}}),
			"denied": set(), "subjects": {_own, _view},
		},
		"what another node is shown does not count": {
			"document": object.union(_document({"node/wk-2": {"chain": "d"}}, _private_on_node, _public_on_node), {"nodes": {"wk-2": {"read": false}}}),
			"denied": set(), "subjects": set(),
		},
		"a public chain, and the settings were not read": {"document": object.union(_document({}, _public_not_on_node, {}), _lacking("registry_config")), "denied": set(), "subjects": set()},
		"the node is shown another chain, and its store was not all read": {"document": object.union(_document({"node/wk-1": {"chain": "d"}}, _private_on_node, _private_not_on_node), _lacking("trust_store")), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"nodes": {}, "endpoints": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _view, "msg": _by_root, "evidence": ["/endpoints/harbor:443/chains/c/verdicts/go:1"]}} with input as _document({}, _public_not_on_node, {})
	policy.deny == {{"subject": _own, "msg": _from_node("no root"), "evidence": ["/endpoints/harbor:443/probes/node~1wk-1"]}} with input as _document({"node/wk-1": {"chain": "c"}}, _public_not_on_node, {})
}
