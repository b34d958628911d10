# METADATA
# title: Every entry name is a valid key name
# description: >-
#   An entry's name becomes a key of a secret and part of a file name on the nodes: 1 to
#   253 characters of letters, digits, '-', '_' and '.', and not '.' or '..' itself nor
#   anything that begins with '..'.
# custom:
#   id: RT-CFG-009
#   severity: medium
#   recommended_action: "Rename the entry, in the cluster and in the secret, to letters, digits, '-', '_' and '.'."
#   explains: [RT-CFG-003, RT-NOD-001, RT-XEV-001]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_names_are_valid

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	is_string(entry.name)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "name"])], "trust_domain": entry.domain} if {
	some key, entry in input.trust
	is_string(entry.name)
	not _valid(entry.name)
	msg := sprintf("the name %q of a trust entry in %s cannot be a key of a secret", [entry.name, trust.source(entry)])
}

# An empty name is no name.
subjects contains trust.subject(input.trust[key]) if some key in _nameless

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key])], "trust_domain": entry.domain} if {
	some key in _nameless
	entry := input.trust[key]
	msg := sprintf("the trust entry %s in %s has no name, though its API wants one", [entry.label, trust.source(entry)])
}

_nameless contains key if {
	some key, entry in input.trust
	not entry.name
	_wants_name(entry)
	not entry.label in _unread
}

_wants_name(entry) if entry.object.kind in {"TanzuKubernetesCluster", "TkgServiceConfiguration"}

_wants_name(entry) if {
	entry.object.kind == "Cluster"
	contains(entry.field, "variables[trust]")
}

# A name that is no text: the engine says so.
_unread contains gap.subject.name if {
	some gap in input.coverage.trust.gaps
	gap.field == "name"
}

_valid(name) if {
	regex.match(`^[-._a-zA-Z0-9]+$`, name)
	count(name) <= 253
	name != "."
	not startswith(name, "..")
}
