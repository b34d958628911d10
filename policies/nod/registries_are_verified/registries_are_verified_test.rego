package regpolicy.nod.registries_are_verified_test

import data.regpolicy.nod.registries_are_verified as policy

_node(host, settings) := {"read": true, "registry_config": {"hosts": {host: settings}}}

_settings(skip) := {"origin": "/etc/containerd/config.toml", "form": "config_toml", "skip_verify": skip}

test_denials[name] if {
	some name, tc in {
		"verified": {"host": "h", "settings": _settings(false), "denied": set()},
		"not verified": {"host": "h", "settings": _settings(true), "denied": {"/etc/containerd/config.toml switches TLS verification off for h, on wk-1, wk-2"}},
		"not verified by default": {"host": "_default", "settings": _settings(true), "denied": {"/etc/containerd/config.toml switches TLS verification off for all registries without settings of their own, on wk-1, wk-2"}},
		"mirrors that are not verified": {
			"host": "docker.io",
			"settings": object.union(_settings(true), {"endpoints": [{"url": "https://m2", "skip_verify": true}, {"url": "https://m1", "skip_verify": true}, {"url": "https://m3", "skip_verify": false}, {"url": "", "skip_verify": true}]}),
			"denied": {"/etc/containerd/config.toml switches TLS verification off for https://m1, https://m2, which is asked for images of docker.io, on wk-1, wk-2"},
		},
		"the registry itself, by hosts.toml": {
			"host": "h",
			"settings": object.union(_settings(true), {"endpoints": [{"url": "", "skip_verify": true}]}),
			"denied": {"/etc/containerd/config.toml switches TLS verification off for h, on wk-1, wk-2"},
		},
		"missing": {"host": "h", "settings": json.remove(_settings(true), ["skip_verify"]), "denied": {"/etc/containerd/config.toml switches TLS verification off for h, on wk-1, wk-2"}},
	}
	document := {"nodes": {"wk-1": _node(tc.host, tc.settings), "wk-2": _node(tc.host, tc.settings)}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {{"kind": "registry", "name": tc.host}} with input as document
}

test_nodes_that_differ if {
	document := {"nodes": {"wk-1": _node("h", _settings(true)), "wk-2": _node("h", _settings(false)), "wk-3": _node("h", object.union(_settings(true), {"origin": "/etc/containerd/certs.d/h/hosts.toml"}))}}
	{finding.msg | some finding in policy.deny} == {
		"/etc/containerd/config.toml switches TLS verification off for h, on wk-1",
		"/etc/containerd/certs.d/h/hosts.toml switches TLS verification off for h, on wk-3",
	} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, nodes in {
		"a node that was not read": {"wk-1": object.union(_node("h", _settings(true)), {"read": false})},
		"no configuration": {"wk-1": {"read": true}},
		"no registry": {"wk-1": {"read": true, "registry_config": {"hosts": {}}}},
		"no node": {},
	}
	policy.subjects == set() with input as {"nodes": nodes}
	policy.deny == set() with input as {"nodes": nodes}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": _node("h:5000", _settings(true))}}
	finding.subject == {"kind": "registry", "name": "h:5000"}
	finding.evidence == ["/nodes/wk-1/registry_config/hosts/h:5000"]
}
