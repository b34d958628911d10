# METADATA
# title: Every configured CA meets the profile's key and signature strength
# description: >-
#   The key of a configured CA is long enough for the profile, and it was signed with a
#   hash that still holds. Nobody verifies the signature that a root has on itself, so a
#   weak one is told for information only.
# custom:
#   id: RT-CFG-008
#   severity: medium
#   recommended_action: Have the CA re-issued with a stronger key and signature, and configure the new one beside the old until all registries have moved.
#   tags: [cfg, preflight, audit]
#   params:
#     min_rsa_bits: 2048
#     min_ec_bits: 256
#   profiles:
#     nist: {min_rsa_bits: 2048, min_ec_bits: 256}
#     pci: {min_rsa_bits: 2048, min_ec_bits: 256}
#     bsi: {min_rsa_bits: 3000, min_ec_bits: 250}
#   controls:
#     bsi-tr-02102-2: ["RSA >= 3000 bit"]
package regpolicy.cfg.configured_cas_are_strong

import data.regpolicy.lib.chains
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(input.trust[key]) if some key, _ in trustvalues.certificates

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["certificates", fingerprint, "key_bits"])], "trust_domain": entry.domain} if {
	some key, found in trustvalues.certificates
	some fingerprint, certificate in found
	not _strong_key(certificate)
	entry := input.trust[key]
	msg := sprintf("%q in %s has %s; wanted are %d bits of RSA or %d of an elliptic curve", [
		chains.name(certificate), _place(entry), _key(certificate), _params.min_rsa_bits, _params.min_ec_bits,
	])
}

deny contains _signature(input.trust[key], fingerprint, certificate) if {
	some key, found in trustvalues.certificates
	some fingerprint, certificate in found
	not _strong_signature(certificate)
	not certificate.self_signed
}

warn contains object.union(_signature(input.trust[key], fingerprint, certificate), {"severity": "info"}) if {
	some key, found in trustvalues.certificates
	some fingerprint, certificate in found
	not _strong_signature(certificate)
	certificate.self_signed
}

_signature(entry, fingerprint, certificate) := {
	"subject": trust.subject(entry), "trust_domain": entry.domain,
	"evidence": [pointer.to(["certificates", fingerprint, "signature_algorithm"])],
	"msg": sprintf("%q in %s is signed with %s, which is too weak%s", [
		chains.name(certificate), _place(entry), object.get(certificate, "signature_algorithm", "an unknown algorithm"), _though(certificate),
	]),
}

default _though(_) := ""

_though(certificate) := ", though nobody verifies a root's own signature" if certificate.self_signed

_key(certificate) := sprintf("an %s key of %d bits", [certificate.key_algorithm, certificate.key_bits]) if {
	is_number(certificate.key_bits)
} else := "a key of unknown strength"

_place(entry) := sprintf("%s (entry %q)", [trust.source(entry), entry.label])

_strong_key(certificate) if {
	is_number(certificate.key_bits)
	certificate.key_bits >= _least[certificate.key_algorithm]
}

_least := {"RSA": _params.min_rsa_bits, "ECDSA": _params.min_ec_bits, "Ed25519": _params.min_ec_bits}

_strong_signature(certificate) if regex.match(`SHA(256|384|512)|^Ed25519$`, certificate.signature_algorithm)

_params := params.of("RT-CFG-008", rego.metadata.chain())
