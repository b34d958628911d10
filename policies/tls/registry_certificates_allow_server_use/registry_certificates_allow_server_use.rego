# METADATA
# title: The server certificate allows serverAuth and digitalSignature
# description: >-
#   Where the registry's certificate has an extended key usage, serverAuth is in it: Go
#   refuses the chain otherwise. Where it has a key usage, digitalSignature is in it,
#   which TLS 1.3 needs. An extension that is absent forbids nothing (RFC 5280) and is a
#   warning.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12
# custom:
#   id: RT-TLS-012
#   severity: medium
#   recommended_action: >-
#     Have the certificate issued again with a server profile (openssl: keyUsage =
#     critical, digitalSignature and extendedKeyUsage = serverAuth).
#   explains: [RT-TLS-002, RT-XEV-003, RT-EVT-001, RT-EVT-006]
#   tags: [tls]
package regpolicy.tls.registry_certificates_allow_server_use

import data.regpolicy.lib.certificates

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not _serves(certificate)
	msg := sprintf("%s does not allow serverAuth: its extended key usage is %s", [certificates.label(view), _listed(certificate, "extended_key_usage")])
}

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not _signs(certificate)
	msg := sprintf("%s does not allow digitalSignature: its key usage is %s", [certificates.label(view), _listed(certificate, "key_usage")])
}

warn contains {"subject": view.subject, "msg": msg, "severity": "low", "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	absent := [name |
		some name in ["key_usage", "extended_key_usage"]
		certificates.leaf(view)[name] == []
	]
	count(absent) > 0
	msg := sprintf("%s has no %s; clients accept that, profiles for servers want it", [certificates.label(view), replace(concat(" and no ", absent), "_", " ")])
}

_serves(certificate) if certificate.extended_key_usage == []

_serves(certificate) if {
	some usage in certificate.extended_key_usage
	usage in {"any", "server_auth"}
}

_signs(certificate) if certificate.key_usage == []

_signs(certificate) if "digital_signature" in certificate.key_usage

_listed(certificate, field) := concat(", ", certificate[field]) if {
	is_array(certificate[field])
} else := "not known"
