# METADATA
# title: Every CA file on a node holds a CA certificate
# description: >-
#   At least one certificate of a CA file is a certificate authority's. Go accepts the
#   registry's own certificate as an anchor, too, but only until that is renewed, and
#   OpenSSL does not accept it at all.
# custom:
#   id: RT-NOD-004
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Configure the CA that issued the registry's certificate, under a new entry name, and
#     let the nodes roll.
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9
package regpolicy.nod.ca_files_hold_cas

import data.regpolicy.lib.chains
import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains one.subject if some one in fleet.cas[_]

deny contains {"subject": one.subject, "msg": msg, "evidence": [fleet.at(one.node, one.path)], "remediation": _repair(one.file, one.node, one.path)} if {
	some one in fleet.cas[_]
	not _hold_ca(one.file.certificates)
	msg := sprintf("%s on node %s holds no CA certificate: %q is no CA, and trusting it ends when it is renewed", [one.path, one.node, chains.name_of(one.file.certificates[0])])
}

_hold_ca(certificates) if {
	some fingerprint in certificates
	input.certificates[fingerprint].is_ca
}

# The recommended action is for files that the trust configuration made.
default _repair(_, _, _) := ""

_repair(file, node, path) := sprintf("Replace what %s on %s holds by the certificate of the CA that issued it", [path, node]) if not nodes.managed(file)
