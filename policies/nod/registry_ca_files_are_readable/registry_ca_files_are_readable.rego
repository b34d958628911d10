# METADATA
# title: Every ca_file / ca in the runtime configuration points to a parsable file
# description: >-
#   The CA files that hosts.toml (ca) and config.toml (ca_file) name are there and hold
#   PEM certificates. A pull from a registry whose CA file cannot be loaded fails before
#   the registry is asked.
# custom:
#   id: RT-NOD-018
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Put the registry's CA as PEM where the configuration looks for it, or correct the
#     path. A relative path is one beside hosts.toml; files below certs.d need no restart.
#   explains: [RT-TLS-002, RT-TLS-003, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
package regpolicy.nod.registry_ca_files_are_readable

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains fleet.subject(name, path) if some [name, path] in _named

deny contains {"subject": fleet.subject(name, path), "msg": msg, "evidence": [fleet.at(name, path)], "remediation": remediation} if {
	some [name, path] in _named
	file := nodes.read[name].trust_files[path]
	not _parsable(file)
	hosts := concat(", ", _registries(name, path))
	msg := sprintf("%s on node %s, the CA of %s, %s", [path, name, hosts, _fault(file)])
	remediation := sprintf("Put the CA of %s as PEM at %s on %s, or correct the path in %s; what hosts.toml names is read at the next pull, without a restart", [hosts, path, name, concat(", ", _origins(name, path))])
}

# _named are the CA files that a node's configuration names. The distribution's own
# files are not in the document; what may not be read is not known to be wrong.
_named := {[name, path] |
	some by_node in fleet.hosts
	some name, settings in by_node
	some path in settings.ca_files
	file := nodes.read[name].trust_files[path]
	not file.status in {"escapes", "too_large", "unreadable"}
}

_registries(name, path) := {fleet.registries(host) |
	some host, settings in nodes.read[name].registry_config.hosts
	path in settings.ca_files
}

_origins(name, path) := {settings.origin |
	some settings in nodes.read[name].registry_config.hosts
	path in settings.ca_files
}

_parsable(file) if {
	file.status == "ok"
	file.form == "pem"
	some block in file.blocks
	block.ok
}

_fault(file) := _why[file.status] if {
	_why[file.status]
} else := sprintf("is no PEM certificate (%s)", [replace(file.form, "_", " ")]) if {
	file.form != "pem"
} else := "holds no certificate that can be read"

_why := {
	"absent": "is not there",
	"dangling": "is a link to nothing",
	"directory": "is a folder",
	"loop": "is a link that leads back to itself",
	"not_regular": "is no regular file",
}
