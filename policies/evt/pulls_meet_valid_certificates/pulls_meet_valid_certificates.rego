# METADATA
# title: No image pull fails on certificate validity time
# description: >-
#   No runtime refused a certificate because of the time: neither the registry's own
#   nor an authority's had expired or was not valid yet by the node's clock. A pass
#   says only that no such failure was seen.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
#     description: RFC 5280, validity
# custom:
#   id: RT-EVT-004
#   severity: high
#   recommended_action: >-
#     Renew the certificate that has expired: the registry's own, or a CA's in its chain
#     or in the trust configuration. Compare the node's clock first.
#   explains: [RT-EVT-001, RT-EVT-013]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_meet_valid_certificates

import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {
	"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key),
	"trust_domain": pulls.trust_domain(failure), "remediation": _remediations[failure.cause],
} if {
	some key, failure in input.pull_failures
	msg := concat("", [pulls.says(failure, _words), _by_its_clock(failure)])
}

_words := {
	"expired": "the certificate of %s, or one of its authorities', has expired",
	"not_yet_valid": "the certificate of %s, or one of its authorities', is not valid yet",
}

# An empty remediation leaves the policy's own.
_remediations := {
	"expired": "",
	"not_yet_valid": "Set the node's clock right (ntp, or osConfiguration.ntp, of the cluster's variables). Where it is right, wait for the certificate's first day or re-issue it",
}

default _by_its_clock(_) := ""

_by_its_clock(failure) := sprintf(" by a clock that says %s", [failure.node_time])
