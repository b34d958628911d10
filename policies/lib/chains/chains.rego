# METADATA
# title: Chains that registries present, and where they lead
package regpolicy.lib.chains

import data.regpolicy.lib.clock

# anchored tells whether a chain leads to an anchor of a trust store and every
# certificate on the way is within its validity now.
anchored(chain, store) if {
	verdict := chain.verdicts[store]
	verdict.ok
	some path in verdict.paths
	every fingerprint in path {
		clock.valid_at(input.certificates[fingerprint], clock.now_ns)
	}
}

# public tells whether a chain leads to a public root, whatever its dates.
public(chain) if chain.verdicts[input.public_store].ok

# why says what keeps a chain from an anchor of a store.
why(chain, store) := chain.verdicts[store].detail if not chain.verdicts[store].ok

why(chain, store) := sprintf("%q is valid from %s to %s only", [certificate.common_name, certificate.not_before, certificate.not_after]) if {
	chain.verdicts[store].ok
	outdated := [fingerprint |
		some path in chain.verdicts[store].paths
		some fingerprint in path
		not clock.valid_at(input.certificates[fingerprint], clock.now_ns)
	]
	certificate := input.certificates[outdated[0]]
}

# registry tells endpoints that images are pulled from, or that the user named,
# from those that were probed along with them.
registry(endpoint) if {
	some role in endpoint.roles
	role in {"registry", "requested"}
}
