# METADATA
# title: The certificate's key is long enough for the profile
# description: >-
#   The key of the certificate that the registry presents has at least the bits that the
#   profile asks for: RSA by min_rsa_bits, elliptic curves and Ed25519 by min_ec_bits. A
#   shorter key of a CA that is sent along is a warning: it is the CA's owner who
#   replaces it.
# related_resources:
#   - ref: https://doi.org/10.6028/NIST.SP.800-52r2
#   - ref: https://doi.org/10.6028/NIST.SP.800-57pt1r5
# custom:
#   id: RT-TLS-010
#   severity: high
#   recommended_action: >-
#     Make a new key for the registry, P-256 or RSA of at least the profile's bits, and
#     have the certificate issued again.
#   tags: [audit, tls]
#   controls:
#     bsi-tr-02102-2: ["RSA >= 3000 bit"]
#   params: {min_rsa_bits: 2048, min_ec_bits: 256}
#   profiles:
#     nist: {min_rsa_bits: 2048, min_ec_bits: 256}
#     pci: {min_rsa_bits: 2048, min_ec_bits: 256}
#     bsi: {min_rsa_bits: 3000, min_ec_bits: 250}
package regpolicy.tls.registry_keys_are_long_enough

import data.regpolicy.lib.certificates
import data.regpolicy.lib.chains
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not certificates.long_enough(certificate, _params)
	msg := sprintf("the key of %s is %s, and %s", [certificates.label(view), certificates.key(certificate), _wanted])
}

warn contains {"subject": view.subject, "msg": msg, "severity": "medium", "evidence": [pointer.to(["certificates", fingerprint])]} if {
	some view in certificates.presented
	some fingerprint in certificates.issuers(view)
	certificate := input.certificates[fingerprint]
	not certificates.long_enough(certificate, _params)
	msg := sprintf("the key of %q, which %s sends along, is %s, and %s", [chains.name(certificate), certificates.place(view), certificates.key(certificate), _wanted])
}

_params := params.of("RT-TLS-010", rego.metadata.chain())

_wanted := sprintf("RSA of %d bits or elliptic curves of %d are the least", [_params.min_rsa_bits, _params.min_ec_bits])
