# METADATA
# title: Values of trust entries and the certificates in them
package regpolicy.lib.trustvalues

import data.regpolicy.lib.trust

# held are the entries of which a value was had, by key.
held[key] := entry if {
	some key, entry in input.trust
	entry.value
}

# certificates are those of an entry that stand in the document, by the entry's key
# and their fingerprint. The public roots of a bundle do not stand there.
certificates[key] := found if {
	some key, entry in held
	found := {fingerprint: certificate |
		some fingerprint in entry.value.certificates
		certificate := input.certificates[fingerprint]
	}
	count(found) > 0
}

# of begins a message about an entry's value.
of(entry) := sprintf("the value of %q in %s", [entry.label, trust.source(entry)])
