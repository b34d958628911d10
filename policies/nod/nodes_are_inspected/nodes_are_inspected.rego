# METADATA
# title: Every node could be inspected
# description: >-
#   The files of every node that the cluster names were read. What policies say of nodes
#   holds for those that were; a node that was asked for and could not be read makes this
#   policy inconclusive, with the reason. ESXi hosts of a Supervisor keep no files that
#   count here.
# custom:
#   id: RT-NOD-022
#   severity: low
#   recommended_action: >-
#     Ask for the node too (--ssh for all, --node for some, or the in-cluster agent) and
#     see to its SSH key, jump host and host key.
#   tags: [nod]
package regpolicy.nod.nodes_are_inspected

import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer

subjects contains _subject(name) if {
	some name, node in input.nodes
	not _esxi(node)
}

# No gap stands for such a node, so nobody asked for its files: others were read.
warn contains {"subject": _subject(name), "msg": msg, "evidence": [pointer.to(["nodes", name])]} if {
	some name, node in input.nodes
	not _esxi(node)
	not nodes.read[name]
	msg := sprintf("node %s was not inspected, as its files were not asked for: what holds on other nodes need not hold there", [name])
}

_subject(name) := {"kind": "node", "name": name}

_esxi(node) if node.os_family == "esxi"

_esxi(node) if node.role == "agent"
