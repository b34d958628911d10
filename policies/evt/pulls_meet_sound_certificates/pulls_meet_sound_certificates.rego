# METADATA
# title: No image pull fails on another certificate profile error
# description: >-
#   No runtime was shown a chain that leads to a trusted authority and yet breaks the
#   rules for certificates: an issuer that is no CA, a certificate that is not meant for
#   servers, a constraint, a weak signature. A node without any roots is told here, too.
#   A pass says only that no such failure was seen.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1
#     description: RFC 5280, certificate extensions
# custom:
#   id: RT-EVT-006
#   severity: high
#   recommended_action: >-
#     Re-issue the certificate, or the CA's where the message speaks of an issuer, with
#     the extensions that RFC 5280 asks for.
#   explains: [RT-EVT-001]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_meet_sound_certificates

import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {
	"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key),
	"trust_domain": pulls.trust_domain(failure), "remediation": object.get(_remediations, failure.cause, ""),
} if {
	some key, failure in input.pull_failures
	msg := concat("", [pulls.says(failure, _words), pulls.quoted(failure)])
}

_words := {
	"chain_invalid": "the certificate chain of %s breaks a rule for chains",
	"issuer_not_ca": "the certificate of %s is signed by one that is no CA",
	"name_constraint": "an authority of %s may not sign for that name",
	"no_system_roots": "there are no roots to verify the certificate of %s with",
	"weak_signature": "a certificate of %s is signed with an algorithm that runtimes refuse",
	"wrong_key_usage": "the certificate of %s is not meant for servers",
}

# Where the cause is none of these, the policy's own repair holds.
_remediations := {
	"issuer_not_ca": "Re-issue the CA with basicConstraints CA:TRUE and keyUsage keyCertSign, or trust the CA that really issues",
	"no_system_roots": "Repair the system bundle on the node (update-ca-certificates, update-ca-trust or rehash_ca_certificates.sh) or replace the node",
	"wrong_key_usage": "Re-issue the certificate with extended key usage serverAuth",
}
