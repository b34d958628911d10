# METADATA
# title: Every referenced pull secret can be retrieved
# description: >-
#   The kubelet could read every pull secret that pods name. One that it cannot read it
#   leaves out, and the registry then sees a pull without credentials. A pass says only
#   that no event tells of one.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
#     description: Kubernetes, pulling from a private registry
# custom:
#   id: RT-EVT-009
#   severity: medium
#   recommended_action: >-
#     Create the secret in the pod's namespace (type kubernetes.io/dockerconfigjson), or
#     take its name out of the pod's or the service account's imagePullSecrets.
#   explains: [RT-EVT-001, RT-EVT-008]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pull_secrets_can_be_retrieved

import data.regpolicy.lib.pointer
import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

# Only events tell that a secret could not be retrieved.
subjects contains _pod(key) if {
	input.coverage.events.requested
	some key, pod in input.pods
	pod.observed
	count(pod.pull_secrets) > 0
}

subjects contains finding.subject if some finding in deny

deny contains {"subject": _pod(key), "msg": msg, "evidence": [pointer.to(["pods", key])]} if {
	some key, pod in input.pods
	count(pod.missing_pull_secrets) > 0
	msg := sprintf("pod %s names a pull secret that cannot be retrieved: %s", [key, concat(", ", pod.missing_pull_secrets)])
}

deny contains {
	"subject": workloads.pod_of(failure), "msg": pulls.says(failure, _words), "evidence": workloads.evidence(key),
	"remediation": object.get(_remediations, failure.cause, ""),
} if {
	some key, failure in input.pull_failures
}

_words := {
	"pull_secret_invalid": "a pull secret for %s is there and cannot be read",
	"pull_secret_missing": "%s wants credentials, and the pull secret that holds them cannot be retrieved",
}

# Where the cause is none of these, the policy's own repair holds.
_remediations := {"pull_secret_invalid": "Make the secret again (kubectl create secret docker-registry): its value must be the JSON of a Docker configuration, base64 once"}

_pod(key) := {"kind": "pod", "namespace": parts[0], "name": parts[1]} if parts := split(key, "/")
