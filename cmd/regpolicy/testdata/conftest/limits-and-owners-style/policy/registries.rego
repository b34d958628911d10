package house.registries

import rego.v1

deny contains msg if {
	some name, registry in input.registries
	count(registry.images) > data.limits.images_per_registry
	msg := sprintf("%d image(s) come from %s, %d are allowed (ask %s)", [count(registry.images), name, data.limits.images_per_registry, contact(name)])
}

deny_without_owner contains {"msg": msg} if {
	some name, _ in input.endpoints
	not data.registries[name].owner
	msg := sprintf("%s has no owner", [name])
}

warn_unused contains msg if {
	some name, registry in data.registries
	not input.registries[name]
	msg := sprintf("%s of %s is used by no pod", [name, registry.owner])
}

default contact(_) := "nobody"

contact(name) := data.teams[data.registries[name].owner].contact
