# METADATA
# title: The chain's anchor outlives the leaf and the next planned roll
# description: >-
#   The CA that a registry's chain leads to is valid at least as long as the registry's own
#   certificate, and until the nodes are replaced: new trust reaches nodes with a rolling
#   update only, so it must be configured before the old anchor ends. Judged by the stores
#   of the nodes, without nodes by what is configured. days_to_next_roll is when the nodes
#   are replaced next; 0, the default, leaves that out.
# custom:
#   id: RT-XEV-011
#   severity: high
#   recommended_action: >-
#     Configure the CA's successor beside it, under an entry name of its own, and let the
#     nodes roll before the anchor expires.
#   optional_evidence: [nodes, domains, registries]
#   tags: [xev, audit]
#   params:
#     days_to_next_roll: 0
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
#     pci-dss-4.0.1: ["4.2.1.1"]
package regpolicy.xev.anchors_outlive_leaves

import data.regpolicy.lib.chains
import data.regpolicy.lib.clock
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-XEV-011", rego.metadata.chain())

subjects contains _subject(view) if some view in _judged

deny contains _finding(view, sprintf("before the registry's own certificate (%s)", [_leaf(view).not_after])) if {
	some view in _judged
	not _outlives(view, clock.ns(_leaf(view).not_after))
}

deny contains _finding(view, sprintf("before the nodes are replaced in %d days", [_params.days_to_next_roll])) if {
	some view in _judged
	not _outlives(view, clock.now_ns + ((_params.days_to_next_roll * 86400) * 1000000000))
}

_judged contains view if {
	some view in _views
	chains.registry(input.endpoints[view.endpoint])
	count(_anchors(view)) > 0
	_leaf(view)
}

_views contains view if some view, _ in nodeviews.views

_views contains {"endpoint": name, "key": key, "store": input.domains[domain].trust_store} if {
	count(nodeviews.views) == 0
	some name, endpoint in input.endpoints
	some key, _ in endpoint.chains
	some domain in nodeviews.pullers(name)
}

_outlives(view, moment) if {
	some anchor in _anchors(view)
	clock.ns(input.certificates[anchor].not_after) >= moment
}

_anchors(view) := chains.anchors(nodeviews.chain(view), view.store)

_leaf(view) := input.certificates[nodeviews.chain(view).certificates[0]]

# _last is the anchor that lasts longest.
_last(view) := [anchor | some anchor in _anchors(view); _outlives_all(view, anchor)][0]

_outlives_all(view, anchor) if {
	every other in _anchors(view) {
		clock.ns(input.certificates[anchor].not_after) >= clock.ns(input.certificates[other].not_after)
	}
}

_finding(view, what) := {
	"subject": _subject(view),
	"msg": sprintf("%q, which the chain of %s leads to %s, expires at %s, %s", [
		chains.name_of(_last(view)), view.endpoint, _whose(view), input.certificates[_last(view)].not_after, what,
	]),
	"evidence": [
		pointer.to(["certificates", _last(view)]),
		pointer.to(["endpoints", view.endpoint, "chains", view.key, "verdicts", view.store]),
	],
}

_whose(view) := sprintf("on %s", [nodeviews.on(view)]) if {
	nodeviews.views[view]
} else := "in the configuration"

_subject(view) := {"kind": "registry", "name": view.endpoint, "chain": view.key, "trust_store": view.store}
