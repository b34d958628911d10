# METADATA
# title: The registry's chain verifies against the node's trust store
# description: >-
#   The chain that the registry presents leads to an anchor of the node's trust store as
#   Go, and so containerd, reads it; a CA that hosts.toml names for that registry
#   counts, too. Names are RT-TLS-004's business.
# custom:
#   id: RT-TLS-002
#   severity: critical
#   trust_domain: workload
#   recommended_action: >-
#     Add the CA that anchors the registry's chain to the cluster's trust configuration
#     and roll the nodes.
#   explains: [RT-EVT-001, RT-EVT-002, RT-EVT-003]
#   tags: [seed, tls]
package regpolicy.tls.registry_chain_verifies_on_nodes

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer

subjects contains _views[_].subject

deny contains {"subject": view.subject, "msg": msg, "evidence": [pointer.to(["endpoints", view.endpoint, "chains", view.key, "verdicts", view.store])], "remediation": _repair(view)} if {
	some view in _views
	chain := input.endpoints[view.endpoint].chains[view.key]
	not chains.anchored(chain, view.store)
	msg := sprintf("the chain of %s does not verify on %s: %s", [view.endpoint, _listed(_nodes[view]), chains.why(chain, view.store)])
}

# Time is no question of trust.
_repair(view) := chains.renewal(chain, view.store, view.endpoint) if {
	chain := input.endpoints[view.endpoint].chains[view.key]
	chains.lapsed(chain, view.store)
} else := ""

_views contains view if some view, _ in _nodes

# _nodes are the names of the nodes that share a view: a chain, and the trust store
# they have for that registry. Nodes with equal stores are judged once.
_nodes[view] contains node_name if {
	some name, endpoint in input.endpoints
	some node_name, node in nodes.read
	store := _store(node, name)
	some key in _seen(endpoint, node_name)
	chain := endpoint.chains[key]
	chain.verdicts[store]
	_judged(node_name, chain, store)
	view := {
		"subject": {"kind": "registry", "name": name, "trust_store": store, "chain": key},
		"endpoint": name, "key": key, "store": store,
	}
}

# What a part of a node that could not be read may add to its store can only help.
_judged(_, chain, store) if chains.anchored(chain, store)

_judged(node, _, _) if not nodes.lacks(node, {"registry_config", "trust_store"})

_store(node, registry) := _settings(node, registry).trust_store if {
	_settings(node, registry).trust_store != ""
} else := node.trust_store

# _settings are what a node configures for a registry. Containerd asks for a folder
# of the registry's name first, and for _default where there is none.
_settings(node, registry) := node.registry_config.hosts[registry] if {
	node.registry_config.hosts[registry]
} else := node.registry_config.hosts[trim_suffix(registry, ":443")] if {
	node.registry_config.hosts[trim_suffix(registry, ":443")]
} else := node.registry_config.hosts._default

# _seen are the chains that a node itself was shown, else those shown elsewhere.
_seen(endpoint, node) := {endpoint.probes[concat("", ["node/", node])].chain}

_seen(endpoint, node) := {probe.chain | some probe in endpoint.probes} if {
	not endpoint.probes[concat("", ["node/", node])].chain
}

_listed(names) := concat(", ", sort(names)) if {
	count(names) <= 3
} else := sprintf("%s and %d more nodes", [concat(", ", array.slice(sort(names), 0, 3)), count(names) - 3])
