# METADATA
# title: Every pod's images are pulled
# description: >-
#   No pod waits for an image that could not be pulled. A pass says only that no
#   failure was seen: an image cached on the node hides a registry that is not
#   trusted.
# custom:
#   id: RT-EVT-001
#   severity: high
#   recommended_action: Follow the policy that names the cause of the failed pull.
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
	msg := sprintf("pod %s/%s cannot pull %s%s: %s", [
		failure.namespace, failure.pod, failure.image, workloads.on_node(failure), _cause(failure),
	])
}

_cause(failure) := sprintf("%s (%s%s)", [failure.reason, failure.cause, workloads.where_from(failure)]) if failure.cause != "unknown"

_cause(failure) := failure.reason if failure.cause == "unknown"
