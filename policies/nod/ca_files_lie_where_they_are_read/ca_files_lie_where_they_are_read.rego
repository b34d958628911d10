# METADATA
# title: Every CA file lies where its OS reads it, with the right suffix
# description: >-
#   update-ca-certificates takes *.crt only and passes over a .pem without a word; a
#   runtime takes *.crt in a registry's folder for CAs and a .cert for a client
#   certificate; and the folders of Ubuntu's and RHEL's trust commands mean nothing to
#   the other system, or to Photon.
# custom:
#   id: RT-NOD-009
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Give the file the suffix .crt in the folder of the node's operating system
#     (/usr/local/share/ca-certificates on Ubuntu, /etc/pki/ca-trust/source/anchors on
#     RHEL, /etc/ssl/certs on Photon), run its trust command again, and restart the
#     container runtime.
#   explains: [RT-NOD-001, RT-NOD-008, RT-XEV-001, RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://manpages.debian.org/bookworm/ca-certificates/update-ca-certificates.8.en.html
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
package regpolicy.nod.ca_files_lie_where_they_are_read

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains fleet.subject(name, path) if {
	some name, files in fleet.files
	some path, file in files
	_looked_at(path, file)
}

deny contains {"subject": fleet.subject(name, path), "msg": msg, "evidence": [fleet.at(name, path)]} if {
	some name, files in fleet.files
	some path, file in files
	_looked_at(path, file)
	some fault in _faults(name, path, file)
	msg := sprintf("%s on node %s is not read as a CA: %s", [path, name, fault])
}

# In /etc/ssl/certs Go reads every file, whatever its name.
_looked_at(_, file) if {
	file.status == "ok"
	count(file.certificates) > 0
	file.place in {"debian", "rhel"}
}

# A certificate there that is no CA's is a client's.
_looked_at(path, file) if {
	file.status == "ok"
	contains(path, "/certs.d/")
	some fingerprint in file.certificates
	input.certificates[fingerprint].is_ca
}

_faults(name, path, file) := {"update-ca-certificates takes only files whose names end in .crt"} if {
	file.place == "debian"
	not endswith(path, ".crt")
} else := {sprintf("the operating system (%s) does not read that folder", [nodes.read[name].os_family])} if {
	nodes.read[name].os_family in _strangers[file.place]
} else := {"a .cert is taken for a client certificate, and pulls from that registry fail without its key"} if {
	_registrys(name, path)
	endswith(path, ".cert")
} else := {"of the files in a registry's folder only *.crt are CAs"} if {
	_registrys(name, path)
	not endswith(path, ".crt")
} else := set()

# _strangers are the systems that do not know a folder; what others do is not known.
_strangers := {"debian": {"photon", "rhel"}, "rhel": {"debian", "photon"}}

# A file that the configuration names may be called as it likes.
_registrys(name, path) if {
	contains(path, "/certs.d/")
	not _named(name, path)
}

_named(name, path) if {
	some host in nodes.read[name].registry_config.hosts
	path in host.ca_files
}
