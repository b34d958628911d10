# METADATA
# title: No registry is configured as plain HTTP
# description: >-
#   Without TLS nobody knows whose images the nodes run, and pull credentials travel in
#   clear. Registries and mirrors in the parameter allowed, as host or host:port, are
#   let be; by default those are the node's own, which no network lies before.
# custom:
#   id: RT-NOD-016
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Give the registry or mirror a certificate, and https:// in the runtime's
#     configuration of it; one that has to stay as it is goes into the parameter allowed.
#   tags: [nod, audit]
#   params: {allowed: [localhost, 127.0.0.1, "[::1]"]}
#   controls:
#     disa-container-platform-srg: [V-233015]
#     nist-800-190: ["4.2.1"]
#     bsi-app-4.4: [A12]
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
package regpolicy.nod.registries_are_encrypted

import data.regpolicy.lib.fleet
import data.regpolicy.lib.params

_params := params.of("RT-NOD-016", rego.metadata.chain())

subjects contains {"kind": "registry", "name": host} if some host, _ in fleet.hosts

deny contains {"subject": {"kind": "registry", "name": host}, "msg": msg, "evidence": fleet.settings_at(host, names)} if {
	some [host, setting], names in fleet.grouped(_plain)
	msg := sprintf("%s, on %s", [setting, fleet.listed(names)])
}

# _plain are the settings that make a registry plain, and the nodes that have them.
_plain := {[host, setting, name] |
	some host, by_node in fleet.hosts
	some name, settings in by_node
	not _encrypted(settings)
	some address in _addresses(host, settings)
	not _allowed(address)
	setting := sprintf("%s has images of %s pulled from %s by plain HTTP", [settings.origin, fleet.registries(host), address])
}

_encrypted(settings) if settings.plain_http == false

# _addresses are the hosts that are asked by plain HTTP. Where it is not told which,
# it is the mirrors, and without those the registry itself.
_addresses(host, settings) := {_address(endpoint.url, host) | some endpoint in settings.endpoints; endpoint.plain_http} if {
	some endpoint in settings.endpoints
	endpoint.plain_http
} else := {mirror | some mirror in settings.mirrors} if {
	count(settings.mirrors) > 0
} else := {host}

_address(url, host) := split(split(url, "://")[1], "/")[0] if {
	contains(url, "://")
} else := host

_allowed(address) if address in _params.allowed

_allowed(address) if regex.replace(address, `:[0-9]+$`, "") in _params.allowed
