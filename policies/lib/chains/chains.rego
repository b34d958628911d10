# METADATA
# title: Chains that registries present, and where they lead
package regpolicy.lib.chains

import data.regpolicy.lib.clock

# anchored tells whether a chain leads to an anchor of a trust store and every
# certificate on the way is within its validity now.
anchored(chain, store) if count(anchors(chain, store)) > 0

# anchors are the anchors of a trust store that a chain leads to now.
anchors(chain, store) := {path[count(path) - 1] |
	chain.verdicts[store].ok
	some path in chain.verdicts[store].paths
	count(path) > 0
	count(outdated(path)) == 0
}

# outdated are the certificates of a path that are not valid now. One that the
# document does not hold is among them.
outdated(path) := [fingerprint |
	some fingerprint in path
	not _valid(fingerprint)
]

_valid(fingerprint) if clock.valid_at(input.certificates[fingerprint], clock.now_ns)

# lapsed is the certificate whose time keeps a chain from an anchor that it leads
# to otherwise; undefined where time is not what is wrong.
lapsed(chain, store) := outdated(chain.verdicts[store].paths[0])[0] if {
	chain.verdicts[store].ok
	not anchored(chain, store)
}

# public tells whether a chain leads to a public root, whatever its dates.
public(chain) if chain.verdicts[input.public_store].ok

# why says what keeps a chain from an anchor of a store.
why(chain, store) := when(input.certificates[lapsed(chain, store)]) if {
	lapsed(chain, store)
} else := chain.verdicts[store].detail if {
	chain.verdicts[store].detail != ""
} else := replace(chain.verdicts[store].reason, "_", " ") if {
	chain.verdicts[store].reason != ""
} else := "no path to an anchor is known"

# when says how a certificate stands to the present.
when(certificate) := sprintf("%q has expired at %s", [name(certificate), certificate.not_after]) if {
	clock.ns(certificate.not_after) < clock.now_ns
} else := sprintf("%q is not valid before %s", [name(certificate), certificate.not_before]) if {
	clock.ns(certificate.not_before) > clock.now_ns
} else := sprintf("the validity of %q cannot be read", [name(certificate)])

# name is what people call a certificate.
name(certificate) := certificate.common_name if {
	certificate.common_name != ""
} else := certificate.subject if {
	certificate.subject != ""
} else := "a certificate without a name"

# name_of is that of a certificate by its fingerprint. The public roots of a bundle
# do not stand in the document.
name_of(fingerprint) := name(input.certificates[fingerprint]) if {
	input.certificates[fingerprint]
} else := "a certificate that is not in this document"

# top is the name of the CA at the end of what a registry presents: of the issuer of
# the last certificate.
top(chain) := input.certificates[last].issuer if last := chain.certificates[count(chain.certificates) - 1]

# renewal says how to repair a chain that time broke: its anchor belongs to the
# trust configuration, everything below it to the registry.
renewal(chain, store, registry) := sprintf("Put the CA's new certificate into the trust configuration in place of %q; for workload nodes under a new entry name, so that they roll", [
	name_of(lapsed(chain, store)),
]) if {
	path := chain.verdicts[store].paths[0]
	lapsed(chain, store) == path[count(path) - 1]
	count(path) > 1
} else := sprintf("Renew %q and let %s serve it; where it is not valid yet, check the clocks first", [
	name_of(lapsed(chain, store)), registry,
])

# registry tells endpoints that images are pulled from, or that the user named,
# from those that were probed along with them.
registry(endpoint) if {
	some role in endpoint.roles
	role in {"registry", "requested"}
}
