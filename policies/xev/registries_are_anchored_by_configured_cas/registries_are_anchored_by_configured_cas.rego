# METADATA
# title: Every registry's chain is anchored by a configured CA
# description: >-
#   The chain that a private registry presents leads to one of the certificates that are
#   configured for the domain that pulls from it: the right certificate is embedded.
#   Registries with a public chain need none.
# custom:
#   id: RT-XEV-003
#   severity: critical
#   recommended_action: >-
#     Put the CA that signed the registry's chain into the configuration under a new entry
#     name and let the nodes roll. Deleting and re-creating the cluster is the last resort:
#     the trust secret goes with it, so save it and apply it first.
#   explains: [RT-TLS-002, RT-EVT-002, RT-EVT-003, RT-EVT-012]
#   optional_evidence: [nodes, registries]
#   tags: [seed, xev]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.registries_are_anchored_by_configured_cas

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains pair.subject if {
	some pair in _pairs
	_judged(pair)
}

deny contains {"subject": pair.subject, "msg": msg, "evidence": _evidence(pair), "trust_domain": pair.domain, "remediation": _repair(pair)} if {
	some pair in _pairs
	_judged(pair)
	not _anchored(pair)
	msg := sprintf("the chain of %s %s the %s domain has configured: %s", [pair.endpoint, _stands(pair), pair.domain, _why(pair)])
}

_pairs contains {
	"subject": {"kind": "registry", "name": name, "domain": domain, "chain": key},
	"endpoint": name, "domain": domain, "key": key, "chain": chain, "store": object.get(input.domains[domain], "trust_store", ""),
} if {
	some name, endpoint in input.endpoints
	chains.registry(endpoint)
	some key, chain in endpoint.chains
	not chains.public(chain)
	some domain in nodeviews.pullers(name)
	input.domains[domain]
}

_anchored(pair) if count(chains.anchors(pair.chain, pair.store) & trust.configured(pair.domain)) > 0

_judged(pair) if _anchored(pair)

# Where a value or an entry of the domain could not be had, a chain without an anchor
# proves nothing; the gap is reported in its stead.
_judged(pair) if {
	not pair.domain in trust.incomplete
	not pair.domain in trust.hidden
	_known(pair)
}

_known(pair) if pair.chain.verdicts[pair.store]

_known(pair) if count(trust.configured(pair.domain)) == 0

default _stands(_) := "leads to no CA that"

_stands(pair) := "is not valid now, though it leads to a CA that" if _lapsed(pair)

_why(pair) := "the CA that it leads to is configured, but not for this cluster" if {
	chains.anchored(pair.chain, pair.store)
} else := "it has none" if {
	count(trust.configured(pair.domain)) == 0
} else := chains.why(pair.chain, pair.store)

# A path that time broke has the right CA, or had it.
_repair(pair) := chains.renewal(pair.chain, pair.store, pair.endpoint) if {
	_lapsed(pair)
} else := "Append the CA that signed the registry's chain to the key ca-bundle of the ConfigMap kube-system/image-fetcher-ca-bundle on the Supervisor; keep what is there" if {
	pair.domain == "supervisor"
} else := ""

_lapsed(pair) if {
	count(trust.configured(pair.domain)) > 0
	chains.lapsed(pair.chain, pair.store)
}

_evidence(pair) := [pointer.to(["endpoints", pair.endpoint, "chains", pair.key, "verdicts", pair.store])] if {
	pair.chain.verdicts[pair.store]
} else := [pointer.to(["endpoints", pair.endpoint, "chains", pair.key]), pointer.to(["domains", pair.domain])]
