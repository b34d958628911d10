# METADATA
# title: Every vantage point sees the same chain
# description: >-
#   The registry shows the same certificate to all places that it was looked at from. One
#   that shows another to some is a load balancer whose backends differ, or something on
#   the way (a proxy that inspects TLS) that answers in the registry's name: what verifies
#   here need not verify there. One vantage point alone cannot tell.
# custom:
#   id: RT-TLS-020
#   severity: high
#   recommended_action: >-
#     Compare the issuers. A proxy's CA: add the registry to noProxy where the proxy is
#     configured, or trust that CA knowingly. The registry's own CA: give all backends of
#     the load balancer the same certificate.
#   explains: [RT-EVT-002]
#   tags: [tls]
package regpolicy.tls.vantage_points_see_one_chain

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.vantages

subjects contains _subject(name) if some name in _compared

deny contains {"subject": _subject(name), "msg": msg, "evidence": evidence} if {
	some name in _compared
	not _agree(_leaves[name])
	msg := sprintf("%s shows different certificates: %s", [name, concat("; ", [_shown(leaf, where) | some leaf, where in _leaves[name]])])
	evidence := [pointer.to(["endpoints", name, "probes", vantage]) | some vantage in sort({v | some where in _leaves[name]; some v in where})]
}

_subject(name) := {"kind": "endpoint", "name": name}

# _leaves are the registries' own certificates, with who was shown them.
_leaves[name][leaf] contains vantage if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	leaf := endpoint.chains[probe.chain].certificates[0]
}

_compared contains name if {
	some name, leaves in _leaves
	count({vantage | some where in leaves; some vantage in where}) > 1
}

_agree(leaves) if count(leaves) == 1

_shown(leaf, where) := sprintf("%q (%s..., issued by %q) to %s", [chains.name_of(leaf), substring(leaf, 0, 16), _issuer(leaf), vantages.listed(where)])

_issuer(leaf) := input.certificates[leaf].issuer if {
	input.certificates[leaf].issuer != ""
} else := "nobody it names"
