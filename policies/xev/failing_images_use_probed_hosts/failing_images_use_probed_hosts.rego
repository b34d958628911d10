# METADATA
# title: Failing images use the host and port that were probed and trusted
# description: >-
#   Where images of a registry cannot be pulled, it is that registry's host and port that
#   were looked at. An image reference with a short name, an alias, an address or another
#   port goes elsewhere than what people checked: trust, credentials and the certificate's
#   names belong to the exact text. Pass means that the failing registry itself was probed.
# custom:
#   id: RT-XEV-010
#   severity: medium
#   recommended_action: Write the image reference with the host and port that the registry is known by.
#   explains: [RT-EVT-001]
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.failing_images_use_probed_hosts

import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer

subjects contains _subject(name) if {
	some name, _ in input.views.failures_by_registry
	_judged(name)
}

deny contains {"subject": _subject(name), "msg": msg, "evidence": evidence} if {
	some name, failures in input.views.failures_by_registry
	not _probed(name)
	other := min(_alike(name))
	msg := sprintf("images that cannot be pulled name %s; what was probed is %s, which %s", [name, other, _how(_host(name), input.endpoints[other])])
	evidence := [pointer.to(["pull_failures", failures[0]]), pointer.to(["endpoints", other])]
}

_judged(name) if _probed(name)

# Of a registry that nothing here resembles, RT-XEV-009 says that it was not probed.
_judged(name) if count(_alike(name)) > 0

_probed(name) if count(input.endpoints[nodeviews.endpoint_of(name)].probes) > 0

_alike(name) := {other |
	some other, endpoint in input.endpoints
	count(endpoint.probes) > 0
	_how(_host(name), endpoint)
}

# _how says what an endpoint has in common with a host of another name.
_how(host, endpoint) := "is the same host on another port" if {
	endpoint.host == host
} else := "is its full name" if {
	startswith(endpoint.host, sprintf("%s.", [host]))
} else := "has that address" if {
	some probe in endpoint.probes
	startswith(probe.address, sprintf("%s:", [host]))
} else := "shows a certificate with that name, too" if {
	some chain in endpoint.chains
	leaf := input.certificates[chain.certificates[0]]
	host in array.concat(leaf.dns_names, leaf.ip_addresses)
}

_host(name) := regex.replace(name, `:[0-9]+$`, "")

_subject(name) := {"kind": "registry", "name": name}
