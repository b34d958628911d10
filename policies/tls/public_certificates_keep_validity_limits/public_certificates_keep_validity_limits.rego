# METADATA
# title: A publicly trusted certificate keeps within the CA/B validity limit
# description: >-
#   Public CAs may issue certificates for so many days only, fewer from date to date (CA/B
#   Forum, ballot SC-081v3): 200 days since 2026-03-15. It is the date at which validity
#   begins that counts. A longer certificate will be refused or revoked one day. Private
#   CAs may do as they like; their chains are not looked at.
# related_resources:
#   - ref: https://cabforum.org/working-groups/server/baseline-requirements/
# custom:
#   id: RT-TLS-015
#   severity: low
#   recommended_action: >-
#     Nothing has to be done on the cluster. Ask the CA for a certificate that keeps the
#     limit, and let a machine renew it (ACME).
#   tags: [tls]
#   params:
#     limits:
#       - {from: "2020-09-01T00:00:00Z", days: 398}
#       - {from: "2026-03-15T00:00:00Z", days: 200}
#       - {from: "2027-03-15T00:00:00Z", days: 100}
#       - {from: "2029-03-15T00:00:00Z", days: 47}
package regpolicy.tls.public_certificates_keep_validity_limits

import data.regpolicy.lib.certificates
import data.regpolicy.lib.chains
import data.regpolicy.lib.clock
import data.regpolicy.lib.params

subjects contains view.subject if some view in _public

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in _public
	certificate := certificates.leaf(view)
	not _keeps(certificate)
	msg := sprintf("%s %s", [certificates.label(view), _why(certificate)])
}

_public contains view if {
	some view in certificates.presented
	chains.public(certificates.chain(view))
}

_params := params.of("RT-TLS-015", rego.metadata.chain())

_keeps(certificate) if {
	length := _length(certificate)
	every limit in _limits(certificate) {
		length <= limit
	}
}

# _length is the validity in seconds. Its first and its last second count.
_length(certificate) := ((clock.ns(certificate.not_after) - clock.ns(certificate.not_before)) / 1000000000) + 1 if {
	every text in [certificate.not_after, certificate.not_before] {
		is_string(text)
	}
}

# _limits are all that were in force when the validity began, in seconds.
_limits(certificate) := {seconds |
	some limit in _params.limits
	clock.ns(limit.from) <= clock.ns(certificate.not_before)
	seconds := limit.days * 86400
}

_why(certificate) := sprintf("is valid from %s to %s, which is more than the %v days that public CAs may give", [certificate.not_before, certificate.not_after, min(_limits(certificate)) / 86400]) if {
	_length(certificate)
} else := "is publicly trusted and does not tell how long it is valid"
