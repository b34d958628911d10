# METADATA
# title: Every pod's images are pulled
# description: >-
#   No pod waits for an image that could not be pulled. A pass says only that no
#   failure was seen: an image cached on the node hides a registry that is not
#   trusted.
# custom:
#   id: RT-EVT-001
#   severity: high
#   recommended_action: >-
#     Repair what the finding for the cause says. Where there is none, the message says
#     what the runtime was told: `unauthorized` wants a pull secret in the pod's
#     namespace, `not_found` another image reference, `dns`, `refused` and `timeout` a
#     way to the registry.
#   optional_evidence: [pods]
#   tags: [seed, evt]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pod_images_are_pulled

import data.regpolicy.lib.workloads

subjects contains {"kind": "pod", "namespace": parts[0], "name": parts[1]} if {
	some key, pod in input.pods
	pod.observed
	parts := split(key, "/")
}

subjects contains subject if some subject in workloads.failing

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key)} if {
	some key, failure in input.pull_failures
	msg := sprintf("%s: %s (%v)", [workloads.cannot_pull(failure), object.get(failure, "reason", "no reason given"), _cause(failure)])
}

_cause(failure) := sprintf("%s, answered by %s", [failure.cause, failure.host]) if {
	failure.cause != "unknown"
	failure.host != failure.registry
	failure.host != ""
} else := failure.cause if {
	failure.cause != "unknown"
} else := trim_right(substring(failure.message, 0, 300), ". \n") if {
	failure.message != ""
} else := "nothing says why"
