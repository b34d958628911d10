package regpolicy.nod.hosts_files_are_valid_test

import data.regpolicy.nod.hosts_files_are_valid as policy

_good := {"origin": "/c/h/hosts.toml", "form": "hosts_toml", "has_host_tree": true}

_node(settings) := {"read": true, "registry_config": {"hosts": {"h": settings}}}

test_denials[name] if {
	some name, tc in {
		"valid": {"settings": _good, "denied": set()},
		"valid, with an empty error": {"settings": object.union(_good, {"parse_error": ""}), "denied": set()},
		"no tree": {"settings": object.union(_good, {"has_host_tree": false}), "denied": {"/c/h/hosts.toml is passed over, it has no [host] table, on wk-1, wk-2"}},
		"not told": {"settings": json.remove(_good, ["has_host_tree"]), "denied": {"/c/h/hosts.toml is passed over, it has no [host] table, on wk-1, wk-2"}},
		"damaged": {"settings": object.union(_good, {"has_host_tree": false, "parse_error": "line 1, column 2: no"}), "denied": {"/c/h/hosts.toml is passed over, it cannot be read: line 1, column 2: no, on wk-1, wk-2"}},
		"damaged, with a tree": {"settings": object.union(_good, {"parse_error": "host: no"}), "denied": {"/c/h/hosts.toml is passed over, it cannot be read: host: no, on wk-1, wk-2"}},
	}
	document := {"nodes": {"wk-1": _node(tc.settings), "wk-2": _node(tc.settings)}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {{"kind": "registry", "name": "h"}} with input as document
}

test_nodes_that_differ if {
	document := {"nodes": {"wk-1": _node(_good), "wk-2": _node(object.union(_good, {"has_host_tree": false}))}}
	{finding.msg | some finding in policy.deny} == {"/c/h/hosts.toml is passed over, it has no [host] table, on wk-2"} with input as document
}

test_config_toml_cannot_be_read if {
	document := {"nodes": {"wk-1": {"read": true, "registry_config": {"parse_error": "/etc/containerd/config.toml: line 3, column 1: no"}}}}
	policy.subjects == {{"kind": "node", "name": "wk-1"}} with input as document
	policy.deny == {{
		"subject": {"kind": "node", "name": "wk-1"},
		"msg": "the configuration of the container runtime on node wk-1 cannot be read: /etc/containerd/config.toml: line 3, column 1: no",
		"evidence": ["/nodes/wk-1/registry_config"],
	}} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, node in {
		"settings of config.toml": _node({"origin": "/etc/containerd/config.toml", "form": "config_toml", "has_host_tree": false}),
		"a folder without hosts.toml": _node({"origin": "/c/h", "form": "docker_certs_d", "has_host_tree": false}),
		"a node that was not read": object.union(_node(object.union(_good, {"parse_error": "no"})), {"read": false}),
		"a configuration without an error": {"read": true, "registry_config": {"parse_error": "", "hosts": {}}},
		"no configuration": {"read": true},
	}
	policy.subjects == set() with input as {"nodes": {"wk-1": node}}
	policy.deny == set() with input as {"nodes": {"wk-1": node}}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": _node(object.union(_good, {"has_host_tree": false}))}}
	finding.subject == {"kind": "registry", "name": "h"}
	finding.evidence == ["/nodes/wk-1/registry_config/hosts/h"]
}
