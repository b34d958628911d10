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

subjects contains _subject(name, key) if some [name, _, key] in _named

deny contains {"subject": _subject(name, key), "msg": msg, "evidence": [pointer.to(["nodes", name, "trust_files", path]), pointer.to(["trust", key])]} if {
	some [name, path, key] in _named
	on_node := input.nodes[name].trust_files[path].certificates
	some fingerprint in input.trust[key].value.certificates
	not fingerprint in on_node
	msg := sprintf("%s on node %s holds another certificate (%s...) than the configured CA %q (%s...)", [
		path, name, substring(on_node[0], 0, 16), input.trust[key].name, substring(fingerprint, 0, 16),
	])
}

# _named are the files of nodes that bear an entry's name.
_named := [[name, path, key] |
	some name, node in nodes.read
	some path, file in node.trust_files
	file.entry != ""
	file.form == "pem"
	count(file.certificates) > 0
	some key, entry in trust.reaching[object.get(node, "cluster", null)]
	entry.name == file.entry
	count(entry.value.certificates) > 0
]

_subject(name, key) := {"kind": "node", "name": name, "entry": input.trust[key].name}
