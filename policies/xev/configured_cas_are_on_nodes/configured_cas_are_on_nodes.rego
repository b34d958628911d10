# METADATA
# title: Every configured CA is on every node
# description: >-
#   Every certificate of the workload trust configuration lies on every node, by
#   fingerprint and at whatever path. A file of the right name proves nothing, and the
#   right certificate counts wherever the operating system put it.
# custom:
#   id: RT-XEV-001
#   severity: critical
#   trust_domain: workload
#   recommended_action: >-
#     Finish or start the rolling update of the nodes. A secret that was changed in place
#     starts none: rename the entry.
#   explains: [RT-TLS-002, RT-EVT-002, RT-EVT-003, RT-EVT-013]
#   tags: [seed, xev]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.configured_cas_are_on_nodes

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains {"kind": "node", "name": name, "entry": input.trust[key].label} if some [name, key] in _wanted

deny contains {"subject": {"kind": "node", "name": name, "entry": entry.label}, "msg": msg, "evidence": [pointer.to(["nodes", name]), pointer.to(["trust", key])]} if {
	some [name, key] in _wanted
	entry := input.trust[key]
	some fingerprint in entry.value.certificates
	not nodes.trusts(nodes.read[name], fingerprint)
	not nodes.lacks(name, {"trust_files", "trust_store"})
	msg := sprintf("node %s does not hold the configured CA %q (%s, %s...) in any trust place", [
		name, entry.label, chains.name_of(fingerprint), substring(fingerprint, 0, 16),
	])
}

_wanted := [[name, key] |
	some name, node in nodes.read
	some key, entry in trust.reaching[object.get(node, "cluster", null)]
	count(entry.value.certificates) > 0
]
