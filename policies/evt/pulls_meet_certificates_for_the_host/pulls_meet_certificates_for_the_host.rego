# METADATA
# title: No image pull fails on the certificate's name
# description: >-
#   No runtime was shown a certificate that is good for other names than the host that
#   the image reference names. Names count where they stand as subject alternative
#   names, an IP address as one of type iPAddress; a wildcard stands for one label. A
#   pass says only that no such failure was seen.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc9525
#     description: RFC 9525, service identity in TLS
# custom:
#   id: RT-EVT-005
#   severity: high
#   recommended_action: >-
#     Re-issue the certificate with every name that image references use among its SANs,
#     or use a name in the references that it holds.
#   explains: [RT-EVT-001]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_meet_certificates_for_the_host

import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {
	"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key),
	"trust_domain": pulls.trust_domain(failure), "remediation": object.get(_remediations, failure.cause, ""),
} if {
	some key, failure in input.pull_failures
	msg := concat("", [pulls.says(failure, _words), pulls.quoted(failure)])
}

_words := {
	"ip_mismatch": "the certificate of %s does not hold that IP address as a SAN",
	"legacy_common_name": "the certificate of %s has its name in the CN alone, which runtimes do not read",
	"name_mismatch": "the certificate of %s is for other names",
}

# Where the cause is none of these, the policy's own repair holds.
_remediations := {
	"ip_mismatch": "Re-issue the certificate with the address as a SAN of type iPAddress (a DNS name that looks like one does not count), or let image references use the host's name",
}
