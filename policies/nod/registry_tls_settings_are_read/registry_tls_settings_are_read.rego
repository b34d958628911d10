# METADATA
# title: Registry TLS settings are in a form that this containerd version reads
# description: >-
#   The TLS tables of config.toml (registry.configs.*.tls) are gone in containerd 2, and
#   containerd 1 passes over them where config_path is set: the CA that stands there is
#   not trusted, and nothing says so. hosts.toml is read by both.
# custom:
#   id: RT-NOD-017
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Move the settings to hosts.toml: a folder of the registry's name below config_path
#     (/etc/containerd/certs.d), in it ca in place of ca_file and skip_verify in place of
#     insecure_skip_verify, below [host."https://..."].
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
#   - ref: https://github.com/containerd/containerd/blob/main/docs/cri/registry.md
package regpolicy.nod.registry_tls_settings_are_read

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains {"kind": "registry", "name": host} if {
	some host, by_node in fleet.hosts
	some name, settings in by_node
	_judged(settings, nodes.read[name])
}

deny contains {"subject": {"kind": "registry", "name": host}, "msg": msg, "evidence": fleet.settings_at(host, names)} if {
	some [host, fault], names in fleet.grouped(_unread)
	msg := sprintf("the TLS settings for %s in %s, on %s", [fleet.registries(host), fault, fleet.listed(names)])
}

# _unread are the reasons why settings are not read, and the nodes where that is so.
_unread := {[host, fault, name] |
	some host, by_node in fleet.hosts
	some name, settings in by_node
	_tls(settings)
	settings.form == "config_toml"
	fault := sprintf("%s are not read: %s", [settings.origin, _why(nodes.read[name])])
}

# _judged are TLS settings of which it is known whether they are read.
_judged(settings, _) if {
	_tls(settings)
	settings.form != "config_toml"
}

_judged(settings, node) if {
	_tls(settings)
	_is_known(node)
}

_is_known(node) if _why(node)

_is_known(node) if is_number(_major(node))

_tls(settings) if count(settings.ca_files) > 0

_tls(settings) if settings.skip_verify

_tls(settings) if settings.client_certificate

# _why is undefined where config.toml's settings are read, or where that is not known.
_why(node) := sprintf("containerd %s has no such table", [node.runtime.version]) if {
	_major(node) >= 2
} else := "config.toml has the format of containerd 2, which has no such table" if {
	node.registry_config.version >= 3
} else := sprintf("config_path is set (%s)", [node.registry_config.config_path]) if {
	node.registry_config.config_path != ""
}

_major(node) := to_number(regex.find_all_string_submatch_n(`^v?([0-9]+)\.`, node.runtime.version, 1)[0][1])
