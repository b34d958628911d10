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
	count(pod.pull_secrets) > 0
	pod.observed
}

subjects contains finding.subject if some finding in deny

deny contains {"subject": _pod(key), "msg": msg, "evidence": [pointer.to(["pods", key])], "remediation": _creation(key)} if {
	some key, pod in input.pods
	count(pod.missing_pull_secrets) > 0
	msg := sprintf("pod %s names a pull secret that cannot be retrieved: %s", [key, concat(", ", pod.missing_pull_secrets)])
}

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key), "remediation": _repair(failure)} if {
	some key, failure in input.pull_failures
	msg := pulls.says(failure, _words)
}


_words := {
	"pull_secret_invalid": "a pull secret for %s is there and cannot be read",
	"pull_secret_missing": "%s wants credentials, and the pull secret that holds them cannot be retrieved",
}

_repair(failure) := "Make the secret again (kubectl create secret docker-registry): its value must be the JSON of a Docker configuration, base64 once" if {
	failure.cause == "pull_secret_invalid"
} else := _creation(_key(failure))

# The recommended action is for a pod that the document does not have.
default _creation(_) := ""

_creation(key) := sprintf("Make what is missing (%s), or take its name out of the imagePullSecrets of the pod or of its service account", [concat("; ", commands)]) if {
	commands := {workloads.login(secret, _pod(key).namespace, registry) |
		some secret in input.pods[key].missing_pull_secrets
		some registry in object.get(_asked, key, {"HOST"})
	}
	count(commands) > 0
}

# _asked are the registries that a pod could not pull from, by pod.
_asked := {key: registries |
	some key in {_key(failure) | some failure in input.pull_failures}
	registries := {failure.registry | some failure in input.pull_failures; _key(failure) == key}
}

_key(failure) := concat("/", [failure.namespace, failure.pod])

_pod(key) := {"kind": "pod", "namespace": parts[0], "name": parts[1]} if parts := split(key, "/")
