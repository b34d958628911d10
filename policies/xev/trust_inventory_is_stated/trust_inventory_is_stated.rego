# METADATA
# title: The trust inventory is stated
# description: >-
#   One entry of an inventory for every trust store that nodes have and for every trust
#   domain that is configured: how many CAs, which of them are not public, who issued them,
#   when the next expires, and where they are. PCI DSS wants such a list kept. It is never a
#   failure; the evidence points to each certificate. An empty store has nothing to state
#   and passes.
# custom:
#   id: RT-XEV-016
#   severity: info
#   recommended_action: Keep the report with the inventory of trusted keys and certificates; renew what expires next.
#   optional_evidence: [domains]
#   tags: [xev, audit]
#   params:
#     names: 3
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
#     pci-dss-4.0.1: ["4.2.1.1"]
package regpolicy.xev.trust_inventory_is_stated

import data.regpolicy.lib.chains
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-XEV-016", rego.metadata.chain())

subjects contains place.subject if some place in _places

warn contains {"subject": place.subject, "msg": msg, "severity": "info", "evidence": evidence} if {
	some place in _places
	anchors := input.trust_stores[place.store].anchors
	count(anchors) > 0
	private := _private(anchors)
	msg := sprintf("%s %d CA(s)%s", [place.who, count(anchors), _listed(private)])
	evidence := array.concat(
		[place.pointer, pointer.to(["trust_stores", place.store])],
		[pointer.to(["certificates", one[1]]) | some one in private],
	)
}

_places contains {
	"subject": {"kind": "trust_store", "name": store, "domain": name}, "store": store,
	"who": sprintf("the %s domain, in %d entries, trusts", [name, count(domain.entries)]),
	"pointer": pointer.to(["domains", name]),
} if {
	some name, domain in input.domains
	store := domain.trust_store
}

_places contains {
	"subject": {"kind": "trust_store", "name": store}, "store": store, "who": _nodes(names),
	"pointer": pointer.to(["views", "nodes_by_trust_store", store]),
} if {
	some store, names in input.views.nodes_by_trust_store
}

_nodes(names) := sprintf("node %s trusts", [names[0]]) if {
	count(names) == 1
} else := sprintf("node %s and %d more like it trust", [names[0], count(names) - 1])

# _private are those CAs that stand in the document and in no public programme, by the
# time at which they expire.
_private(anchors) := sort([[input.certificates[anchor].not_after, anchor] |
	some anchor in anchors
	not input.certificates[anchor].public_root
	input.certificates[anchor]
])

_listed(private) := ", none of them private" if {
	count(private) == 0
} else := sprintf(", %d of them private; the next expires at %s: %s", [
	count(private), private[0][0],
	concat(", ", array.concat([_described(one[1]) | some one in array.slice(private, 0, _params.names)], _more(private))),
])

_described(fingerprint) := sprintf("%q issued by %q", [chains.name_of(fingerprint), input.certificates[fingerprint].issuer])

_more(private) := [sprintf("and %d more", [count(private) - _params.names])] if {
	count(private) > _params.names
} else := []
