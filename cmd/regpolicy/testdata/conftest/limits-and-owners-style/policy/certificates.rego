package house.certificates

import rego.v1

import data.util.time as duration

violation contains {"msg": msg, "details": {"subject": certificate.subject, "days": days}} if {
	some certificate in input.certificates
	not certificate.is_ca
	days := duration.days(certificate.not_before, certificate.not_after)
	days > data.limits.certificate_days
	msg := sprintf("certificate %s is valid for %d days, %d are allowed", [certificate.subject, days, data.limits.certificate_days])
}
