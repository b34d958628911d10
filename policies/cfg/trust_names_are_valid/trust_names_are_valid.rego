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

_valid(name) if {
	regex.match(`^[-._a-zA-Z0-9]+$`, name)
	count(name) <= 253
	name != "."
	not startswith(name, "..")
}
