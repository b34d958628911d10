package regpolicy.tls.registries_answer_the_api_test

import data.regpolicy.tls.registries_answer_the_api as policy

_subject := {"kind": "registry", "name": "harbor:443"}

_document(v2) := {"endpoints": {"harbor:443": {"roles": ["registry"], "probes": {"collector": {"v2": v2}}}}}

_version := "registry/2.0"

test_denials[name] if {
	some name, tc in {
		"200": {"v2": {"status": 200, "api_version": _version}, "denied": set()},
		"401": {"v2": {"status": 401, "api_version": "registry/2.0"}, "denied": set()},
		"404": {"v2": {"status": 404, "api_version": _version}, "denied": {"404, which no registry does"}},
		"another API": {"v2": {"status": 200, "api_version": "registry/1.0"}, "denied": {"200, but names no version of the registry API"}},
		"no API": {"v2": {"status": 401}, "denied": {"401, but names no version of the registry API"}},
		"an error": {"v2": {"status": 200, "api_version": _version, "error": "cut off"}, "denied": {"nothing that can be read (cut off)"}},
		"error empty": {"v2": {"status": 200, "api_version": _version, "error": ""}, "denied": set()},
		"status 0": {"v2": {"status": 0, "api_version": _version}, "denied": {"without a status"}},
		"status malformed": {"v2": {"status": 9}, "denied": {"9, which no registry does"}},
		"status missing": {"v2": {}, "denied": {"without a status"}},
	}
	denied := {concat("", ["/v2/ of harbor:443, seen from collector, answers ", answer]) | some answer in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.v2)
	policy.subjects == {_subject} with input as _document(tc.v2)
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no section": {}, "no endpoint": {"endpoints": {}},
		"not asked": {"endpoints": {"harbor:443": {"roles": ["registry"], "probes": {"collector": {}}}}},
		"a token service": {"endpoints": {"auth:443": {"roles": ["token"], "probes": {"collector": {"v2": {"status": 404}}}}}},
		"a client certificate is wanted": {"endpoints": {"harbor:443": {"roles": ["registry"], "probes": {"collector": {"v2": {"status": 400}, "client_certificate_required": true}}}}},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	odd := {"v2": {"status": 503}}
	policy.deny == {{
		"subject": _subject, "msg": "/v2/ of harbor:443, seen from collector, node/a, answers 503, which no registry does",
		"evidence": ["/endpoints/harbor:443/probes/collector/v2", "/endpoints/harbor:443/probes/node~1a/v2"],
	}} with input as {"endpoints": {"harbor:443": {"roles": ["requested"], "probes": {"node/a": odd, "collector": odd, "node/b": {"v2": {"status": 200, "api_version": _version}}}}}}
}
