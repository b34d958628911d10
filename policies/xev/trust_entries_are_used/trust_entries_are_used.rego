# METADATA
# title: Every trust entry is used by an observed registry
# description: >-
#   Some registry's chain leads by a certificate of every trust entry. Whoever holds the key
#   of a CA that nothing needs can pass for any registry all the same. Said only where every
#   registry that images name has shown a chain and every chain leads to a CA that is public
#   or configured. Entries of exempt_entry_names, for proxies and the like, are left out.
#   Entries that nothing uses are told, they do not fail.
# custom:
#   id: RT-XEV-015
#   severity: low
#   recommended_action: >-
#     Ask what the entry is there for. Where it is for nothing, take it out of the
#     configuration; the nodes lose it with the next rolling update.
#   optional_evidence: [nodes]
#   tags: [xev, audit]
#   params:
#     exempt_entry_names: [proxy, proxy-*, "*-proxy"]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.trust_entries_are_used

import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

_params := params.of("RT-XEV-015", rego.metadata.chain())

subjects contains trust.subject(input.trust[key]) if some key in _judged

warn contains {"subject": trust.subject(entry), "msg": msg, "severity": "info", "evidence": [pointer.to(["trust", key])]} if {
	some key in _judged
	not _used(key)
	entry := input.trust[key]
	msg := sprintf("none of the %d registry chain(s) seen leads by a certificate of the trust entry %q of %s", [count(_chains), entry.label, trust.source(entry)])
}

_judged contains key if {
	some key in _entries
	_used(key)
}

_judged contains key if {
	some key in _entries
	count(_unseen) == 0
	count(_astray) == 0
	some chain in _chains
	chain.verdicts[_store(key)]
}

_entries contains key if {
	some key, entry in input.trust
	trust.applies(entry)
	count(entry.value.certificates) > 0
	not _exempt(entry)
}

_exempt(entry) if {
	some pattern in _params.exempt_entry_names
	glob.match(pattern, null, entry.name)
}

_used(key) if {
	some fingerprint in input.trust[key].value.certificates
	fingerprint in _led_by[_store(key)]
}

_store(key) := input.domains[input.trust[key].domain].trust_store

# _led_by are the certificates on the ways to a store's anchors, by the store. Time is no
# matter here.
_led_by[store] contains fingerprint if {
	some chain in _chains
	some store, verdict in chain.verdicts
	some path in verdict.paths
	some fingerprint in path
}

_chains := [chain |
	some endpoint in input.endpoints
	some chain in endpoint.chains
]

# A registry whose chain is not known may be what an entry is there for.
_unseen contains name if {
	some name, _ in input.registries
	not _shown(name)
}

# So may be a chain that leads to no CA yet.
_astray contains i if {
	some i, chain in _chains
	not _leads(chain)
}

_leads(chain) if {
	some store in _stores
	chain.verdicts[store].ok
}

_stores := {object.get(input, "public_store", "")} | {domain.trust_store | some domain in input.domains}

_shown(name) if count(input.endpoints[nodeviews.endpoint_of(name)].chains) > 0
