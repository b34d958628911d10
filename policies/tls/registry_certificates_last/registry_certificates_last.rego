# METADATA
# title: The registry's certificate stays valid for at least 90 days
# description: >-
#   From the moment of the evidence on, the certificate that the registry presents is
#   valid for at least the given number of days. What has expired breaks every pull that
#   no cache answers. Where certificates are renewed by machine and live for weeks, set
#   medium_days and high_days below the time at which the machine renews.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
# custom:
#   id: RT-TLS-006
#   severity: critical
#   recommended_action: >-
#     Renew the registry's certificate and let the registry serve it. A renewal by the same
#     CA needs no change on the nodes.
#   explains: [RT-TLS-002, RT-XEV-003, RT-EVT-004]
#   explains_from: critical
#   tags: [audit, tls]
#   controls:
#     pci-dss-4.0.1: ["4.2.1.1"]
#   params: {high_days: 30, medium_days: 90}
package regpolicy.tls.registry_certificates_last

import data.regpolicy.lib.certificates
import data.regpolicy.lib.clock
import data.regpolicy.lib.params

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "severity": _severity(certificate), "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not _lasts(certificate, _params.medium_days)
	msg := sprintf("%s %s", [certificates.label(view), _fate(certificate)])
}

_params := params.of("RT-TLS-006", rego.metadata.chain())

_lasts(certificate, days) if _left(certificate) >= days * _day

# _left is the time to the end of the validity, in nanoseconds.
_left(certificate) := clock.ns(certificate.not_after) - clock.now_ns if is_string(certificate.not_after)

_day := ((24 * 60) * 60) * 1000000000

_severity(certificate) := "medium" if {
	_lasts(certificate, _params.high_days)
} else := "high" if {
	_lasts(certificate, 0)
} else := "critical"

_fate(certificate) := sprintf("expires in %d day(s), at %s", [floor(_left(certificate) / _day), certificate.not_after]) if {
	_lasts(certificate, 0)
} else := sprintf("has expired at %s", [certificate.not_after]) if {
	_left(certificate)
} else := "does not tell when it expires"
