# METADATA
# title: The server does not send its root
# description: >-
#   Clients have the root already, or do not trust it: one that the registry sends changes
#   nothing and makes each handshake longer. A certificate that signs itself and comes
#   alone is the registry's own and has to be sent.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2
# custom:
#   id: RT-TLS-016
#   severity: info
#   recommended_action: >-
#     Take the root out of the file that the registry serves its chain from. Nothing breaks
#     if it stays.
#   tags: [tls]
package regpolicy.tls.registries_leave_their_roots_out

import data.regpolicy.lib.certificates
import data.regpolicy.lib.chains

subjects contains view.subject if some view in certificates.presented

warn contains {"subject": view.subject, "msg": msg, "severity": "info", "evidence": certificates.evidence(view)} if {
	some view in certificates.presented
	chain := certificates.chain(view)
	not _trimmed(chain)
	msg := sprintf("%s sends its root %q, which clients do not need", [certificates.place(view), chains.name_of(chain.certificates[count(chain.certificates) - 1])])
}

_trimmed(chain) if chain.root_sent == false

_trimmed(chain) if count(chain.certificates) == 1
