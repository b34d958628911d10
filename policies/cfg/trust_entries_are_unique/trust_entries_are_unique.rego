# METADATA
# title: Entry names and certificates are unique
# description: >-
#   Two entries of one object with the same name become one file on the nodes, and the
#   last writer wins. Two entries with the same certificate, or one value that holds it
#   twice, hide which of them counts when the certificate is to be replaced. The same CA
#   in two objects, the global setting and a cluster's own, is no fault.
# custom:
#   id: RT-CFG-010
#   severity: medium
#   recommended_action: Remove the entry that repeats another, or give it a name of its own.
#   explains: [RT-XEV-001, RT-XEV-002, RT-XEV-003]
#   tags: [cfg, preflight]
package regpolicy.cfg.trust_entries_are_unique

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(entry) if some entry in input.trust

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "name"]), pointer.to(["trust", before, "name"])], "trust_domain": entry.domain} if {
	some i, [what, key] in _names
	[what, before] = _names[i - 1]
	entry := input.trust[key]
	msg := sprintf("%s has the name %q more than once, at %s and %s", [trust.source(entry), entry.name, input.trust[before].field, entry.field])
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"]), pointer.to(["trust", before, "value"])], "trust_domain": entry.domain} if {
	some i, [what, key] in _certificates
	[what, before] = _certificates[i - 1]
	entry := input.trust[key]
	msg := sprintf("%s holds the certificate of %q, which %q holds, too", [trustvalues.of(entry), chains.name_of(what[1]), input.trust[before].label])
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain} if {
	some key, entry in trustvalues.held
	some i, fingerprint in entry.value.certificates
	fingerprint in array.slice(entry.value.certificates, 0, i)
	msg := sprintf("%s holds the certificate of %q more than once", [trustvalues.of(entry), chains.name_of(fingerprint)])
}

# Sorted, equal ones stand beside each other.
_names := sort([[[_object(entry), entry.name], key] | some key, entry in input.trust])

_certificates := sort({[[_object(entry), fingerprint], key] |
	some key, entry in trustvalues.held
	some fingerprint in entry.value.certificates
})

# What two sources say of one object, live and in manifests, is no repetition.
_object(entry) := [entry.domain, entry.object, object.get(entry, "provenance", {})]
