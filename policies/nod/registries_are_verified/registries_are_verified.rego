# METADATA
# title: TLS verification is on for every registry in the runtime configuration
# description: >-
#   Neither hosts.toml (skip_verify) nor config.toml (insecure_skip_verify) tells the
#   runtime to take any certificate: whoever sits between the node and the registry could
#   hand it images of his own. Each registry is judged once, over all nodes.
# custom:
#   id: RT-NOD-015
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Install the registry's CA on the nodes, by the cluster's trust configuration or as
#     ca in hosts.toml, and take the switch away.
#   tags: [nod, audit]
#   controls:
#     disa-container-platform-srg: [V-233015]
#     nist-800-190: ["4.2.1"]
#     bsi-app-4.4: [A12]
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
package regpolicy.nod.registries_are_verified

import data.regpolicy.lib.fleet

subjects contains {"kind": "registry", "name": host} if some host, _ in fleet.hosts

deny contains {"subject": {"kind": "registry", "name": host}, "msg": msg, "evidence": fleet.settings_at(host, names)} if {
	some [host, switch], names in fleet.grouped(_off)
	msg := sprintf("%s, on %s", [switch, fleet.listed(names)])
}

# _off are the switches that are thrown for a registry, and the nodes that have them.
_off := {[host, switch, name] |
	some host, by_node in fleet.hosts
	some name, settings in by_node
	not _verified(settings)
	switch := sprintf("%s switches TLS verification off for %s", [settings.origin, _whom(host, settings)])
}

_verified(settings) if settings.skip_verify == false

# _whom are the mirrors that are not verified, or else the registry itself.
_whom(host, settings) := sprintf("%s, which is asked for images of %s", [concat(", ", _mirrors(settings)), fleet.registries(host)]) if {
	count(_mirrors(settings)) > 0
} else := fleet.registries(host)

_mirrors(settings) := {endpoint.url |
	some endpoint in settings.endpoints
	endpoint.skip_verify
	endpoint.url != ""
}
