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
	some cluster, sets in _sets
	_size[cluster] > 1
	some name in sets[_]
}

deny contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": [pointer.to(["nodes", name])]} if {
	some cluster, sets in _sets
	common := _common[cluster]
	some trusted, names in sets
	trusted != common
	some name in names
	msg := sprintf("node %s differs from %d of the %d nodes of its cluster that were read: it %s", [name, count(sets[common]), _size[cluster], _difference(trusted, common)])
}

# _sets are the nodes of a cluster by the CAs that they trust.
_sets[cluster][trusted] contains name if {
	some name, node in nodes.read
	not name in _unsure
	cluster := _cluster(node)
	trusted := (_placed[cluster] & _files[name]) | (_placed[cluster] & object.get(fleet.stores, object.get(node, "trust_store", ""), set()))
}

_unsure := fleet.unread({"trust_files", "trust_store"})

_size[cluster] := sum([count(names) | some names in sets]) if some cluster, sets in _sets

# _common is the set that most nodes have, the larger one of equals.
_common[cluster] := max({[count(names), count(trusted), trusted] | some trusted, names in sets})[2] if some cluster, sets in _sets

# _placed are the CAs in the files of a cluster's nodes, _files those of one node.
_placed[cluster] contains fingerprint if {
	some name, fingerprints in _files
	cluster := _cluster(nodes.read[name])
	some fingerprint in fingerprints
}

_files[name] := {fingerprint |
	some path, file in node.trust_files
	fleet.system_wide(file)
	fleet.ca(path, file)
	some fingerprint in file.certificates
} if {
	some name, node in nodes.read
}

_cluster(node) := object.get(node, "cluster", "")

_difference(trusted, common) := concat(" and ", [sprintf(format, [_named(fingerprints)]) |
	some [format, fingerprints] in [["lacks %s", common - trusted], ["has %s besides", trusted - common]]
	count(fingerprints) > 0
])

_named(fingerprints) := concat(", ", [sprintf("%q (%s)", [chains.name_of(fingerprint), substring(fingerprint, 0, 8)]) | some fingerprint in fingerprints])
