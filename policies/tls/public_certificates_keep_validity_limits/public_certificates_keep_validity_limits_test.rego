package regpolicy.tls.public_certificates_keep_validity_limits_test

import data.regpolicy.tls.public_certificates_keep_validity_limits as policy

_subject := {"kind": "registry", "name": "ghcr.io:443", "chain": "c"}

_verdicts(ok) := {"public:1": {"ok": ok}}

_document(validity, verdicts) := {
	"public_store": "public:1",
	"certificates": {"leaf": object.union({"common_name": "ghcr.io"}, validity)},
	"endpoints": {"ghcr.io:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"], "verdicts": verdicts}}}},
}

_valid(from, to) := {"not_before": from, "not_after": to}

_told(from, to, days) := sprintf("is valid from %s to %s, which is more than the %d days that public CAs may give", [from, to, days])

_silent := "is publicly trusted and does not tell how long it is valid"

test_denials[name] if {
	some name, tc in {
		"200 days, to the second": {"validity": _valid("2026-03-15T00:00:00Z", "2026-09-30T23:59:59Z"), "denied": set()},
		"a second more": {"validity": _valid("2026-03-15T00:00:00Z", "2026-10-01T00:00:00Z"), "denied": {_told("2026-03-15T00:00:00Z", "2026-10-01T00:00:00Z", 200)}},
		"398 days, begun a second earlier": {"validity": _valid("2026-03-14T23:59:59Z", "2027-04-16T23:59:58Z"), "denied": set()},
		"a second more than that": {"validity": _valid("2026-03-14T23:59:59Z", "2027-04-16T23:59:59Z"), "denied": {_told("2026-03-14T23:59:59Z", "2027-04-16T23:59:59Z", 398)}},
		"100 days": {"validity": _valid("2027-03-15T00:00:00Z", "2027-06-22T23:59:59Z"), "denied": set()},
		"101 days": {"validity": _valid("2027-03-15T00:00:00Z", "2027-06-23T23:59:59Z"), "denied": {_told("2027-03-15T00:00:00Z", "2027-06-23T23:59:59Z", 100)}},
		"47 days": {"validity": _valid("2029-03-15T00:00:00Z", "2029-04-30T23:59:59Z"), "denied": set()},
		"48 days": {"validity": _valid("2029-03-15T00:00:00Z", "2029-05-01T23:59:59Z"), "denied": {_told("2029-03-15T00:00:00Z", "2029-05-01T23:59:59Z", 47)}},
		"begun before there was a limit": {"validity": _valid("2020-08-31T23:59:59Z", "2030-01-01T00:00:00Z"), "denied": set()},
		"398 days from the day of the first limit": {"validity": _valid("2020-09-01T00:00:00Z", "2021-10-03T23:59:59Z"), "denied": set()},
		"399 from it": {"validity": _valid("2020-09-01T00:00:00Z", "2021-10-04T23:59:59Z"), "denied": {_told("2020-09-01T00:00:00Z", "2021-10-04T23:59:59Z", 398)}},
		"times missing": {"validity": {}, "denied": {_silent}},
		"end malformed": {"validity": _valid("2026-03-15T00:00:00Z", 7), "denied": {_silent}},
		"begin malformed": {"validity": _valid(7, "2026-03-15T00:00:00Z"), "denied": {_silent}},
	}
	denied := {concat("", [`the certificate "ghcr.io" of ghcr.io:443 `, why]) | some why in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.validity, _verdicts(true))
	policy.subjects == {_subject} with input as _document(tc.validity, _verdicts(true))
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}, "public_store": "public:1"},
		"a private chain": _document({}, _verdicts(false)),
		"a chain that was not judged": _document({}, {}),
		"no public store": json.remove(_document({}, _verdicts(true)), ["public_store"]),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_parameters if {
	document := _document(_valid("2026-03-15T00:00:00Z", "2026-09-30T23:59:59Z"), _verdicts(true))
	{finding.msg | some finding in policy.deny} == {concat("", [`the certificate "ghcr.io" of ghcr.io:443 `, _told("2026-03-15T00:00:00Z", "2026-09-30T23:59:59Z", 90)])} with input as document
		with data.params as {"RT-TLS-015": {"limits": [{"from": "2000-01-01T00:00:00Z", "days": 90}]}}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document({}, _verdicts(true))
	finding.subject == _subject
	finding.evidence == ["/certificates/leaf", "/endpoints/ghcr.io:443/chains/c"]
}
