# METADATA
# title: A registry that verifies from the collector verifies from the node
# description: >-
#   Where the chain that the collector was shown leads to a public root, or to an anchor
#   of the node's own store, the node comes to the same result with what it is shown and
#   with what it trusts. An old node image lacks new public roots; a proxy or another
#   answer of DNS shows a node another certificate. Registries that only one place looked
#   at are compared by the public roots alone.
# custom:
#   id: RT-XEV-008
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Compare the trust store of the node with the public roots, and the addresses that
#     the registry's name leads to from both places. Configure the missing root for the
#     cluster, or use a newer node image.
#   explains: [RT-TLS-002, RT-EVT-002, RT-EVT-003]
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.registries_verify_from_nodes_too

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodes
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer

subjects contains _seen[_].subject

subjects contains _public(view) if some view in _publicly_known

# What the node itself is shown.
deny contains {"subject": look.subject, "msg": msg, "evidence": [pointer.to(["endpoints", look.endpoint, "probes", look.vantage])]} if {
	some look in _seen
	not _verifies(look)
	msg := sprintf("%s verifies from the collector, and not from node %s: %s", [look.endpoint, look.node, _why(look)])
}

# What a node would make of what the collector is shown.
deny contains {"subject": _public(view), "msg": msg, "evidence": [pointer.to(["endpoints", view.endpoint, "chains", view.key, "verdicts", view.store])]} if {
	some view in _publicly_known
	not chains.anchored(nodeviews.chain(view), view.store)
	msg := sprintf("%s verifies from the collector by a public root, and not with the trust store of %s: %s", [
		view.endpoint, nodeviews.on(view), chains.why(nodeviews.chain(view), view.store),
	])
}

# _seen are the nodes' own looks at endpoints that verify from elsewhere.
_seen contains look if {
	some name, endpoint in input.endpoints
	some from, _ in endpoint.probes
	node := trim_prefix(from, "node/")
	store := nodeviews.store(nodes.read[node], name)
	_verified_outside(endpoint, store)
	look := {"subject": {"kind": "endpoint", "name": name, "vantage": from}, "endpoint": name, "vantage": from, "node": node, "store": store}
	_judged(look)
}

_judged(look) if _verifies(look)

_judged(look) if not nodes.lacks(look.node, {"registry_config", "trust_store"})

_verifies(look) if chains.anchored(_shown(look), look.store)

_shown(look) := endpoint.chains[endpoint.probes[look.vantage].chain] if endpoint := input.endpoints[look.endpoint]

_why(look) := sprintf("it completes no handshake (%s)", [object.get(input.endpoints[look.endpoint].probes[look.vantage], ["failure", "detail"], "no certificate was shown")]) if {
	not _shown(look)
} else := sprintf("it is shown another chain, issued by %q", [input.certificates[_shown(look).certificates[0]].issuer]) if {
	not input.endpoints[look.endpoint].probes[look.vantage].chain in _outside(input.endpoints[look.endpoint])
} else := chains.why(_shown(look), look.store)

_outside(endpoint) := {probe.chain |
	some from, probe in endpoint.probes
	not startswith(from, "node/")
}

_verified_outside(endpoint, store) if {
	some key in _outside(endpoint)
	some trusted in {store, object.get(input, "public_store", "")}
	chains.anchored(endpoint.chains[key], trusted)
}

# _publicly_known are views of public chains on nodes that did not look themselves.
_publicly_known contains view if {
	some view, names in nodeviews.views
	endpoint := input.endpoints[view.endpoint]
	view.key in _outside(endpoint)
	chains.anchored(endpoint.chains[view.key], input.public_store)
	endpoint.chains[view.key].verdicts[view.store]
	some name in names
	not nodeviews.probe_of(endpoint, name)
	not nodes.lacks(name, {"registry_config", "trust_store"})
}

_public(view) := {"kind": "registry", "name": view.endpoint, "trust_store": view.store, "chain": view.key}
