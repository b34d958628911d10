# METADATA
# title: No SSL_CERT_FILE / SSL_CERT_DIR hides the node's trust store
# description: >-
#   Set in the runtime's unit, these variables take the place of the system's bundle and
#   folders. Where CA files of the node are not in what they name, pulls fail although
#   the CA lies on the node; else that they are set is told and no more.
# custom:
#   id: RT-NOD-021
#   severity: info
#   trust_domain: workload
#   recommended_action: >-
#     Take the variables out of the container runtime's unit and its drop-ins, or name the
#     system's own bundle and folder there; then `systemctl daemon-reload` and restart the
#     runtime.
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://pkg.go.dev/crypto/x509#SystemCertPool
package regpolicy.nod.runtimes_keep_the_trust_store

import data.regpolicy.lib.chains
import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer

subjects contains {"kind": "node", "name": name} if some name, _ in _nodes

deny contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": _evidence(name), "severity": "high"} if {
	some name, set_variables in _nodes
	set_variables != ""
	count(_hidden[name]) > 0
	msg := sprintf("the container runtime of node %s does not trust all that lies in CA files there (%s): its unit sets %s", [name, _named(_hidden[name]), set_variables])
}

warn contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": _evidence(name), "severity": "info"} if {
	some name, set_variables in _nodes
	set_variables != ""
	msg := sprintf("the container runtime of node %s does not use the system's trust store: its unit sets %s", [name, set_variables])
}

# _nodes are those whose units were read, and what these set, "" where it is nothing.
# From a copy of files that has none it cannot be told whether there are units.
_nodes := {name: set_variables |
	some name, node in nodes.read
	node.trust_store
	_told(node)
	set_variables := concat(" and ", [sprintf("%s=%s", [variable, value]) | some variable, value in node.environment])
}

_told(node) if count(node.environment) > 0

_told(node) if node.access.method != "tree"

# _hidden are the CAs of a node's files that the runtime's trust store lacks.
_hidden[name] := {fingerprint |
	some one in files
	fleet.system_wide(one.file)
	some fingerprint in one.file.certificates
	not _trusted(fingerprint, nodes.read[name])
} if {
	some name, files in fleet.cas
}

_trusted(fingerprint, node) if fingerprint in nodes.stores[node.trust_store]

_named(fingerprints) := concat(", ", [sprintf("%q", [chains.name_of(fingerprint)]) | some fingerprint in fingerprints])

_evidence(name) := [pointer.to(["nodes", name, "environment"])]
