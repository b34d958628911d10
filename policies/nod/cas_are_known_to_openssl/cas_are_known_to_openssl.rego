# METADATA
# title: Every CA is in the bundle or has a hash link, not only a loose file
# description: >-
#   OpenSSL, and what is built on it, knows a CA only from the system's bundle or by a
#   hash link to a file that holds no other certificate. Go reads loose files, too, so
#   that images are pulled while curl on the same node fails.
# custom:
#   id: RT-NOD-008
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Run the operating system's trust command on the node: update-ca-certificates
#     (Ubuntu), update-ca-trust extract (RHEL), rehash_ca_certificates.sh (Photon); and
#     configure one certificate per entry, a hash link is made for no other file.
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://docs.openssl.org/3.0/man1/openssl-rehash/
package regpolicy.nod.cas_are_known_to_openssl

import data.regpolicy.lib.chains
import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains one.subject if some [one, _] in _files

deny contains {"subject": one.subject, "msg": msg, "evidence": [fleet.at(one.node, one.path)]} if {
	some [one, missing] in _files
	count(missing) > 0
	msg := sprintf("%s on node %s is a loose file: neither the system's bundle nor a hash link has %s, so %s", [one.path, one.node, _named(missing), _effect(one.node, missing)])
}

# _files are the CA files of those nodes of which it is known what OpenSSL trusts, and
# what of them it does not.
_files := [[one, _missing(one.file.certificates, store)] |
	some name, files in fleet.cas
	store := nodes.read[name].openssl_store
	some one in files
	one.file.place in fleet.system_places
]

_missing(certificates, store) := [fingerprint | some fingerprint in certificates; not _known(fingerprint, store)]

_known(fingerprint, store) if fingerprint in nodes.stores[store]

_named(fingerprints) := concat(", ", [sprintf("%q", [chains.name_of(fingerprint)]) | some fingerprint in fingerprints])

default _effect(_, _) := "nothing on the node trusts it"

_effect(name, missing) := "containerd trusts it, curl and openssl do not" if {
	every fingerprint in missing {
		fingerprint in nodes.stores[nodes.read[name].trust_store]
	}
}
