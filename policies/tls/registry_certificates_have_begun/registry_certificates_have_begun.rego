# METADATA
# title: The registry's certificate is already valid
# description: >-
#   The certificate that the registry presents is valid from the moment of the evidence or
#   from an earlier one. Where it is not, either it was put in place too early, or the
#   clock of the CA or of the machine that looked is wrong.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
# custom:
#   id: RT-TLS-007
#   severity: medium
#   recommended_action: >-
#     Check the clocks of the CA that issued it, of the machine that looked and of the
#     nodes (NTP). If they are right, serve the previous certificate until this one begins.
#   explains: [RT-TLS-002, RT-XEV-003, RT-EVT-001, RT-EVT-004]
#   tags: [tls]
package regpolicy.tls.registry_certificates_have_begun

import data.regpolicy.lib.certificates
import data.regpolicy.lib.clock

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not _has_begun(certificate)
	msg := sprintf("%s %s", [certificates.label(view), _fate(certificate)])
}

_has_begun(certificate) if _begin(certificate) <= clock.now_ns

_begin(certificate) := clock.ns(certificate.not_before) if is_string(certificate.not_before)

_fate(certificate) := sprintf("is not valid before %s, and now is %s", [certificate.not_before, clock.now]) if {
	_begin(certificate)
} else := "does not tell when its validity begins"
