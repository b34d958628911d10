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

subjects contains {"kind": "node", "name": name, "entry": input.trust[key].name} if some [name, key] in _expected

deny contains {"subject": {"kind": "node", "name": name, "entry": entry}, "msg": msg, "evidence": [pointer.to(["nodes", name]), pointer.to(["trust", key])]} if {
	some [name, key] in _expected
	entry := input.trust[key].name
	not nodes.holds(nodes.read[name], entry)
	not nodes.lacks(name, {"trust_files"})
	msg := sprintf("node %s has no file for the configured CA %q: neither /etc/ssl/certs/tkg-%s.pem nor the place where its operating system moves it", [name, entry, entry])
}

_expected := [[name, key] |
	some name, node in nodes.read
	some key, entry in trust.reaching[object.get(node, "cluster", null)]
	entry.name != ""
]
