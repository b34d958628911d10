package regpolicy.tls.registry_certificates_have_begun_test

import data.regpolicy.tls.registry_certificates_have_begun as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(validity) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"leaf": object.union({"common_name": "harbor"}, validity)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"]}}}},
}

test_denials[name] if {
	some name, tc in {
		"long ago": {"validity": {"not_before": "2026-01-01T00:00:00Z"}, "denied": set()},
		"this second": {"validity": {"not_before": "2026-11-23T08:00:00Z"}, "denied": set()},
		"the next": {"validity": {"not_before": "2026-11-23T08:00:01Z"}, "denied": {"is not valid before 2026-11-23T08:00:01Z, and now is 2026-11-23T08:00:00Z"}},
		"begin missing": {"validity": {}, "denied": {"does not tell when its validity begins"}},
		"begin malformed": {"validity": {"not_before": "soon"}, "denied": {"does not tell when its validity begins"}},
		"begin of another type": {"validity": {"not_before": 7}, "denied": {"does not tell when its validity begins"}},
	}
	denied := {concat("", [`the certificate "harbor" of harbor:443 `, fate]) | some fate in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.validity)
	policy.subjects == {_subject} with input as _document(tc.validity)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {"collected_at": "2026-11-23T08:00:00Z"}, "no endpoint": {"collected_at": "2026-11-23T08:00:00Z", "certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document({})
	finding.subject == _subject
	finding.evidence == ["/certificates/leaf", "/endpoints/harbor:443/chains/c"]
}
