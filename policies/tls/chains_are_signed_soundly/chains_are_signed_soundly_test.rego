package regpolicy.tls.chains_are_signed_soundly_test

import data.regpolicy.tls.chains_are_signed_soundly as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(leaf, ca) := {
	"certificates": {"leaf": object.union({"common_name": "harbor", "self_signed": false}, leaf), "ca": object.union({"common_name": "CA", "self_signed": false}, ca)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf", "ca", "gone"]}}}},
}

_sound := {"signature_algorithm": "SHA256-RSA"}

_told(name, how) := sprintf("harbor:443 sends %q, which is signed %s", [name, how])

test_findings[name] if {
	some name, tc in {
		"SHA-256": {"leaf": _sound, "ca": _sound, "denied": set(), "warned": set()},
		"SHA-1": {"leaf": {"signature_algorithm": "SHA1-RSA"}, "ca": _sound, "denied": {_told("harbor", "with SHA1-RSA")}, "warned": set()},
		"a CA over MD5": {"leaf": _sound, "ca": {"signature_algorithm": "MD5-RSA"}, "denied": {_told("CA", "with MD5-RSA")}, "warned": set()},
		"a root over SHA-1": {"leaf": _sound, "ca": {"signature_algorithm": "SHA1-RSA", "self_signed": true}, "denied": set(), "warned": set()},
		"both": {"leaf": {"signature_algorithm": "ECDSA-SHA1"}, "ca": {"signature_algorithm": "MD5-RSA"}, "denied": {_told("harbor", "with ECDSA-SHA1"), _told("CA", "with MD5-RSA")}, "warned": set()},
		"an unknown algorithm": {"leaf": {"signature_algorithm": "unknown"}, "ca": _sound, "denied": set(), "warned": {_told("harbor", "with an algorithm that this tool does not know")}},
		"algorithm missing": {"leaf": {}, "ca": _sound, "denied": {_told("harbor", "in a way that it does not tell")}, "warned": set()},
		"algorithm empty": {"leaf": {"signature_algorithm": ""}, "ca": _sound, "denied": {_told("harbor", "in a way that it does not tell")}, "warned": set()},
		"algorithm malformed": {"leaf": {"signature_algorithm": 7}, "ca": _sound, "denied": {_told("harbor", "in a way that it does not tell")}, "warned": set()},
		"self-signed malformed": {"leaf": {"signature_algorithm": "SHA1-RSA", "self_signed": "yes"}, "ca": _sound, "denied": {_told("harbor", "with SHA1-RSA")}, "warned": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.leaf, tc.ca)
	{finding.msg | some finding in policy.warn} == tc.warned with input as _document(tc.leaf, tc.ca)
	policy.subjects == {_subject} with input as _document(tc.leaf, tc.ca)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document({"signature_algorithm": "SHA1-RSA"}, _sound)
	finding.subject == _subject
	finding.evidence == ["/certificates/leaf"]
	some warning in policy.warn with input as _document(_sound, {"signature_algorithm": "unknown"})
	warning.subject == _subject
	warning.severity == "low"
	warning.evidence == ["/certificates/ca"]
}
