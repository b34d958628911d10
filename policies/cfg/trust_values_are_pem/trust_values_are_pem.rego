# METADATA
# title: Every decoded trust value is a PEM certificate
# description: >-
#   With all layers of base64 taken off, a value holds at least one PEM certificate: not
#   DER, not PKCS#7 or PKCS#12, not a PEM that a copy or an editor damaged.
# custom:
#   id: RT-CFG-002
#   severity: critical
#   recommended_action: >-
#     Give the CA as PEM: `openssl x509 -inform der -in ca.der -out ca.crt` converts a DER
#     file, `openssl pkcs7 -print_certs -in ca.p7b -out ca.crt` a PKCS#7 file.
#   explains: [RT-NOD-001, RT-NOD-002, RT-XEV-001, RT-XEV-003, RT-TLS-002, RT-EVT-002]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_values_are_pem

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	entry.value
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain} if {
	some key, entry in input.trust
	entry.value
	not _pem(entry.value)
	msg := sprintf("the value of %q in %s is %s, not a PEM certificate", [entry.label, trust.source(entry), _what(entry.value)])
}

_pem(value) if {
	value.inner == "pem"
	some block in value.blocks
	block.ok
}

_what(value) := object.get(_words, value.inner, value.inner)

_words := {
	"broken_pem": "a damaged PEM file in which no certificate can be read",
	"csr": "a certificate signing request",
	"der": "a DER certificate",
	"empty": "empty",
	"other": "something else",
	"pem": "a PEM file in which no certificate can be read",
	"pkcs12": "a PKCS#12 file",
	"pkcs7": "a PKCS#7 file",
	"private_key": "a private key",
}
