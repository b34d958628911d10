# METADATA
# title: The token realm's host has a verified chain of its own
# description: >-
#   Where a registry sends clients to a token service on another host or port, that host
#   shows a chain that leads to an anchor, too: on every node store that the registry's own
#   chain verifies with, else on some node's, and without nodes to what is configured or
#   to a public root. A pull fails with the registry trusted and its token service not.
# related_resources:
#   - ref: https://distribution.github.io/distribution/spec/auth/token/
# custom:
#   id: RT-TLS-019
#   severity: medium
#   recommended_action: >-
#     Add the CA of the token service to the trust configuration, beside the registry's,
#     under an entry name of its own, and let the nodes roll.
#   explains: [RT-EVT-001, RT-EVT-002]
#   tags: [tls]
package regpolicy.tls.token_services_verify

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer

subjects contains pair.subject if some pair in _pairs

deny contains {"subject": pair.subject, "msg": msg, "evidence": [pointer.to(["endpoints", pair.realm])]} if {
	some pair in _pairs
	not _verified(pair)
	msg := sprintf("the token service %s of %s is not verified: %s", [pair.realm, pair.registry, _why(pair)])
}

_pairs contains {"subject": {"kind": "registry", "name": name, "endpoint": realm}, "registry": name, "realm": realm} if {
	count(_stores) > 0
	some name, endpoint in input.endpoints
	some probe in endpoint.probes
	realm := probe.v2.realm_host
	realm != name
	count(input.endpoints[realm].probes) > 0
}

_verified(pair) if {
	count(input.endpoints[pair.realm].chains) > 0
	count(_breaks(pair)) == 0
}

# _breaks are the stores that a chain of the token service does not verify with: each
# that the registry's verifies with, and where there is none of these, all.
_breaks(pair) := [{"chain": chain, "stores": stores} |
	some chain in input.endpoints[pair.realm].chains
	trusting := _trusting(chain)
	stores := {true: _expected(pair) - trusting, false: _stores - trusting}[count(trusting) > 0]
	count(stores) > 0
]

_expected(pair) := {store |
	some own in input.endpoints[pair.registry].chains
	some store in _trusting(own)
	input.trust_stores[store].verifier == "go"
}

_trusting(chain) := {store | some store in _stores; chains.anchored(chain, store)}

# _stores are those of the nodes; what is configured says what they should have, where
# no node was read.
_stores := _of({"go"}) if {
	count(_of({"go"})) > 0
} else := _of({"configured", "public"})

_of(verifiers) := {key | some key, store in input.trust_stores; store.verifier in verifiers}

_why(pair) := sprintf("%d trust store(s) do not lead its chain to an anchor: %s", [count(broken.stores), chains.why(broken.chain, min(broken.stores))]) if {
	broken := _breaks(pair)[0]
} else := "it shows no certificate"
