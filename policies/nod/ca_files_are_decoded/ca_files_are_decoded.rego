# METADATA
# title: No CA file on a node is still base64
# description: >-
#   The file holds base64 text where the PEM should be: the value in the configuration
#   had one layer too many or, on the APIs that decode twice, the consumer decoded less
#   than expected.
# custom:
#   id: RT-NOD-003
#   severity: critical
#   trust_domain: workload
#   recommended_action: >-
#     Encode the value as its API wants (`base64 -w0 ca.crt | base64 -w0` for a cluster's
#     trust secret), under a new entry name so that the nodes roll.
#   explains: [RT-NOD-002, RT-XEV-001, RT-TLS-002, RT-EVT-002]
#   tags: [seed, nod]
package regpolicy.nod.ca_files_are_decoded

import data.regpolicy.lib.fleet
import data.regpolicy.lib.installing
import data.regpolicy.lib.nodes

subjects contains one.subject if some one in fleet.ca_files

deny contains {"subject": one.subject, "msg": msg, "evidence": [fleet.at(one.node, one.path)], "remediation": _repair(one.file, one.node, one.path)} if {
	some one in fleet.ca_files
	one.file.form in {"base64_of_der", "base64_of_pem"}
	msg := sprintf("%s on node %s is base64 text, not PEM: %d layer(s) must still come off", [one.path, one.node, object.get(one.file, "base64_layers", 1)])
}

# The recommended action is for files that the trust configuration made.
default _repair(_, _, _) := ""

_repair(file, node, path) := installing.replacement(file, node, sprintf("Decode %s on %s once for each layer (`base64 -d`)", [path, node])) if not nodes.managed(file)
