# METADATA
# title: The certificate's SANs cover the registry's host
# description: >-
#   Runtimes compare the host of an image reference with the subject alternative names of
#   the registry's certificate (RFC 9525): a DNS name by its labels, with a wildcard only
#   for the whole of the first, an IP address only with iPAddress entries. The common name
#   does not count. Whether the certificate is trusted is RT-TLS-002's business.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc9525#section-6
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
# custom:
#   id: RT-TLS-004
#   severity: high
#   recommended_action: >-
#     Re-issue the certificate with the host of the image references among its subject
#     alternative names, an IP address as iPAddress entry, or refer to the registry by a
#     name that the certificate has.
#   explains: [RT-EVT-001, RT-EVT-005]
#   tags: [tls]
package regpolicy.tls.registry_certificates_cover_their_hosts

import data.regpolicy.lib.certificates

subjects contains view.subject if some view in certificates.presented

deny contains {"subject": view.subject, "msg": msg, "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	chain := certificates.chain(view)
	not _covers(chain)
	msg := sprintf("%s does not cover the host %q: %s", [certificates.label(view), input.endpoints[view.endpoint].host, _why(chain)])
}

_covers(chain) if chain.name.ok == true

_why(chain) := "it has no subject alternative names, and its common name does not count" if {
	chain.name.reason == "legacy_common_name"
} else := sprintf("it is good for %s", [_listed(chain.name.names)]) if {
	count(chain.name.names) > 0
} else := "it is good for no IP address" if {
	chain.name.reason == "ip_mismatch"
} else := "it is good for no host"

_listed(names) := concat(", ", names) if {
	count(names) <= 5
} else := sprintf("%s and %d more", [concat(", ", array.slice(names, 0, 5)), count(names) - 5])
