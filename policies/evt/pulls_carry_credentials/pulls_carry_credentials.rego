# METADATA
# title: No image pull is refused for lack of credentials
# description: >-
#   No registry, nor its token service, turned a pull away because of who asked. Such a
#   refusal comes after the TLS handshake, so that trust is not what is missing. A pass
#   says only that no such failure was seen.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
#     description: Kubernetes, pulling from a private registry
# custom:
#   id: RT-EVT-008
#   severity: medium
#   recommended_action: >-
#     Name a pull secret in the pod or in its service account; it must lie in the pod's
#     namespace, and its host must be that of the image reference, the port included.
#     Where the registry knows the account, let it pull from that project.
#   explains: [RT-EVT-001]
#   optional_evidence: [pods, secrets]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_carry_credentials

import data.regpolicy.lib.pulls
import data.regpolicy.lib.pullsecrets
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key), "remediation": _repair(failure)} if {
	some key, failure in input.pull_failures
	msg := concat("", [pulls.says(failure, _words), _secrets(failure)])
}

_words := {
	"forbidden": "%s does not allow it; this is authentication, not trust",
	"unauthorized": "%s wants credentials that it did not get; this is authentication, not trust",
}

default _secrets(_) := ""

_secrets(failure) := concat("", array.concat(
	[_named(pullsecrets.named(failure)), _absent(pullsecrets.absent(failure))],
	[sprintf("; %s has credentials for %s only", [name, concat(", ", hosts)]) | some name, hosts in pullsecrets.foreign(failure)],
))

# The recommended action is for a pull secret that is there and does not help.
default _repair(_) := ""

_repair(failure) := sprintf("Make a pull secret (%s) and name it in the pod's imagePullSecrets or in those of its service account", [
	workloads.login("NAME", failure.namespace, failure.registry),
]) if {
	failure.cause == "unauthorized"
	count(pullsecrets.named(failure)) == 0
} else := sprintf("Make the pull secret that the pod names (%s)", [
	workloads.login(pullsecrets.absent(failure)[0], failure.namespace, failure.registry),
]) if {
	count(pullsecrets.absent(failure)) > 0
} else := sprintf("Make a pull secret for this registry, too (%s), and name it beside the other in the pod's imagePullSecrets or in those of its service account", [
	workloads.login("NAME", failure.namespace, failure.registry),
]) if {
	count(pullsecrets.foreign(failure)) > 0
}

_named([]) := "; the pod names no pull secret"

_named(names) := sprintf("; the pod names the pull secret %s", [concat(", ", names)]) if count(names) > 0

_absent([]) := ""

_absent(names) := sprintf("; there is no such secret in its namespace: %s", [concat(", ", names)]) if count(names) > 0
