# METADATA
# title: All nodes hold the same trusted set
# description: >-
#   The CAs that lie in a CA file of any node of a cluster are on all of its nodes, in a
#   file or in the trust store. Sets that differ are the mark of a rolling update that
#   did not end, or of a change by hand. Nodes are held against what most of them have.
# custom:
#   id: RT-NOD-006
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Finish or repair the rolling update (`kubectl get machines` in the cluster's vSphere
#     Namespace shows where it stands); what was changed on a node by hand belongs into
#     the cluster's trust configuration.
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-002, RT-EVT-013]
#   tags: [nod]
package regpolicy.nod.nodes_hold_the_same_cas

import data.regpolicy.lib.chains
import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer

subjects contains {"kind": "node", "name": name} if {
	some group in _sets
	_size[group.cluster] > 1
	some name in group.nodes
}

deny contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": [pointer.to(["nodes", name])]} if {
	some group in _sets
	common := _common[group.cluster]
	group.trusted != common.trusted
	some name in group.nodes
	msg := sprintf("node %s differs from %d of the %d nodes of its cluster that were read: it %s", [name, count(common.nodes), _size[group.cluster], _difference(group.trusted, common.trusted)])
}

# _sets are the sets of CAs that nodes of a cluster trust, each with its nodes.
_sets := {object.union(group, {"nodes": members}) |
	some group in {group | some group in _set_of}
	members := {name | some name, other in _set_of; other == group}
}

_set_of := {name: {"cluster": held.cluster, "trusted": _trusted[held]} |
	some name, held in _held
	not name in _unsure
}

# _trusted are the CAs that nodes trust which hold the same.
_trusted := {held: trusted |
	some held in {held | some held in _held}
	trusted := _placed[held.cluster] & (held.files | object.get(nodes.stores, held.store, set()))
}

_unsure := fleet.unread({"trust_files", "trust_store"})

_size[cluster] := sum([count(group.nodes) | some group in _sets; group.cluster == cluster]) if some cluster in _clusters

_clusters := {group.cluster | some group in _sets}

# _common is the set that most nodes have, the larger one of equals.
_common[cluster] := max({[count(group.nodes), count(group.trusted), group] | some group in _sets; group.cluster == cluster})[2] if some cluster in _clusters

# _placed are the CAs in the files of a cluster's nodes.
_placed := {cluster: placed |
	some cluster in {held.cluster | some held in _held}
	placed := union({held.files | some held in _held; held.cluster == cluster})
	count(placed) > 0
}

# _held is what decides on a node's trust: its cluster, the CAs in its files, its store.
_held := {name: held |
	some name, files in fleet.cas
	node := nodes.read[name]
	held := {
		"cluster": object.get(node, "cluster", ""), "store": object.get(node, "trust_store", ""),
		"files": {fingerprint | some one in files; one.file.place in fleet.system_places; some fingerprint in one.file.certificates},
	}
}

_difference(trusted, common) := concat(" and ", array.concat(
	[sprintf("lacks %s", [_named(common - trusted)]) | count(common - trusted) > 0],
	[sprintf("has %s besides", [_named(trusted - common)]) | count(trusted - common) > 0],
))

_named(fingerprints) := concat(", ", [sprintf("%q (%s)", [chains.name_of(fingerprint), substring(fingerprint, 0, 8)]) | some fingerprint in fingerprints])
