package regpolicy.tls.registry_chain_verifies_on_nodes_test

import data.regpolicy.tls.registry_chain_verifies_on_nodes as policy

_certificates := {
	"leaf": {"common_name": "harbor", "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"},
	"root": {"common_name": "root", "not_before": "2020-01-01T00:00:00Z", "not_after": "2030-01-01T00:00:00Z"},
	"old": {"common_name": "old", "not_before": "2020-01-01T00:00:00Z", "not_after": "2025-01-01T00:00:00Z"},
}

_ok := {"ok": true, "paths": [["leaf", "root"]]}

_no := {"ok": false, "detail": "no root"}

_document(verdicts, nodes) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": _certificates,
	"nodes": nodes,
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"verdicts": verdicts}}}},
}

_nodes(names, more) := {name: object.union({"read": true, "trust_store": "go:1"}, more) | some name in names}

_subject(store) := {"kind": "registry", "name": "harbor:443", "trust_store": store, "chain": "c"}

_told(names) := sprintf("the chain of harbor:443 does not verify on %s: no root", [names])

_hosts(hosts) := {"registry_config": {"hosts": hosts}}

test_denials[name] if {
	some name, tc in {
		"it verifies": {"document": _document({"go:1": _ok}, _nodes({"a"}, {})), "denied": set(), "stores": {"go:1"}},
		"it does not": {"document": _document({"go:1": _no}, _nodes({"a"}, {})), "denied": {_told("a")}, "stores": {"go:1"}},
		"on three nodes of one store": {"document": _document({"go:1": _no}, _nodes({"c", "a", "b"}, {})), "denied": {_told("a, b, c")}, "stores": {"go:1"}},
		"on five": {"document": _document({"go:1": _no}, _nodes({"e", "d", "c", "a", "b"}, {})), "denied": {_told("a, b, c and 2 more nodes")}, "stores": {"go:1"}},
		"on one of two stores": {"document": _document({"go:1": _no, "go:2": _ok}, object.union(_nodes({"a"}, {}), _nodes({"b"}, {"trust_store": "go:2"}))), "denied": {_told("a")}, "stores": {"go:1", "go:2"}},
		"a CA for the registry": {"document": _document({"go:1": _no, "go:2": _ok}, _nodes({"a"}, _hosts({"harbor:443": {"trust_store": "go:2"}}))), "denied": set(), "stores": {"go:2"}},
		"a CA for the registry, whose default port is not named": {"document": _document({"go:1": _no, "go:2": _ok}, _nodes({"a"}, _hosts({"harbor": {"trust_store": "go:2"}}))), "denied": set(), "stores": {"go:2"}},
		"a CA for all registries": {"document": _document({"go:1": _no, "go:2": _ok}, _nodes({"a"}, _hosts({"_default": {"trust_store": "go:2"}}))), "denied": set(), "stores": {"go:2"}},
		"a folder of its own hides the one for all": {"document": _document({"go:1": _no, "go:2": _ok}, _nodes({"a"}, _hosts({"_default": {"trust_store": "go:2"}, "harbor:443": {"trust_store": ""}}))), "denied": {_told("a")}, "stores": {"go:1"}},
		"a CA for another registry": {"document": _document({"go:1": _no, "go:2": _ok}, _nodes({"a"}, _hosts({"other:443": {"trust_store": "go:2"}}))), "denied": {_told("a")}, "stores": {"go:1"}},
		"a node that was not read": {"document": _document({"go:1": _no}, _nodes({"a"}, {"read": false})), "denied": set(), "stores": set()},
		"a store against which the chain was not judged": {"document": _document({"go:9": _no}, _nodes({"a"}, {})), "denied": set(), "stores": set()},
		"store missing": {"document": _document({"go:1": _no}, {"a": {"read": true}}), "denied": set(), "stores": set()},
		"verdict malformed": {"document": _document({"go:1": {}}, _nodes({"a"}, {})), "denied": {replace(_told("a"), "no root", "no path to an anchor is known")}, "stores": {"go:1"}},
		"sections empty": {"document": {"collected_at": "2026-11-23T08:00:00Z", "nodes": {}, "endpoints": {}}, "denied": set(), "stores": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == {_subject(store) | some store in tc.stores} with input as tc.document
}

test_what_could_not_be_read_may_help[name] if {
	some name, tc in {
		"the store": {"field": "trust_store", "verdict": _no, "count": 0},
		"the registry's settings": {"field": "registry_config", "verdict": _no, "count": 0},
		"the clock cannot": {"field": "clock", "verdict": _no, "count": 1},
		"what verifies all the same": {"field": "trust_store", "verdict": _ok, "count": 1},
	}
	document := object.union(_document({"go:1": tc.verdict}, _nodes({"a"}, {})), {"coverage": {"nodes": {"gaps": [{"subject": {"kind": "node", "name": "a"}, "field": tc.field}]}}})
	count(policy.subjects) == tc.count with input as document
}

test_a_node_is_judged_by_the_chain_that_it_was_shown if {
	document := object.union(_document({"go:1": _ok}, _nodes({"a", "b"}, {})), {"endpoints": {"harbor:443": {
		"probes": {"node/a": {"chain": "proxied"}},
		"chains": {"proxied": {"verdicts": {"go:1": _no}}},
	}}})
	{finding.msg | some finding in policy.deny} == {_told("a, b")} with input as document
	only := object.union(document, {"endpoints": {"harbor:443": {"probes": {"node/b": {"chain": "c"}}}}})
	{finding.msg | some finding in policy.deny} == {_told("a")} with input as only
	failed := object.union(_document({"go:1": _no}, _nodes({"a"}, {})), {"endpoints": {"harbor:443": {"probes": {"node/a": {"failure": {}}}}}})
	{finding.msg | some finding in policy.deny} == {_told("a")} with input as failed
}

test_time[name] if {
	some name, tc in {
		"an expired anchor": {"path": ["leaf", "old"], "at": "2026-11-23T08:00:00Z", "told": `"old" has expired at 2025-01-01T00:00:00Z`, "repair": `Put the CA's new certificate into the trust configuration in place of "old"; for workload nodes under a new entry name, so that they roll`},
		"a leaf that has expired by then": {"path": ["leaf", "root"], "at": "2028-01-01T00:00:00Z", "told": `"harbor" has expired at 2027-01-01T00:00:00Z`, "repair": `Renew "harbor" and let harbor:443 serve it; where it is not valid yet, check the clocks first`},
	}
	document := object.union(_document({"go:1": {"ok": true, "paths": [tc.path]}}, _nodes({"a"}, {})), {"at": tc.at})
	{[finding.msg, finding.remediation] | some finding in policy.deny} == {[concat("", ["the chain of harbor:443 does not verify on a: ", tc.told]), tc.repair]} with input as document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject("go:1"), "msg": _told("a"), "remediation": "",
		"evidence": ["/endpoints/harbor:443/chains/c/verdicts/go:1"],
	}} with input as _document({"go:1": _no}, _nodes({"a"}, {}))
}

test_repair if {
	document := object.union(_document({"go:1": _no}, _nodes({"a"}, {"os_family": "debian"})), {
		"certificates": {"leaf": {"issuer": "CN=sub"}, "sub": {"issuer": "CN=root"}},
		"endpoints": {"harbor:443": {"chains": {"c": {"certificates": ["leaf", "sub"]}}}},
	})
	some finding in policy.deny with input as document
	finding.remediation == "Get the present certificate of \"CN=root\", the CA at the end of the chain of harbor:443, and configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: put it as PEM into /usr/local/share/ca-certificates with the suffix .crt, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`)"
}
