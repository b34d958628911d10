package regpolicy.tls.registry_certificates_last_test

import data.regpolicy.tls.registry_certificates_last as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(validity) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"leaf": object.union({"common_name": "harbor", "not_before": "2026-01-01T00:00:00Z"}, validity)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"]}}}},
}

test_denials[name] if {
	some name, tc in {
		"exactly 90 days": {"validity": {"not_after": "2027-02-21T08:00:00Z"}, "denied": set()},
		"a second less": {"validity": {"not_after": "2027-02-21T07:59:59Z"}, "denied": {["medium", "expires in 89 day(s), at 2027-02-21T07:59:59Z"]}},
		"exactly 30 days": {"validity": {"not_after": "2026-12-23T08:00:00Z"}, "denied": {["medium", "expires in 30 day(s), at 2026-12-23T08:00:00Z"]}},
		"a second less than 30 days": {"validity": {"not_after": "2026-12-23T07:59:59Z"}, "denied": {["high", "expires in 29 day(s), at 2026-12-23T07:59:59Z"]}},
		"in its last second": {"validity": {"not_after": "2026-11-23T08:00:00Z"}, "denied": {["high", "expires in 0 day(s), at 2026-11-23T08:00:00Z"]}},
		"expired": {"validity": {"not_after": "2026-11-23T07:59:59Z"}, "denied": {["critical", "has expired at 2026-11-23T07:59:59Z"]}},
		"without an end": {"validity": {"not_after": "9999-12-31T23:59:59Z"}, "denied": set()},
		"end missing": {"validity": {}, "denied": {["critical", "does not tell when it expires"]}},
		"end malformed": {"validity": {"not_after": "soon"}, "denied": {["critical", "does not tell when it expires"]}},
		"end of another type": {"validity": {"not_after": 7}, "denied": {["critical", "does not tell when it expires"]}},
	}
	denied := {[severity, concat("", [`the certificate "harbor" of harbor:443 `, fate])] | some [severity, fate] in tc.denied}
	{[finding.severity, finding.msg] | some finding in policy.deny} == denied with input as _document(tc.validity)
	policy.subjects == {_subject} with input as _document(tc.validity)
}

test_parameters if {
	document := _document({"not_after": "2026-12-23T08:00:00Z"})
	policy.deny == set() with input as document with data.params as {"RT-TLS-006": {"high_days": 7, "medium_days": 21}}
	{finding.severity | some finding in policy.deny} == {"high"} with input as document with data.params as {"RT-TLS-006": {"high_days": 31}}
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
