# METADATA
# title: Every trust entry is a CA, not a leaf
# description: >-
#   A value holds a certificate that may sign others. A server's own certificate in the
#   place of its CA vouches for nothing else: pulls work while a registry presents that
#   very certificate, which is a warning, and fail with its renewal. Where no registry
#   is seen to present it, it fails. A leaf beside its CA is superfluous.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9
# custom:
#   id: RT-CFG-006
#   severity: high
#   recommended_action: Configure the CA that issued the registry's certificate, not the certificate itself.
#   explains: [RT-NOD-004, RT-XEV-003, RT-TLS-002, RT-EVT-002]
#   optional_evidence: [endpoints]
#   tags: [cfg, preflight]
package regpolicy.cfg.trust_entries_are_authorities

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(input.trust[key]) if some key, _ in trustvalues.certificates

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["certificates", fingerprint, "is_ca"])], "trust_domain": entry.domain} if {
	some [key, fingerprint] in _leaves
	not _authority(key)
	not _presented[fingerprint]
	entry := input.trust[key]
	msg := sprintf("%s is %q, which is no CA and which no registry is seen to present", [trustvalues.of(entry), chains.name_of(fingerprint)])
}

warn contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["certificates", fingerprint, "is_ca"])], "trust_domain": entry.domain} if {
	some [key, fingerprint] in _leaves
	not _authority(key)
	entry := input.trust[key]
	msg := sprintf("%s is %q, the certificate of %s itself and no CA; pulls fail as soon as it is renewed", [
		trustvalues.of(entry), chains.name_of(fingerprint), concat(", ", _presented[fingerprint]),
	])
}

warn contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["certificates", fingerprint, "is_ca"])], "trust_domain": entry.domain, "severity": "low", "remediation": remediation} if {
	some [key, fingerprint] in _leaves
	_authority(key)
	entry := input.trust[key]
	msg := sprintf("%s holds %q beside a CA, though it is none", [trustvalues.of(entry), chains.name_of(fingerprint)])
	remediation := sprintf("Leave %q out and keep the CA", [chains.name_of(fingerprint)])
}

_leaves contains [key, fingerprint] if {
	some key, found in trustvalues.certificates
	some fingerprint, certificate in found
	not certificate.is_ca
}

_authority(key) if {
	some certificate in trustvalues.certificates[key]
	certificate.is_ca
}

# _presented are the registries that present a certificate as their own, by its
# fingerprint.
_presented[chain.certificates[0]] contains name if {
	some name, endpoint in input.endpoints
	some chain in endpoint.chains
}
