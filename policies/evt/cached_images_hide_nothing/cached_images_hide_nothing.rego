# METADATA
# title: No cached image can hide a trust failure
# description: >-
#   Where pods may run from an image that lies on the node already (imagePullPolicy
#   IfNotPresent or Never), their running does not show that the registry is trusted. For
#   every registry of such pods a handshake was looked at, or all its pods pull anew at
#   each start.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
#     description: Kubernetes, image pull policy
# custom:
#   id: RT-EVT-016
#   severity: info
#   recommended_action: >-
#     Probe the registry: --probe for the registries that images name, --registry for
#     this one, --vantage nodes from where pulls happen.
#   optional_evidence: [endpoints]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.cached_images_hide_nothing

import data.regpolicy.lib.pointer

subjects contains _subject(_registry_of[image]) if some image in _images

warn contains {"subject": _subject(name), "msg": msg, "evidence": [pointer.to(["registries", name])]} if {
	some name, pods in _pods
	cached := {key | some key in pods; not _pulls_anew(input.pods[key])}
	count(cached) > 0
	msg := sprintf("%d of the %d pods with images of registry %s may run from a cached image, and nothing looked at its certificate", [count(cached), count(pods), name])
}

_subject(name) := {"kind": "registry", "name": name}

_probed(name) if {
	some probe in input.endpoints[name].probes
	probe.chain
}

_pulls_anew(pod) if pod.always_pulls == true

# The images of pods that ran. There are many pods and few images.
_images := {image |
	some pod in input.pods
	pod.observed
	some image in pod.images
}

# The pods of each registry that nothing probed, by its name. OPA walks the pods once
# for all registries: name is bound outside of the comprehension and found within.
_pods := {name: keys |
	some name in {_registry_of[image] | some image in _images}
	not _probed(name)
	keys := {key |
		some key, pod in input.pods
		pod.observed
		some image in pod.images
		_registry_of[image] = name
	}
}

_registry_of := {image: name | some name, registry in input.registries; some image in registry.images}
