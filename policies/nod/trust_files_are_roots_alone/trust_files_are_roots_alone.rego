# METADATA
# title: Trust files are writable by root only
# description: >-
#   Whoever can write a trust file decides which registries the node believes. The file
#   belongs to root, and neither its group nor others may write it. A copy of files
#   without modes is not judged.
# custom:
#   id: RT-NOD-013
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Give the file to root, with mode 0644, and find out what made it writable: a file
#     of the trust configuration comes as root's, with mode 0444 or 0644.
#   tags: [nod, audit]
#   controls:
#     bsi-sys-1.6: [A8]
#     cis-kubernetes-1.10: ["5.1.2", "5.4.1", "5.4.2"]
package regpolicy.nod.trust_files_are_roots_alone

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
	not _roots_alone(file)
	msg := sprintf("%s on node %s can be changed by others than root: mode %s, owner %v", [path, name, file.mode, object.get(file, "owner", "not known")])
}

_looked_at(file) if {
	file.status == "ok"
	file.mode
}

# In neither of the last two digits is the bit 2, the right to write.
_roots_alone(file) if {
	file.owner == 0
	regex.match(`^[0-7][0-7][0145][0145]$`, file.mode)
}
