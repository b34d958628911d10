# METADATA
# title: No trust file holds a private key
# description: >-
#   What is trusted is public and can be read by everybody on the node. A private key in
#   the same file, as in a server's combined PEM, is known to everybody, too. Keys where
#   a runtime keeps its client certificates are not looked at.
# custom:
#   id: RT-NOD-012
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Treat the key as known: revoke its certificate and make a new key. Put the
#     certificate alone into the trust configuration, under a new entry name, and let the
#     nodes roll; change the secret that held the key.
#   tags: [nod]
package regpolicy.nod.trust_files_hold_no_keys

import data.regpolicy.lib.fleet

subjects contains fleet.subject(name, path) if {
	some name, files in fleet.files
	some path, file in files
	_looked_at(file)
}

deny contains {"subject": fleet.subject(name, path), "msg": msg, "evidence": [fleet.at(name, path)]} if {
	some name, files in fleet.files
	some path, file in files
	_looked_at(file)
	not _free(file)
	msg := sprintf("%s on node %s holds a private key%s", [path, name, _readers(file)])
}

_looked_at(file) if {
	file.status == "ok"
	file.form != "unreadable"
}

_free(file) if file.has_private_key == false

default _readers(_) := ""

_readers(file) := sprintf(", readable by everybody (mode %s)", [file.mode]) if regex.match("[4-7]$", file.mode)
