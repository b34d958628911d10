package regpolicy.xev.chains_are_the_registrys_own_test

import data.regpolicy.xev.chains_are_the_registrys_own as policy

_subject(vantage) := {"kind": "endpoint", "name": "harbor:443", "vantage": vantage}

_collector := _subject("collector")

_node := _subject("node/wk-1")

_proxy_entry := {"name": "proxy", "value": {"certificates": ["proxyca"]}}

_document(leaf, trust, probes) := {
	"certificates": {
		"leaf": object.union({"subject": "CN=harbor", "issuer": "CN=Proxy CA"}, leaf),
		"own": {"subject": "CN=harbor", "issuer": "CN=Corp CA"},
		"proxyca": {"subject": "CN=Proxy CA", "issuer": "CN=Proxy CA", "common_name": "Proxy CA", "subject_key_id": "01"},
	},
	"trust": trust,
	"endpoints": {"harbor:443": {"host": "harbor", "probes": probes, "chains": {"c": {"certificates": ["leaf"]}, "d": {"certificates": ["own"]}}}},
}

_shown := {"collector": {"chain": "c"}}

_told := `harbor:443, seen from collector, shows a certificate issued by the proxy's CA "Proxy CA"`

_differs := `harbor:443, seen from node/wk-1, shows a certificate issued by "CN=Proxy CA" through the proxy proxy:3128, and directly one issued by "CN=Corp CA"`

_through := {"node/wk-1": {"chain": "c", "proxy": "proxy:3128"}}

_directly := {"collector": {"chain": "d", "proxy": ""}}

test_denials[name] if {
	some name, tc in {
		"the proxy's CA": {"document": _document({}, {"k": _proxy_entry}, _shown), "denied": {_told}, "subjects": {_collector}},
		"the proxy's CA by its key": {"document": _document({"authority_key_id": "01"}, {"k": _proxy_entry}, _shown), "denied": {_told}, "subjects": {_collector}},
		"no key id": {"document": _document({"authority_key_id": ""}, {"k": _proxy_entry}, _shown), "denied": {_told}, "subjects": {_collector}},
		"a CA of that name with another key": {"document": _document({"authority_key_id": "02"}, {"k": _proxy_entry}, _shown), "denied": set(), "subjects": {_collector}},
		"another CA": {"document": _document({"issuer": "CN=Corp CA"}, {"k": _proxy_entry}, _shown), "denied": set(), "subjects": {_collector}},
		"the proxy's CA under another name": {"document": _document({}, {"k": object.union(_proxy_entry, {"name": "corp"})}, _shown), "denied": set(), "subjects": set()},
		"a CA that is the registry's, too": {"document": _document({}, {"k": _proxy_entry, "l": object.union(_proxy_entry, {"name": "imageRepository"})}, _shown), "denied": set(), "subjects": set()},
		"an entry without a name": {"document": _document({}, {"k": json.remove(_proxy_entry, ["name"])}, _shown), "denied": set(), "subjects": set()},
		"an entry without a value": {"document": _document({}, {"k": {"name": "proxy"}}, _shown), "denied": set(), "subjects": set()},
		"another issuer through a proxy": {"document": _document({}, {}, object.union(_through, _directly)), "denied": {_differs}, "subjects": {_node}},
		"the same issuer through a proxy": {"document": _document({"issuer": "CN=Corp CA"}, {}, object.union(_through, _directly)), "denied": set(), "subjects": {_node}},
		"another issuer without a proxy": {"document": _document({}, {}, object.union(_shown, {"node/wk-1": {"chain": "d"}})), "denied": set(), "subjects": set()},
		"through a proxy alone": {"document": _document({}, {}, _through), "denied": set(), "subjects": set()},
		"through a proxy, and directly nothing": {"document": _document({}, {}, object.union(_through, {"collector": {}})), "denied": set(), "subjects": set()},
		"both": {"document": _document({}, {"k": _proxy_entry}, object.union(_through, _directly)), "denied": {replace(_told, "collector", "node/wk-1")}, "subjects": {_node, _collector}},
		"both ways, with another proxy's CA": {"document": _document({"authority_key_id": "02"}, {"k": _proxy_entry}, object.union(_through, _directly)), "denied": {_differs}, "subjects": {_node, _collector}},
		"with another proxy's CA, no proxy used": {"document": _document({"authority_key_id": "02"}, {"k": _proxy_entry}, object.union(_shown, {"node/wk-1": {"chain": "d"}})), "denied": set(), "subjects": {_node, _collector}},
		"sections empty": {"document": {"endpoints": {}, "trust": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_other_names if {
	document := _document({}, {"k": object.union(_proxy_entry, {"name": "zscaler.root"})}, _shown)
	count(policy.deny) == 1 with input as document with data.params as {"RT-XEV-014": {"proxy_entry_names": ["zscaler*"]}}
	count(policy.deny) == 0 with input as document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _collector, "msg": _told, "remediation": "",
		"evidence": ["/endpoints/harbor:443/probes/collector", "/endpoints/harbor:443/chains/c"],
	}} with input as _document({}, {"k": _proxy_entry}, _shown)
}

test_repair_on_a_node if {
	document := object.union(_document({}, {}, object.union(_through, _directly)), {"nodes": {"wk-1": {"os_family": "debian"}}})
	some finding in policy.deny with input as document
	finding.remediation == "Add harbor to NO_PROXY where the container runtime of wk-1 gets its proxy from (a drop-in below /etc/systemd/system/containerd.service.d), then `systemctl daemon-reload` and `systemctl restart containerd`; where the cluster's configuration sets the proxy, add it to noProxy there, and for kapp-controller. Or trust the proxy: get its CA's certificate and configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: put it as PEM into /usr/local/share/ca-certificates with the suffix .crt, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`)"
}
