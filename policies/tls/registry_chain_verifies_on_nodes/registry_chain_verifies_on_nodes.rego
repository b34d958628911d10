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

subjects contains _pairs[_].subject

deny contains {"subject": pair.subject, "msg": msg, "evidence": [pointer.to(["endpoints", pair.endpoint, "chains", pair.chain, "verdicts", pair.store])]} if {
	some pair in _pairs
	chain := input.endpoints[pair.endpoint].chains[pair.chain]
	not chains.anchored(chain, pair.store)
	msg := sprintf("the chain of %s does not verify on %s: %s", [pair.endpoint, _names(pair), chains.why(chain, pair.store)])
}

# A pair is a chain and a trust store that some node has for that registry: nodes with
# equal stores are judged once.
_pairs contains {
	"subject": {"kind": "registry", "name": name, "trust_store": store, "chain": chain},
	"endpoint": name, "chain": chain, "store": store,
} if {
	some name, endpoint in input.endpoints
	some node_name, node in nodes.read
	store := _store(node, name)
	some chain in _seen(endpoint, node_name)
	endpoint.chains[chain].verdicts[store]
}

# _store is what a node verifies a registry with: its own store, plus what its runtime
# is configured to trust for that registry.
_store(node, registry) := store if some store in _configured(node, registry)

_store(node, registry) := node.trust_store if count(_configured(node, registry)) == 0

# _configured holds the store of the registry's own configuration, if there is one: the
# runtime knows the registry by host:port, or by host alone for the usual port.
_configured(node, registry) := {host.trust_store |
	some key in {registry, trim_suffix(registry, ":443")}
	host := node.registry_config.hosts[key]
}

# _seen are the chains that a node itself was shown, else those shown elsewhere.
_seen(endpoint, node) := {endpoint.probes[concat("", ["node/", node])].chain}

_seen(endpoint, node) := {probe.chain | some probe in endpoint.probes} if {
	not endpoint.probes[concat("", ["node/", node])].chain
}

_names(pair) := concat(", ", array.slice(names, 0, 3)) if {
	names := sort([name | some name, node in nodes.read; _store(node, pair.endpoint) == pair.store])
	count(names) <= 3
}

_names(pair) := sprintf("%s and %d more nodes", [concat(", ", array.slice(names, 0, 3)), count(names) - 3]) if {
	names := sort([name | some name, node in nodes.read; _store(node, pair.endpoint) == pair.store])
	count(names) > 3
}
