# METADATA
# title: The certificate names its hosts in SANs, not in the CN alone
# description: >-
#   Go, and with it every container runtime, ignores the common name. A registry's
#   certificate must have a DNS name or an IP address among its subject alternative
#   names. Whether they are the right ones is RT-TLS-004's business.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc9525
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
# custom:
#   id: RT-TLS-005
#   severity: medium
#   recommended_action: >-
#     Re-issue the certificate with all hosts of the registry as subject alternative names
#     (openssl: subjectAltName = DNS:..., IP:...).
#   explains: [RT-TLS-004, RT-EVT-001, RT-EVT-005]
#   tags: [tls]
package regpolicy.tls.registry_certificates_name_hosts_in_sans

import data.regpolicy.lib.certificates

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	not _names_hosts(certificates.leaf(view))
	msg := sprintf("%s has neither a DNS name nor an IP address among its subject alternative names", [certificates.label(view)])
}

_names_hosts(certificate) if {
	some names in [certificate.dns_names, certificate.ip_addresses]
	some name in names
	name != ""
}
