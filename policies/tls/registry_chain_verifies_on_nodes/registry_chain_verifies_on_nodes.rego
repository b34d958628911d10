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
#   explains: [RT-TLS-019, RT-EVT-001, RT-EVT-002, RT-EVT-003]
#   tags: [seed, tls]
package regpolicy.tls.registry_chain_verifies_on_nodes

import data.regpolicy.lib.chains
import data.regpolicy.lib.installing
import data.regpolicy.lib.nodes
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer

subjects contains _subject(view) if some view, _ in _judged

deny contains {"subject": _subject(view), "msg": msg, "evidence": [pointer.to(["endpoints", view.endpoint, "chains", view.key, "verdicts", view.store])], "remediation": _repair(view, names)} if {
	some view, names in _judged
	not chains.anchored(nodeviews.chain(view), view.store)
	msg := sprintf("the chain of %s does not verify on %s: %s", [view.endpoint, _listed(names), chains.why(nodeviews.chain(view), view.store)])
}

_subject(view) := {"kind": "registry", "name": view.endpoint, "trust_store": view.store, "chain": view.key}

default _repair(_, _) := ""

# Time is no question of trust.
_repair(view, names) := chains.renewal(nodeviews.chain(view), view.store, view.endpoint) if {
	chains.lapsed(nodeviews.chain(view), view.store)
} else := sprintf("Get the present certificate of %q, the CA at the end of the chain of %s, and %s", [chains.top(nodeviews.chain(view)), view.endpoint, installing.steps(names)])

# _judged are the views, chain and trust store, with the nodes that share them: nodes
# with equal stores are judged once.
_judged := {view: names |
	some view, sharing in nodeviews.views
	nodeviews.chain(view).verdicts[view.store]
	names := _certain(view, sharing)
	count(names) > 0
}

# What a part of a node that could not be read may add to its store can only help.
_certain(view, sharing) := sharing if {
	chains.anchored(nodeviews.chain(view), view.store)
} else := sharing - nodes.lacking({"registry_config", "trust_store"})

_listed(names) := concat(", ", sort(names)) if {
	count(names) <= 3
} else := sprintf("%s and %d more nodes", [concat(", ", array.slice(sort(names), 0, 3)), count(names) - 3])
