# METADATA
# title: CA files are free of glued PEM, BOM and escapes
# description: >-
#   Where one certificate ends and the next begins on the same line, both are lost; after
#   a byte order mark the first one is; and with literal \n for line ends there is none
#   at all. Windows line ends do no harm and are only told.
# custom:
#   id: RT-NOD-014
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Write the certificates anew, one line end behind each and no mark before the first
#     (`openssl x509 -in ca.crt` prints such a file), encode that as the API wants, and
#     configure it under a new entry name so that the nodes roll.
#   explains: [RT-NOD-002, RT-XEV-001, RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc7468
package regpolicy.nod.ca_files_are_clean

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains one.subject if some one in fleet.ca_files

deny contains {"subject": one.subject, "msg": msg, "evidence": [fleet.at(one.node, one.path)], "remediation": _repair(one.file, one.node, one.path)} if {
	some one in fleet.ca_files
	some flag, effect in _faults
	not _free(one.file, flag)
	msg := sprintf("%s on node %s %s", [one.path, one.node, effect])
}

warn contains {"subject": one.subject, "msg": msg, "evidence": [fleet.at(one.node, one.path)], "severity": "info"} if {
	some one in fleet.ca_files
	not _free(one.file, "crlf")
	msg := sprintf("%s on node %s has Windows line ends, which do no harm", [one.path, one.node])
}

_free(file, flag) if file[flag] == false

_faults := {
	"bom": "begins with a byte order mark: its first certificate is not read",
	"escaped_newlines": `has \n in place of line ends: no certificate in it is read`,
	"glued": "holds certificates that are glued together, without a line end between them: neither is read",
}

# The recommended action is for files that the trust configuration made.
default _repair(_, _, _) := ""

_repair(file, node, path) := sprintf("Write the certificates of %s on %s anew (`openssl x509 -in ca.crt` prints a clean one), and restart the container runtime, which reads its trust store when it starts", [path, node]) if not nodes.managed(file)
