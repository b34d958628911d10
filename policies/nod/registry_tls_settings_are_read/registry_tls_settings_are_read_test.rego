package regpolicy.nod.registry_tls_settings_are_read_test

import data.regpolicy.nod.registry_tls_settings_are_read as policy

_subject := {"kind": "registry", "name": "h"}

_old := {"origin": "/etc/containerd/config.toml", "form": "config_toml", "ca_files": ["/etc/containerd/h.crt"], "skip_verify": false, "client_certificate": false}

_node(version, config, settings) := {"read": true, "runtime": {"name": "containerd", "version": version}, "registry_config": object.union({"version": 2, "hosts": {"h": settings}}, config)}

_told(why) := sprintf("the TLS settings for h in /etc/containerd/config.toml are not read: %s, on wk-1", [why])

_gone(version) := sprintf("containerd %s has no such table", [version])

test_denials[name] if {
	some name, tc in {
		"containerd 1": {"node": _node("1.7.22", {}, _old), "denied": set()},
		"containerd 1 with an empty config_path": {"node": _node("v1.7.22", {"config_path": ""}, _old), "denied": set()},
		"containerd 1 with a config_path": {"node": _node("1.7.22", {"config_path": "/etc/containerd/certs.d"}, _old), "denied": {_told("config_path is set (/etc/containerd/certs.d)")}},
		"containerd 2": {"node": _node("2.0.0", {"config_path": "/etc/containerd/certs.d"}, _old), "denied": {_told(_gone("2.0.0"))}},
		"containerd 10": {"node": _node("v10.1", {}, _old), "denied": {_told(_gone("v10.1"))}},
		"the format of containerd 2": {"node": json.remove(_node("", {"version": 3}, _old), ["runtime"]), "denied": {_told("config.toml has the format of containerd 2, which has no such table")}},
		"a config_path and no version": {"node": json.remove(_node("", {"config_path": "/c"}, _old), ["runtime"]), "denied": {_told("config_path is set (/c)")}},
		"hosts.toml": {"node": _node("2.0.0", {}, object.union(_old, {"form": "hosts_toml"})), "denied": set()},
		"hosts.toml, whatever the version": {"node": json.remove(_node("", {}, object.union(_old, {"form": "hosts_toml"})), ["runtime"]), "denied": set()},
		"files in the registry's folder": {"node": _node("2.0.0", {}, object.union(_old, {"form": "docker_certs_d"})), "denied": set()},
		"verification switched off": {"node": _node("2.0.0", {}, object.union(_old, {"ca_files": [], "skip_verify": true})), "denied": {_told(_gone("2.0.0"))}},
		"a client certificate": {"node": _node("2.0.0", {}, object.union(_old, {"ca_files": [], "client_certificate": true})), "denied": {_told(_gone("2.0.0"))}},
		"version malformed": {"node": _node("newest", {"config_path": "/c"}, _old), "denied": {_told("config_path is set (/c)")}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as {"nodes": {"wk-1": tc.node}}
	policy.subjects == {_subject} with input as {"nodes": {"wk-1": tc.node}}
}

test_nodes_that_differ if {
	document := {"nodes": {"wk-1": _node("2.0.0", {}, _old), "wk-2": _node("1.7.22", {}, _old), "wk-3": _node("2.0.0", {}, _old), "wk-4": _node("2.1.0", {}, _old)}}
	{finding.msg | some finding in policy.deny} == {
		"the TLS settings for h in /etc/containerd/config.toml are not read: containerd 2.0.0 has no such table, on wk-1, wk-3",
		"the TLS settings for h in /etc/containerd/config.toml are not read: containerd 2.1.0 has no such table, on wk-4",
	} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, node in {
		"settings without TLS": _node("2.0.0", {}, object.union(_old, {"ca_files": [], "mirrors": ["m"]})),
		"settings without fields": _node("2.0.0", {}, {"form": "config_toml"}),
		"a hosts.toml without TLS": _node("2.0.0", {}, {"form": "hosts_toml"}),
		"a version that is not known": json.remove(_node("", {}, _old), ["runtime"]),
		"a node that was not read": object.union(_node("2.0.0", {}, _old), {"read": false}),
		"no registry": {"read": true, "registry_config": {"hosts": {}}},
		"no configuration": {"read": true},
	}
	policy.subjects == set() with input as {"nodes": {"wk-1": node}}
	policy.deny == set() with input as {"nodes": {"wk-1": node}}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": _node("2.0.0", {}, _old)}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/registry_config/hosts/h"]
}
