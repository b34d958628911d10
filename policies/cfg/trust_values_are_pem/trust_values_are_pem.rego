# METADATA
# title: Every decoded trust value is a PEM certificate
# description: >-
#   With all layers of base64 taken off, a value holds at least one PEM certificate: not
#   DER, not PKCS#7 or PKCS#12, not a PEM that a copy or an editor damaged, and not
#   nothing at all.
# custom:
#   id: RT-CFG-002
#   severity: critical
#   recommended_action: >-
#     Give the CA as PEM: `openssl x509 -inform der -in ca.der -out ca.crt` converts a DER
#     file, `openssl pkcs7 -print_certs -in ca.p7b -out ca.crt` a PKCS#7 file (with
#     `-inform der` a binary one).
#   explains: [RT-NOD-001, RT-NOD-002, RT-XEV-001, RT-XEV-003, RT-TLS-002, RT-EVT-002, RT-EVT-012]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_values_are_pem

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	_given(entry)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key])], "trust_domain": entry.domain} if {
	some key, entry in input.trust
	_given(entry)
	not _pem(entry)
	msg := sprintf("the value of %q in %s is %s, not a PEM certificate", [entry.label, trust.source(entry), _what(entry)])
}

# An entry that names no secret is RT-CFG-003's business, one whose secret was not
# had nobody's.
_given(entry) if entry.value

_given(entry) if {
	entry.reason == "no_value"
	not entry.secret
}

_given(entry) if {
	entry.reason == "no_value"
	entry.secret.name != ""
}

_pem(entry) if {
	entry.value.inner == "pem"
	some block in entry.value.blocks
	block.ok
}

_what(entry) := "empty" if {
	not entry.value
} else := sprintf("%s (%s)", [_words[entry.value.inner], trim_right(entry.value.reason, ".")]) if {
	entry.value.reason != ""
	entry.value.inner in {"broken_pem", "other"}
} else := _words[entry.value.inner] if {
	_words[entry.value.inner]
} else := "something else"

_words := {
	"broken_pem": "a PEM file in which no certificate can be read",
	"csr": "a certificate signing request",
	"der": "a DER certificate",
	"empty": "empty",
	"other": "something else",
	"pem": "a PEM file in which no certificate can be read",
	"pkcs12": "a PKCS#12 file",
	"pkcs7": "a PKCS#7 file",
	"private_key": "a private key",
}
