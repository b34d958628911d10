package regpolicy.tls.registry_certificates_come_from_cas_test

import data.regpolicy.tls.registry_certificates_come_from_cas as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(facts) := {
	"certificates": {"leaf": object.union({"common_name": "harbor"}, facts)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"]}}}},
}

_own := `the certificate "harbor" of harbor:443 signs itself and is no CA: it is its own anchor`

_ca := `the certificate "harbor" of harbor:443 signs itself and is a CA: the registry's key can issue certificates that its anchors trust`

test_findings[name] if {
	some name, tc in {
		"issued by a CA": {"facts": {"self_signed": false, "is_ca": false}, "denied": set(), "warned": set()},
		"issued by a CA, and a CA": {"facts": {"self_signed": false, "is_ca": true}, "denied": set(), "warned": set()},
		"signed by itself": {"facts": {"self_signed": true, "is_ca": false}, "denied": {_own}, "warned": set()},
		"signed by itself, and a CA": {"facts": {"self_signed": true, "is_ca": true}, "denied": set(), "warned": {_ca}},
		"facts missing": {"facts": {}, "denied": {_own}, "warned": set()},
		"facts malformed": {"facts": {"self_signed": "no", "is_ca": "yes"}, "denied": {_own}, "warned": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.facts)
	{finding.msg | some finding in policy.warn} == tc.warned with input as _document(tc.facts)
	policy.subjects == {_subject} with input as _document(tc.facts)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject if {
	evidence := ["/certificates/leaf", "/endpoints/harbor:443/chains/c"]
	policy.deny == {{"subject": _subject, "msg": _own, "evidence": evidence}} with input as _document({"self_signed": true, "is_ca": false})
	policy.warn == {{"subject": _subject, "msg": _ca, "severity": "low", "evidence": evidence}} with input as _document({"self_signed": true, "is_ca": true})
}
