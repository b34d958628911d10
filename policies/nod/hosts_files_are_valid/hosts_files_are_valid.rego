# METADATA
# title: Every hosts.toml is valid and has a [host] tree
# description: >-
#   containerd passes over a hosts.toml that it cannot read, or that has no [host] table,
#   and pulls with what the node trusts otherwise: the CA and the mirrors that stand in
#   it count for nothing. A config.toml that cannot be read keeps it from starting.
# custom:
#   id: RT-NOD-019
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Correct the file at the place named; a hosts.toml needs at least one table
#     [host."https://..."], below which ca and the capabilities stand. It is read at the
#     next pull, without a restart.
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
#   - ref: https://github.com/containerd/containerd/issues/10027
package regpolicy.nod.hosts_files_are_valid

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer

subjects contains {"kind": "registry", "name": host} if {
	some host, by_node in fleet.hosts
	some _, settings in by_node
	settings.form == "hosts_toml"
}

subjects contains {"kind": "node", "name": name} if some name, _ in _unreadable

deny contains {"subject": {"kind": "registry", "name": host}, "msg": msg, "evidence": fleet.settings_at(host, names)} if {
	some [host, fault], names in fleet.grouped(_faulty)
	msg := sprintf("%s, on %s", [fault, fleet.listed(names)])
}

deny contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": [pointer.to(["nodes", name, "registry_config"])]} if {
	some name, fault in _unreadable
	msg := sprintf("the configuration of the container runtime on node %s cannot be read: %s", [name, fault])
}

# _faulty are the faults of a registry's hosts.toml, and the nodes that have them.
_faulty := {[host, fault, name] |
	some host, by_node in fleet.hosts
	some name, settings in by_node
	settings.form == "hosts_toml"
	fault := _fault(settings)
}

_fault(settings) := sprintf("%s is passed over, it cannot be read: %s", [settings.origin, settings.parse_error]) if {
	settings.parse_error != ""
} else := sprintf("%s is passed over, it has no [host] table", [settings.origin]) if {
	not settings.has_host_tree
}

_unreadable := {name: node.registry_config.parse_error |
	some name, node in nodes.read
	node.registry_config.parse_error != ""
}
