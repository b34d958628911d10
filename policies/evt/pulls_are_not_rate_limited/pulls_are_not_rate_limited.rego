# METADATA
# title: No image pull is rate-limited
# description: >-
#   No registry turned a pull away because there had been too many from that address or
#   account. A pass says only that no such failure was seen.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/
#     description: Kubernetes, images
# custom:
#   id: RT-EVT-011
#   severity: low
#   recommended_action: >-
#     Pull through a mirror or a proxy cache of your own, or give the pods a pull secret
#     of an account with a higher limit. An image reference without a host means
#     docker.io.
#   explains: [RT-EVT-001]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_are_not_rate_limited

import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key), "remediation": _repair(failure)} if {
	some key, failure in input.pull_failures
	msg := pulls.says(failure, _words)
}

_words := {
	"rate_limited": "%s has had too many pulls from this address or account",
}

default _repair(_) := ""

_repair(failure) := sprintf("Give the pods a pull secret of an account with a higher limit: make it (%s) and name it in their imagePullSecrets or in those of their service account. Or pull through a mirror or a proxy cache of your own", [
	workloads.login("NAME", failure.namespace, failure.registry),
])
