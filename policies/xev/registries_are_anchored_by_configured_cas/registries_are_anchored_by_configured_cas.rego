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
#   optional_evidence: [registries]
#   tags: [seed, xev]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.registries_are_anchored_by_configured_cas

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains pair.subject if {
	some pair in _pairs
	_judged(pair)
}

deny contains {"subject": pair.subject, "msg": msg, "evidence": [pointer.to(["endpoints", pair.endpoint, "chains", pair.chain, "verdicts", pair.store])], "trust_domain": pair.domain} if {
	some pair in _pairs
	_judged(pair)
	chain := input.endpoints[pair.endpoint].chains[pair.chain]
	not chains.anchored(chain, pair.store)
	msg := sprintf("the chain of %s leads to no CA that the %s domain has configured: %s", [pair.endpoint, pair.domain, chains.why(chain, pair.store)])
}

_pairs contains {
	"subject": {"kind": "registry", "name": name, "domain": domain, "chain": key},
	"endpoint": name, "domain": domain, "chain": key, "store": store,
} if {
	some name, endpoint in input.endpoints
	chains.registry(endpoint)
	some key, chain in endpoint.chains
	not chains.public(chain)
	some domain in _pullers(name)
	store := input.domains[domain].trust_store
	chain.verdicts[store]
}

# Where a value of the domain could not be read, a chain without an anchor proves
# nothing; the gap of that entry is reported in its stead.
_judged(pair) if not pair.domain in trust.incomplete

_judged(pair) if chains.anchored(input.endpoints[pair.endpoint].chains[pair.chain], pair.store)

# _pullers are the domains that pull from a registry; one that no pod names was asked
# for by hand, and counts for the nodes.
_pullers(name) := {_domains[platform] | some platform in input.registries[name].platforms}

_pullers(name) := {"workload"} if not input.registries[name]

_domains := {"kubelet": "workload", "vsphere_pod": "supervisor"}
