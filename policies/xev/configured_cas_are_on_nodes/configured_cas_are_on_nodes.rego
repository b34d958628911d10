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

subjects contains _wanted[_].subject

deny contains {"subject": want.subject, "msg": msg, "evidence": [pointer.to(["nodes", want.node]), pointer.to(["trust", want.key])]} if {
	some want in _wanted
	some fingerprint in input.trust[want.key].value.certificates
	not fingerprint in nodes.trusted[want.node]
	not nodes.lacks(want.node, {"trust_files", "trust_store"})
	msg := sprintf("node %s does not hold the configured CA %q (%s, %s...) in any trust place", [
		want.node, want.entry, chains.name_of(fingerprint), substring(fingerprint, 0, 16),
	])
}

_wanted contains {"subject": {"kind": "node", "name": name, "entry": entry.label}, "node": name, "entry": entry.label, "key": key} if {
	some key, entry in input.trust
	count(entry.value.certificates) > 0
	some name, node in nodes.read
	trust.reaches(entry, node)
}
