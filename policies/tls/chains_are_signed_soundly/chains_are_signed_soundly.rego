# METADATA
# title: No certificate in the chain is signed with SHA-1 or MD5
# description: >-
#   Signatures over SHA-1 or MD5 can be forged, and Go does not verify them: such a chain
#   fails in every pull. The signature that a root makes on itself proves nothing and is
#   not looked at. An algorithm that this tool does not know is a warning.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc9155
#   - ref: https://go.dev/doc/go1.18#sha1
# custom:
#   id: RT-TLS-011
#   severity: high
#   recommended_action: >-
#     Let the CA sign with SHA-256 or better, and have the certificate issued again; where
#     it is the CA's own certificate, the CA above has to issue that one again.
#   explains: [RT-TLS-002, RT-XEV-003, RT-EVT-001, RT-EVT-006]
#   tags: [tls]
package regpolicy.tls.chains_are_signed_soundly

import data.regpolicy.lib.certificates
import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": one.view.subject, "msg": msg, "evidence": [pointer.to(["certificates", one.fingerprint])]} if {
	some one in _unsound
	certificate := input.certificates[one.fingerprint]
	not _unknown(certificate)
	msg := sprintf("%s sends %q, which is signed %s", [certificates.place(one.view), chains.name(certificate), _how(certificate)])
}

warn contains {"subject": one.view.subject, "msg": msg, "severity": "low", "evidence": [pointer.to(["certificates", one.fingerprint])]} if {
	some one in _unsound
	certificate := input.certificates[one.fingerprint]
	_unknown(certificate)
	msg := sprintf("%s sends %q, which is signed with an algorithm that this tool does not know", [certificates.place(one.view), chains.name(certificate)])
}

_unsound contains {"view": view, "fingerprint": fingerprint} if {
	some view in certificates.presented
	some fingerprint in certificates.chain(view).certificates
	certificate := input.certificates[fingerprint]
	not _exempt(certificate)
	not certificates.signed_soundly(certificate)
}

_exempt(certificate) if certificate.self_signed == true

_unknown(certificate) if certificate.signature_algorithm == "unknown"

_how(certificate) := sprintf("with %s", [certificate.signature_algorithm]) if {
	is_string(certificate.signature_algorithm)
	certificate.signature_algorithm != ""
} else := "in a way that it does not tell"
