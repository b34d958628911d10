# METADATA
# title: An image that pulls on some nodes pulls on all of them
# description: >-
#   No image runs on one node while another cannot pull it. Where it does, the nodes
#   differ: some hold the CA, the proxy setting or the route, and others do not. The image
#   may also be cached where it runs. It needs two nodes to compare.
# custom:
#   id: RT-EVT-013
#   severity: medium
#   recommended_action: >-
#     Compare the nodes of the message: finish or repair the rolling update that was to
#     bring the trust, or replace the nodes that were left behind.
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.images_pull_on_all_nodes

import data.regpolicy.lib.workloads

# Images that fail and that at least two nodes were to have.
subjects contains _subject(image) if {
	some image, nodes in _failing
	count(nodes | object.get(_running, image, set())) > 1
}

# Where no pull fails, all nodes that pods run on agree.
subjects contains {"kind": "document"} if {
	count(input.pull_failures) == 0
	count({pod.node | some pod in input.pods; pod.node != ""; _runs(pod.observed, pod.phase)}) > 1
}

deny contains {"subject": _subject(image), "msg": msg, "evidence": evidence, "remediation": _remediation(image)} if {
	some image, failing in _failing
	fine := object.get(_running, image, set()) - failing
	count(fine) > 0
	msg := sprintf("image %s runs on %s and cannot be pulled on %s (%s)", [image, _list(fine), _list(failing), concat(", ", _causes[image])])
	evidence := array.slice([pointer | some key in _keys[image]; some pointer in workloads.evidence(key)], 0, 10)
}

_subject(image) := {"kind": "image", "name": image}

# By image: the nodes that cannot pull it, the failures, their causes.
_failing := {image: {input.pull_failures[key].node | some key in keys} | some image, keys in _keys}

_causes := {image: sort({object.get(input.pull_failures[key], "cause", "unknown") | some key in keys}) | some image, keys in _keys}

_keys := {image: keys |
	some image in {failure.image | some failure in input.pull_failures; failure.image != ""; failure.node != ""}
	keys := {key | some key, failure in input.pull_failures; failure.node != ""; failure.image == image}
}

# By image that fails somewhere: the nodes of pods that have it.
_running := {image: nodes |
	some image, _ in _keys
	nodes := {node | some [one, node] in _places; one == image}
}

_places := {[image, pod.node] |
	some key, pod in input.pods
	some image in pod.images
	_keys[image]
	pod.node != ""
	_runs(pod.observed, pod.phase)
	not key in _waiting
}

_runs(true, phase) if phase in {"Running", "Succeeded"}

_waiting := {sprintf("%s/%s", [failure.namespace, failure.pod]) | some failure in input.pull_failures}

# What no rollout cures: it lies with the pod, its credentials or its reference.
_of_the_pod := {"forbidden", "invalid_image_name", "never_pull", "not_found", "pull_secret_invalid", "pull_secret_missing", "unauthorized"}

_remediation(image) := "Compare the pods rather than the nodes: their pull secrets, pull policies and image references" if {
	every cause in _causes[image] { cause in _of_the_pod }
} else := ""

# A message names a few nodes only.
_list(nodes) := concat(", ", sort(nodes)) if count(nodes) <= 5

_list(nodes) := sprintf("%s and %d more", [concat(", ", array.slice(sort(nodes), 0, 5)), count(nodes) - 5]) if count(nodes) > 5
