# METADATA
# title: Every CA in the chain has a CA profile
# description: >-
#   What the registry sends behind its own certificate is a CA by RFC 5280: basic
#   constraints CA:TRUE and critical, keyCertSign, a path length that the chain keeps, and
#   the key identifiers that chains are built by (of the authority's, a root needs none).
#   In a chain that is out of order, path lengths are left to RT-TLS-002.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.1
# custom:
#   id: RT-TLS-013
#   severity: medium
#   recommended_action: >-
#     Have the CA's certificate issued again with a CA profile (openssl: basicConstraints =
#     critical, CA:TRUE; keyUsage = critical, keyCertSign, cRLSign; subjectKeyIdentifier =
#     hash; authorityKeyIdentifier = keyid) for the same key, and let the registry send it.
#   explains: [RT-EVT-006]
#   tags: [tls]
package regpolicy.tls.presented_cas_have_ca_profiles

import data.regpolicy.lib.certificates
import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer

subjects contains one.view.subject if some one in _cas

deny contains {"subject": one.view.subject, "msg": msg, "evidence": [pointer.to(["certificates", one.fingerprint])]} if {
	some one, faults in _faults
	msg := sprintf("%s sends %q, which %s", [certificates.place(one.view), chains.name_of(one.fingerprint), concat(", ", sort(faults))])
}

_cas contains {"view": view, "fingerprint": fingerprint} if {
	some view in certificates.presented
	some fingerprint in certificates.issuers(view)
	input.certificates[fingerprint]
}

_faults[one] contains "is no CA" if {
	some one in _cas
	not input.certificates[one.fingerprint].is_ca == true
}

_faults[one] contains "has basic constraints that are not critical" if {
	some one in _cas
	not input.certificates[one.fingerprint].basic_constraints_critical == true
}

_faults[one] contains "lacks the key usage keyCertSign" if {
	some one in _cas
	not _signs(input.certificates[one.fingerprint])
}

_faults[one] contains fault if {
	some one in _cas
	allowed := input.certificates[one.fingerprint].path_length
	not _keeps(one.view, one.fingerprint, allowed)
	fault := sprintf("allows %v CA(s) below it, and there are more", [allowed])
}

_faults[one] contains "has no subject key identifier" if {
	some one in _cas
	not _tells(one.fingerprint, "subject_key_id")
}

_faults[one] contains "has no authority key identifier" if {
	some one in _cas
	not input.certificates[one.fingerprint].self_signed == true
	not _tells(one.fingerprint, "authority_key_id")
}

_signs(certificate) if "cert_sign" in certificate.key_usage

_tells(fingerprint, field) if input.certificates[fingerprint][field] != ""

_keeps(view, _, _) if certificates.chain(view).order_wrong == true

_keeps(view, fingerprint, allowed) if {
	is_number(allowed)
	issuers := certificates.issuers(view)
	some i, issuer in issuers
	issuer == fingerprint
	between := [below | some below in array.slice(issuers, 0, i); not input.certificates[below].self_issued == true]
	count(between) <= allowed
}
