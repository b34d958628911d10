package main

deny contains msg if {
	some certificate in input.certificates
	some parsed in crypto.x509.parse_certificates(certificate.pem)
	time.parse_rfc3339_ns(parsed.NotAfter) < time.parse_rfc3339_ns(input.collected_at)
	msg := sprintf("certificate %s has expired", [certificate.subject])
}
