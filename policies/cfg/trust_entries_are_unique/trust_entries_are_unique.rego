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

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "name"]), pointer.to(["trust", first, "name"])], "trust_domain": entry.domain} if {
	some keys in _by_name
	first := min(keys)
	some key in keys
	key != first
	entry := input.trust[key]
	msg := sprintf("%s has the name %q more than once, at %s and %s", [trust.source(entry), entry.name, input.trust[first].field, entry.field])
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"]), pointer.to(["trust", first, "value"])], "trust_domain": entry.domain} if {
	some [_, fingerprint], keys in _by_certificate
	first := min(keys)
	some key in keys
	key != first
	entry := input.trust[key]
	msg := sprintf("%s holds the certificate of %q, which %q holds, too", [trustvalues.of(entry), chains.name_of(fingerprint), input.trust[first].label])
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain} if {
	some key, entry in trustvalues.held
	some i, fingerprint in entry.value.certificates
	fingerprint in array.slice(entry.value.certificates, 0, i)
	msg := sprintf("%s holds the certificate of %q more than once", [trustvalues.of(entry), chains.name_of(fingerprint)])
}

# What two sources say of one object, live and in manifests, is no repetition.
_object(entry) := [entry.domain, entry.object, object.get(entry, "provenance", {})]

_by_name[[object, entry.name]] contains key if {
	some key, entry in input.trust
	object := _object(entry)
}

_by_certificate[[object, fingerprint]] contains key if {
	some key, entry in trustvalues.held
	object := _object(entry)
	some fingerprint in entry.value.certificates
}
