package regpolicy.lib.fleet_test

import data.regpolicy.lib.fleet

test_listed[name] if {
	some name, tc in {
		"one": {"names": {"b"}, "want": "b"},
		"three": {"names": {"c", "a", "b"}, "want": "a, b, c"},
		"more": {"names": {"c", "a", "b", "e", "d"}, "want": "a, b, c and 2 more nodes"},
	}
	fleet.listed(tc.names) == tc.want
}

test_files_without_links_to_each_other if {
	node := {"read": true, "trust_files": {
		"/etc/ssl/certs/tkg-a.pem": {"real_path": "/usr/local/share/ca-certificates/tkg-a.crt"},
		"/usr/local/share/ca-certificates/tkg-a.crt": {},
		"/etc/ssl/certs/b.pem": {"real_path": "/opt/b.pem"},
	}}
	found := fleet.files with input as {"nodes": {"a": node, "b": object.union(node, {"read": false})}}
	found == {"a": {
		"/usr/local/share/ca-certificates/tkg-a.crt": {},
		"/etc/ssl/certs/b.pem": {"real_path": "/opt/b.pem"},
	}}
}

test_names_and_places if {
	fleet.subject("wk-1", "/a/b") == {"kind": "trust_file", "node": "wk-1", "path": "/a/b"}
	fleet.at("wk-1", "/a/b") == "/nodes/wk-1/trust_files/~1a~1b"
	fleet.settings_at("h", {"d", "c", "b", "a"}) == [
		"/nodes/a/registry_config/hosts/h", "/nodes/b/registry_config/hosts/h", "/nodes/c/registry_config/hosts/h",
	]
}

test_ca[name] if {
	some name, tc in {
		"a CA file": {"path": "/a.pem", "patch": {}, "ca": true},
		"one that still is base64": {"path": "/a.pem", "patch": {"form": "base64_of_pem"}, "ca": false},
		"one without certificates": {"path": "/a.pem", "patch": {"certificates": []}, "ca": false},
		"a client's": {"path": "/a.cert", "patch": {}, "ca": false},
	}
	file := object.union({"status": "ok", "form": "pem", "blocks": [], "certificates": ["f1"]}, tc.patch)
	_ca(tc.path, file) == tc.ca
}

default _ca(_, _) := false

_ca(path, file) if fleet.ca(path, file)

test_system_wide if {
	every place in ["system", "debian", "rhel"] {
		fleet.system_wide({"place": place})
	}
	every place in ["containerd", "docker"] {
		not fleet.system_wide({"place": place})
	}
	not fleet.system_wide({})
}

test_hosts if {
	config := {"hosts": {"h": {"origin": "/a"}}}
	found := fleet.hosts with input as {"nodes": {
		"a": {"read": true, "registry_config": config},
		"b": {"read": false, "registry_config": config},
		"c": {"read": true},
	}}
	found == {"h": {"a": {"origin": "/a"}}}
}

test_unread[name] if {
	some name, tc in {
		"the whole node": {"gap": {"subject": {"kind": "node", "name": "a"}}, "unread": {"a"}},
		"one of the fields": {"gap": {"subject": {"kind": "node", "name": "a"}, "field": "trust_store"}, "unread": {"a"}},
		"another field": {"gap": {"subject": {"kind": "node", "name": "a"}, "field": "clock"}, "unread": set()},
		"something else of that name": {"gap": {"subject": {"kind": "pod", "name": "a"}}, "unread": set()},
	}
	fleet.unread({"trust_files", "trust_store"}) == tc.unread with input as {"coverage": {"nodes": {"gaps": [tc.gap]}}}
}

test_registries if {
	fleet.registries("harbor.corp.example:8443") == "harbor.corp.example:8443"
	fleet.registries("_default") == "all registries without settings of their own"
}

test_grouped if {
	found := {["h", "off", "a"], ["h", "off", "b"], ["h", "plain", "a"], ["g", "off", "c"]}
	fleet.grouped(found) == {["h", "off"]: {"a", "b"}, ["h", "plain"]: {"a"}, ["g", "off"]: {"c"}}
	fleet.grouped(set()) == {}
}
