# METADATA
# title: Certificates that registries present, and what they are worth
package regpolicy.lib.certificates

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.vantages

# presented are the chains that registries and their token services show, each once,
# however many vantage points saw it.
presented contains view if {
	some name, endpoint in input.endpoints
	some key, chain in endpoint.chains
	input.certificates[chain.certificates[0]]
	view := {
		"subject": {"kind": "registry", "name": name, "chain": key},
		"endpoint": name, "key": key, "leaf": chain.certificates[0],
	}
}

# chain is what a view shows.
chain(view) := input.endpoints[view.endpoint].chains[view.key]

# leaf is the registry's own certificate in it.
leaf(view) := input.certificates[view.leaf]

# issuers are the fingerprints of what is sent behind the registry's own certificate.
issuers(view) := [fingerprint |
	some i, fingerprint in chain(view).certificates
	i > 0
	fingerprint != view.leaf
]

# label begins a message about the registry's own certificate.
label(view) := sprintf("the certificate %q of %s", [chains.name_of(view.leaf), place(view)])

# place says whose chain it is, and where the endpoint shows several, who saw this one.
place(view) := view.endpoint if {
	count(input.endpoints[view.endpoint].chains) == 1
} else := sprintf("%s (seen from %s)", [view.endpoint, vantages.listed(vantages.showing(view.endpoint, view.key))])

# evidence points to the registry's own certificate and to its chain.
evidence(view) := [pointer.to(["certificates", view.leaf]), pointer.to(["endpoints", view.endpoint, "chains", view.key])]

# long_enough tells whether a certificate's key has the bits that limits ask for.
long_enough(certificate, limits) if {
	is_number(certificate.key_bits)
	certificate.key_bits >= _least(certificate.key_algorithm, limits)
}

_least("RSA", limits) := limits.min_rsa_bits

_least("ECDSA", limits) := limits.min_ec_bits

_least("Ed25519", limits) := limits.min_ec_bits

# key says what a certificate's key is, "RSA of 2048 bits".
key(certificate) := sprintf("%s of %d bits", [certificate.key_algorithm, certificate.key_bits]) if {
	is_string(certificate.key_algorithm)
	is_number(certificate.key_bits)
} else := "of an unknown kind"

# signed_soundly tells whether the digest that a certificate is signed over is still
# held to be safe from collisions. The names are Go's, "SHA256-RSA".
signed_soundly(certificate) if {
	is_string(certificate.signature_algorithm)
	regex.match(`SHA(256|384|512)|^Ed25519$`, certificate.signature_algorithm)
}
