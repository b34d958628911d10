# METADATA
# title: Every worker holds the configured CA file
# description: >-
#   For every named entry of the trust configuration a node holds
#   /etc/ssl/certs/tkg-<name>.pem, or the file into which its operating system's trust
#   command moves it (Ubuntu /usr/local/share/ca-certificates, RHEL
#   ca-trust/source/anchors). Entries without a name have no file name to look for;
#   RT-XEV-001 finds them by fingerprint.
# custom:
#   id: RT-NOD-001
#   severity: critical
#   trust_domain: workload
#   recommended_action: >-
#     Roll the nodes: a node gets its trust files when it is made. Renaming the entry in
#     the cluster's trust configuration starts a rolling update; a changed secret alone
#     does not.
#   explains: [RT-NOD-006, RT-XEV-001, RT-TLS-002, RT-EVT-002, RT-EVT-013]
#   tags: [seed, nod]
package regpolicy.nod.configured_ca_files_exist

import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains _expected[_].subject

deny contains {"subject": want.subject, "msg": msg, "evidence": [pointer.to(["nodes", want.node]), pointer.to(["trust", want.key])]} if {
	some want in _expected
	not nodes.holds(nodes.read[want.node], want.entry)
	not nodes.lacks(want.node, {"trust_files"})
	msg := sprintf("node %s has no file for the configured CA %q: neither /etc/ssl/certs/tkg-%s.pem nor the place where its operating system moves it", [want.node, want.entry, want.entry])
}

_expected contains {"subject": {"kind": "node", "name": name, "entry": entry.name}, "node": name, "entry": entry.name, "key": key} if {
	some key, entry in input.trust
	entry.name != ""
	some name, node in nodes.read
	trust.reaches(entry, node)
}
