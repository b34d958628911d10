# METADATA
# title: The server certificate is issued by a CA, not by itself
# description: >-
#   A certificate that signs itself is its own anchor: every node has to trust it by
#   itself, and every renewal has to reach all nodes before the registry changes. One that
#   is marked as a CA and serves as well is a warning: whoever has the registry's key can
#   then issue certificates that the nodes trust.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-6.1
# custom:
#   id: RT-TLS-014
#   severity: low
#   recommended_action: >-
#     Let a CA of your own issue the registry's certificate and configure that CA instead.
#     Renewals then need no change on the nodes.
#   tags: [tls]
package regpolicy.tls.registry_certificates_come_from_cas

import data.regpolicy.lib.certificates

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not _issued(certificate)
	not _authority(certificate)
	msg := sprintf("%s signs itself and is no CA: it is its own anchor", [certificates.label(view)])
}

warn contains {"subject": view.subject, "msg": msg, "severity": "low", "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	certificate := certificates.leaf(view)
	not _issued(certificate)
	_authority(certificate)
	msg := sprintf("%s signs itself and is a CA: the registry's key can issue certificates that its anchors trust", [certificates.label(view)])
}

_issued(certificate) if certificate.self_signed == false

_authority(certificate) if certificate.is_ca == true
