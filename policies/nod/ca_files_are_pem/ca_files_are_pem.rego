# METADATA
# title: Every CA file on a node is a parsable PEM certificate
# description: >-
#   A file that Go and OpenSSL cannot read as PEM is skipped without a word: the CA is
#   on the node and is not trusted. A CA file that hosts.toml names is not skipped, the
#   pull fails.
# custom:
#   id: RT-NOD-002
#   severity: critical
#   trust_domain: workload
#   recommended_action: >-
#     Give the PEM certificate in the encoding that the API wants (a cluster's trust
#     secret: base64 twice on the wire) under a new entry name, and let the nodes roll.
#   explains: [RT-XEV-001, RT-TLS-002, RT-EVT-002]
#   tags: [seed, nod]
package regpolicy.nod.ca_files_are_pem

import data.regpolicy.lib.fleet
import data.regpolicy.lib.installing
import data.regpolicy.lib.nodes

subjects contains one.subject if some one in fleet.ca_files

deny contains {"subject": one.subject, "msg": msg, "evidence": [fleet.at(one.node, one.path)], "remediation": _repair(one.file, one.node, one.path)} if {
	some one in fleet.ca_files
	not _parsable(one.file)
	msg := sprintf("%s on node %s is no PEM certificate (%s): %s", [one.path, one.node, _what(one.file), _effect(one.file)])
}

_parsable(file) if {
	file.form == "pem"
	some block in file.blocks
	block.ok
}

_what(file) := sprintf("base64 text, %d layer(s) around it", [file.base64_layers]) if {
	file.base64_layers > 0
} else := replace(file.form, "_", " ") if {
	file.form != "pem"
} else := "no certificate in it can be read"

default _effect(_) := "it is skipped without a word, and the CA is not trusted"

_effect(file) := "a registry that is configured with it cannot be pulled from" if file.place in {"containerd", "docker"}

# The recommended action is for files that the trust configuration made.
default _repair(_, _, _) := ""

_repair(file, node, path) := installing.replacement(file, node, sprintf("Replace %s on %s by the CA's certificate as PEM", [path, node])) if not nodes.managed(file)
