package regpolicy.nod.registries_are_encrypted_test

import data.regpolicy.nod.registries_are_encrypted as policy

_node(host, settings) := {"read": true, "registry_config": {"hosts": {host: settings}}}

_settings(plain) := {"origin": "/etc/containerd/config.toml", "form": "config_toml", "plain_http": plain}

_told(host, address) := sprintf("/etc/containerd/config.toml has images of %s pulled from %s by plain HTTP, on wk-1, wk-2", [host, address])

test_denials[name] if {
	some name, tc in {
		"https": {"host": "h", "settings": _settings(false), "denied": set()},
		"plain": {"host": "h:5000", "settings": _settings(true), "denied": {_told("h:5000", "h:5000")}},
		"plain, without mirrors": {"host": "h:5000", "settings": object.union(_settings(true), {"mirrors": []}), "denied": {_told("h:5000", "h:5000")}},
		"plain by default": {"host": "_default", "settings": object.union(_settings(true), {"mirrors": ["m:5000"]}), "denied": {_told("all registries without settings of their own", "m:5000")}},
		"a plain mirror": {
			"host": "docker.io",
			"settings": object.union(_settings(true), {"mirrors": ["m:80", "n"], "endpoints": [{"url": "http://m:80/v2", "plain_http": true}, {"url": "https://n", "plain_http": false}, {"url": "", "plain_http": false}]}),
			"denied": {_told("docker.io", "m:80")},
		},
		"an endpoint without a URL": {"host": "h", "settings": object.union(_settings(true), {"endpoints": [{"url": "", "plain_http": true}]}), "denied": {_told("h", "h")}},
		"a server of another name": {"host": "h", "settings": object.union(_settings(true), {"endpoints": [{"url": "http://m:80", "plain_http": true}]}), "denied": {_told("h", "m:80")}},
		"no endpoint tells": {"host": "h", "settings": object.union(_settings(true), {"mirrors": ["m"], "endpoints": [{"url": "https://m", "plain_http": false}]}), "denied": {_told("h", "m")}},
		"the node's own": {"host": "localhost:5000", "settings": _settings(true), "denied": set()},
		"the node's own by address": {"host": "127.0.0.1:5000", "settings": _settings(true), "denied": set()},
		"the node's own by IPv6 address": {"host": "[::1]:5000", "settings": _settings(true), "denied": set()},
		"the node's own without a port": {"host": "localhost", "settings": _settings(true), "denied": set()},
		"a mirror on the node": {"host": "docker.io", "settings": object.union(_settings(true), {"mirrors": ["localhost:5000"]}), "denied": set()},
		"missing": {"host": "h", "settings": json.remove(_settings(true), ["plain_http"]), "denied": {_told("h", "h")}},
		"malformed": {"host": "h", "settings": object.union(_settings(true), {"plain_http": "no"}), "denied": {_told("h", "h")}},
	}
	document := {"nodes": {"wk-1": _node(tc.host, tc.settings), "wk-2": _node(tc.host, tc.settings)}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {{"kind": "registry", "name": tc.host}} with input as document
}

test_allowed[name] if {
	some name, tc in {
		"a host with every port": {"allowed": ["h"], "count": 0},
		"a port of a host": {"allowed": ["h:5000"], "count": 0},
		"another port": {"allowed": ["h:5001"], "count": 1},
		"nothing": {"allowed": [], "count": 1},
	}
	count(policy.deny) == tc.count with input as {"nodes": {"wk-1": _node("h:5000", _settings(true))}} with data.params as {"RT-NOD-016": {"allowed": tc.allowed}}
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
