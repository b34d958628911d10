# METADATA
# title: No configured CA is expired, or expires before the limit or before the leaf
# description: >-
#   With the end of a CA's validity every registry below it stops being trusted, on all
#   nodes at once, and its successor has to be rolled out before. An expired CA is a
#   failure of high severity; one that expires within min_days, or before the
#   certificate of a registry that depends on it, of medium severity. Within warn_days
#   it is a warning. Pass means that the CA lasts longer than all of these.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
# custom:
#   id: RT-CFG-007
#   severity: high
#   recommended_action: >-
#     Configure the CA's successor now, beside the old one and under a new entry name, and
#     remove the old one when all registries have moved.
#   explains: [RT-NOD-005, RT-XEV-003, RT-XEV-011, RT-TLS-002, RT-EVT-004]
#   optional_evidence: [endpoints, domains]
#   tags: [cfg, preflight, audit]
#   params: {min_days: 30, warn_days: 90}
#   controls:
#     pci-dss-4.0.1: ["4.2.1.1"]
package regpolicy.cfg.configured_cas_stay_valid

import data.regpolicy.lib.chains
import data.regpolicy.lib.clock
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(input.trust[key]) if some key, _ in trustvalues.certificates

deny contains object.union(_finding(ca), {"msg": msg, "severity": severity}) if {
	some ca in _cas
	not _lasts(ca.certificate, _params.min_days)
	[severity, state] := _state(ca.certificate)
	msg := sprintf("the CA %q in %s %s", [chains.name(ca.certificate), _place(ca), state])
}

deny contains object.union(_finding(ca), {"msg": msg, "severity": "medium"}) if {
	some ca in _cas
	_lasts(ca.certificate, 0)
	some later in _outlived
	[later.domain, later.anchor] == [ca.entry.domain, ca.fingerprint]
	msg := sprintf("the CA %q in %s expires at %s, before the certificate of %s, which is valid to %s", [
		chains.name(ca.certificate), _place(ca), ca.certificate.not_after, later.registry, input.certificates[later.leaf].not_after,
	])
}

warn contains object.union(_finding(ca), {"msg": msg, "severity": "low"}) if {
	some ca in _cas
	not _lasts(ca.certificate, _params.warn_days)
	msg := sprintf("the CA %q in %s expires at %s, in less than %d days", [
		chains.name(ca.certificate), _place(ca), ca.certificate.not_after, _params.warn_days,
	])
}

_cas contains {"key": key, "entry": input.trust[key], "fingerprint": fingerprint, "certificate": certificate} if {
	some key, found in trustvalues.certificates
	some fingerprint, certificate in found
}

_finding(ca) := {
	"subject": trust.subject(ca.entry), "trust_domain": ca.entry.domain,
	"evidence": [pointer.to(["certificates", ca.fingerprint, "not_after"]), pointer.to(["trust", ca.key])],
}

_place(ca) := sprintf("%s (entry %q)", [trust.source(ca.entry), ca.entry.label])

# _lasts tells whether a certificate is valid for so many days more. One whose end
# cannot be read is not.
_lasts(certificate, days) if clock.ns(certificate.not_after) >= clock.now_ns + (days * 86400000000000)

_state(certificate) := ["medium", sprintf("expires at %s, in less than %d days", [certificate.not_after, _params.min_days])] if {
	_lasts(certificate, 0)
} else := ["high", sprintf("has expired at %s", [certificate.not_after])] if {
	clock.ns(certificate.not_after)
} else := ["high", "has a validity that cannot be read"]

# _outlived are the registries' certificates that are valid for longer than every
# anchor of a domain that they lead to.
_outlived contains {"domain": domain, "anchor": fingerprint, "registry": registry, "leaf": leaf} if {
	some domain, trusted in input.domains
	some registry, endpoint in input.endpoints
	some chain in endpoint.chains
	leaf := chain.certificates[0]
	anchors := {path[count(path) - 1] | some path in chain.verdicts[trusted.trust_store].paths}
	every anchor in anchors {
		clock.ns(input.certificates[anchor].not_after) < clock.ns(input.certificates[leaf].not_after)
	}
	some fingerprint in anchors
}

_params := params.of("RT-CFG-007", rego.metadata.chain())
