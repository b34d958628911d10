# METADATA
# title: A CA on a node has the same fingerprint as the configured CA of that name
# description: >-
#   The node's tkg-<name>.pem holds the certificate that the entry of that name holds
#   now. Another one means that the value was changed in place, which rolls no nodes.
# custom:
#   id: RT-XEV-002
#   severity: critical
#   trust_domain: workload
#   recommended_action: Give the entry a new name, in the secret and in the cluster, so that the nodes roll.
#   explains: [RT-NOD-006, RT-XEV-001, RT-XEV-006, RT-TLS-002, RT-EVT-002, RT-EVT-003]
#   tags: [seed, xev]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.node_cas_match_configured_names

import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains _named[_].subject

deny contains {"subject": pair.subject, "msg": msg, "evidence": [pointer.to(["nodes", pair.node, "trust_files", pair.path]), pointer.to(["trust", pair.key])]} if {
	some pair in _named
	configured := input.trust[pair.key].value.certificates
	on_node := input.nodes[pair.node].trust_files[pair.path].certificates
	some fingerprint in configured
	not fingerprint in on_node
	msg := sprintf("%s on node %s holds another certificate (%s...) than the configured CA %q (%s...)", [
		pair.path, pair.node, substring(on_node[0], 0, 16), pair.subject.entry, substring(fingerprint, 0, 16),
	])
}

_named contains {"subject": {"kind": "node", "name": name, "entry": entry.name}, "node": name, "path": path, "key": key} if {
	some key, entry in input.trust
	entry.name != ""
	count(entry.value.certificates) > 0
	some name, node in nodes.read
	trust.reaches(entry, node)
	some path, file in node.trust_files
	file.entry == entry.name
	file.form == "pem"
	count(file.certificates) > 0
}
