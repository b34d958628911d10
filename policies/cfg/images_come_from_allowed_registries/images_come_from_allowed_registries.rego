# METADATA
# title: Every image comes from an allowed registry and has a tag or digest
# description: >-
#   Images of pods and manifests come from the registries on the organisation's list,
#   allowed_registries: globs over host or host:port. With an empty list every registry is
#   allowed. An image without tag and digest is whatever "latest" is when it is pulled.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/
# custom:
#   id: RT-CFG-022
#   severity: medium
#   recommended_action: >-
#     Mirror the image in an allowed registry, or have its registry put on the list; name
#     the image with a tag or, better, a digest.
#   optional_evidence: [pods]
#   tags: [cfg, preflight, audit]
#   params: {allowed_registries: []}
#   controls:
#     cis-kubernetes-1.10: ["5.5.1"]
#     bsi-sys-1.6: [A6, A12]
#     disa-container-platform-srg: [V-233192]
package regpolicy.cfg.images_come_from_allowed_registries

import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

subjects contains {"kind": "registry", "name": name} if {
	some name, _ in input.registries
	count(_allowed_registries) > 0
}

subjects contains _subject(name, image) if {
	some name, registry in input.registries
	some image in registry.images
}

deny contains {"subject": {"kind": "registry", "name": name}, "msg": msg, "evidence": [pointer.to(["registries", name])]} if {
	count(_allowed_registries) > 0
	some name, registry in input.registries
	not _allowed(name, registry)
	msg := sprintf("the registry %s, which %d image(s) come from, is not on the list of allowed ones", [name, count(registry.images)])
}

deny contains {"subject": _subject(name, image), "msg": msg, "evidence": array.concat([pointer.to(["registries", name, "images"])], _pods(image))} if {
	some name, registry in input.registries
	some image in registry.images
	not _pinned(image)
	msg := sprintf("the image %q%s has neither tag nor digest", [image, _user(image)])
}

_subject(name, image) := {"kind": "registry", "name": name, "image": image}

_allowed(name, _) if {
	some pattern in _allowed_registries
	glob.match(pattern, null, name)
}

_allowed(_, registry) if {
	some pattern in _allowed_registries
	glob.match(pattern, null, registry.host)
}

# A colon before the last slash is a port's, one behind it a tag's or a digest's.
_pinned(image) if regex.match(`:[^/:@]+$`, image)

# _user is the first of the pods that use an image, where pods are known.
_user(image) := sprintf(" of pod %s", [min(_users[image])]) if {
	_users[image]
} else := ""

_pods(image) := [pointer.to(["pods", key]) | some key in _users[image]]

_users[image] contains key if {
	some key, pod in input.pods
	some image in pod.images
}

_allowed_registries := params.of("RT-CFG-022", rego.metadata.chain()).allowed_registries
