package regpolicy.tls.registries_speak_https_test

import data.regpolicy.tls.registries_speak_https as policy

_subject := {"kind": "registry", "name": "harbor:80"}

_document(probes) := {"endpoints": {"harbor:80": {"probes": probes}}}

_told(where) := concat("", ["harbor:80 speaks plain HTTP, seen from ", where])

test_denials[name] if {
	some name, tc in {
		"HTTPS": {"probes": {"collector": {"scheme": "https"}}, "denied": set(), "subjects": {_subject}},
		"HTTP": {"probes": {"collector": {"scheme": "http"}}, "denied": {_told("collector")}, "subjects": {_subject}},
		"HTTP from two of three places": {"probes": {"collector": {"scheme": "https"}, "node/b": {"scheme": "http"}, "node/a": {"scheme": "http"}}, "denied": {_told("node/a, node/b")}, "subjects": {_subject}},
		"nothing known": {"probes": {"collector": {"scheme": "unknown"}}, "denied": set(), "subjects": set()},
		"scheme empty": {"probes": {"collector": {"scheme": ""}}, "denied": set(), "subjects": set()},
		"scheme missing": {"probes": {"collector": {}}, "denied": set(), "subjects": set()},
		"scheme malformed": {"probes": {"collector": {"scheme": 7}}, "denied": {_told("collector")}, "subjects": {_subject}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.probes)
	policy.subjects == tc.subjects with input as _document(tc.probes)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"endpoints": {}}, "no probe": _document({})}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told("collector, node/a"), "evidence": ["/endpoints/harbor:80/probes/collector", "/endpoints/harbor:80/probes/node~1a"]}} with input as _document({"node/a": {"scheme": "http"}, "collector": {"scheme": "http"}})
}
