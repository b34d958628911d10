# METADATA
# title: Every anchor that a registry needs is configured, not only present on nodes
# description: >-
#   Where a private registry's chain leads to an anchor on the nodes, it leads to a CA of
#   the workload trust configuration, too. A CA that somebody put on the nodes by hand
#   works until the next rolling update and is gone then. Pass means that new nodes will
#   trust the registry as the present ones do.
# custom:
#   id: RT-XEV-004
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Add the CA to the cluster's trust configuration under a name of its own before the
#     nodes are replaced.
#   explains: [RT-XEV-003]
#   optional_evidence: [registries]
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.needed_anchors_are_configured

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains _subject(view) if some view in _judged

deny contains {"subject": _subject(view), "msg": msg, "evidence": _evidence(view)} if {
	some view in _judged
	not _configured(view)
	msg := sprintf("%s verifies on %s only by %q (%s...), which is not configured: new nodes will not have it", [
		view.endpoint, nodeviews.on(view), chains.name_of(_anchor(view)), substring(_anchor(view), 0, 16),
	])
}

_judged contains view if {
	some view in _private
	_configured(view)
}

# Where a value or an entry could not be had, it may be the one that is sought; the gap
# is reported in its stead.
_judged contains view if {
	some view in _private
	not "workload" in trust.incomplete
	not "workload" in trust.hidden
}

# _private are the views of registries that nodes pull from and that only a private
# anchor of theirs vouches for.
_private contains view if {
	input.domains.workload
	some view, _ in nodeviews.views
	chains.registry(input.endpoints[view.endpoint])
	"workload" in nodeviews.pullers(view.endpoint)
	not chains.public(nodeviews.chain(view))
	chains.anchored(nodeviews.chain(view), view.store)
}

_configured(view) if {
	some anchor in chains.anchors(nodeviews.chain(view), input.domains.workload.trust_store)
	anchor in trust.configured("workload")
}

_anchor(view) := sort(chains.anchors(nodeviews.chain(view), view.store))[0]

_subject(view) := {"kind": "registry", "name": view.endpoint, "chain": view.key, "trust_store": view.store}

_evidence(view) := [
	pointer.to(["endpoints", view.endpoint, "chains", view.key, "verdicts", view.store]),
	pointer.to(["domains", "workload"]),
]
