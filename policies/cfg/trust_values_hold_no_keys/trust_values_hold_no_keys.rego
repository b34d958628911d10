# METADATA
# title: No trust value holds a private key, CSR or PKCS#12
# description: >-
#   Trust needs a certificate and nothing else. A private key or a PKCS#12 file that was
#   pasted instead lies in the configuration for all who may read it, and on every node;
#   a signing request is no certificate at all. Pass means that a value holds none of
#   them.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc7468
# custom:
#   id: RT-CFG-012
#   severity: high
#   recommended_action: >-
#     Take the value out, issue a new key and certificate in place of those that were
#     disclosed, and give the CA's certificate alone.
#   explains: [RT-CFG-002, RT-NOD-002, RT-NOD-012]
#   tags: [cfg, preflight, audit]
#   controls:
#     bsi-sys-1.6: [A8]
#     cis-kubernetes-1.10: ["5.1.2", "5.4.1"]
package regpolicy.cfg.trust_values_hold_no_keys

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(entry) if {
	some entry in trustvalues.held
	_examined(entry.value)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain} if {
	some key, entry in trustvalues.held
	_examined(entry.value)
	some what in _secrets(entry.value)
	msg := sprintf("%s holds %s; what it protects counts as disclosed", [trustvalues.of(entry), what])
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain, "severity": "medium", "remediation": remediation} if {
	some key, entry in trustvalues.held
	_examined(entry.value)
	_request(entry.value)
	msg := sprintf("%s holds a certificate signing request, which vouches for nothing", [trustvalues.of(entry)])
	remediation := "Give the certificate of the CA in place of the request"
}

_examined(value) if {
	is_boolean(value.has_private_key)
	is_string(value.inner)
	is_array(value.blocks)
}

_secrets(value) := {what |
	some what, holds in {
		"a private key": value.has_private_key,
		"a PKCS#12 file": value.inner == "pkcs12",
	}
	holds
}

_request(value) if value.inner == "csr"

_request(value) if {
	some block in value.blocks
	endswith(block.label, "CERTIFICATE REQUEST")
}
