package regpolicy.tls.token_services_verify_test

import data.regpolicy.tls.token_services_verify as policy

_subject := {"kind": "registry", "name": "harbor:443", "endpoint": "auth:443"}

_yes := {"ok": true, "paths": [["leaf"]]}

_no := {"ok": false, "detail": "no root"}

_document(own, theirs, stores) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"leaf": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}},
	"trust_stores": {key: {"verifier": verifier} | some key, verifier in stores},
	"endpoints": {
		"harbor:443": {"probes": {"collector": {"v2": {"realm_host": "auth:443"}}}, "chains": {"c": {"verdicts": own}}},
		"auth:443": {"probes": {"collector": {}}, "chains": {key: {"verdicts": verdicts} | some key, verdicts in theirs}},
	},
}

_go := {"go:1": "go", "go:2": "go", "configured:1": "configured", "public:1": "public", "openssl:1": "openssl"}

_wish := {"configured:1": "configured", "public:1": "public", "openssl:1": "openssl"}

_broken(n) := sprintf("%d trust store(s) do not lead its chain to an anchor: no root", [n])

test_denials[name] if {
	some name, tc in {
		"both verify on all nodes": {"document": _document({"go:1": _yes, "go:2": _yes}, {"d": {"go:1": _yes, "go:2": _yes}}, _go), "denied": set()},
		"the registry alone verifies on one": {"document": _document({"go:1": _yes, "go:2": _yes}, {"d": {"go:1": _no, "go:2": _yes}}, _go), "denied": {_broken(1)}},
		"the token service alone verifies on one": {"document": _document({"go:1": _no, "go:2": _yes}, {"d": {"go:1": _yes, "go:2": _yes}}, _go), "denied": set()},
		"neither verifies on one": {"document": _document({"go:1": _no, "go:2": _yes}, {"d": {"go:1": _no, "go:2": _yes}}, _go), "denied": set()},
		"neither verifies": {"document": _document({"go:1": _no, "go:2": _no}, {"d": {"go:1": _no, "go:2": _no}}, _go), "denied": {_broken(2)}},
		"one of two chains does not": {"document": _document({"go:1": _yes}, {"d": {"go:1": _yes}, "e": {"go:1": _no}}, {"go:1": "go"}), "denied": {_broken(1)}},
		"it is configured and on no node": {"document": _document({"go:1": _yes}, {"d": {"go:1": _no, "configured:1": _yes}}, _go), "denied": {_broken(2)}},
		"OpenSSL's reading does not count": {"document": _document({"go:1": _yes}, {"d": {"go:1": _no, "openssl:1": _yes}}, {"go:1": "go", "openssl:1": "openssl"}), "denied": {_broken(1)}},
		"without nodes, it is configured": {"document": _document({"public:1": _yes}, {"d": {"configured:1": _yes, "public:1": _no}}, _wish), "denied": set()},
		"without nodes, it is public": {"document": _document({"configured:1": _yes}, {"d": {"configured:1": _no, "public:1": _yes}}, _wish), "denied": set()},
		"without nodes, it is neither": {"document": _document({"configured:1": _yes}, {"d": {"configured:1": _no, "public:1": _no, "openssl:1": _yes}}, _wish), "denied": {_broken(2)}},
		"it has expired": {
			"document": object.union(_document({"go:1": _yes}, {"d": {"go:1": _yes}}, {"go:1": "go"}), {"at": "2028-01-01T00:00:00Z"}),
			"denied": {`1 trust store(s) do not lead its chain to an anchor: "a certificate without a name" has expired at 2027-01-01T00:00:00Z`},
		},
		"it shows no certificate": {"document": _document({"go:1": _yes}, {}, _go), "denied": {"it shows no certificate"}},
		"chains missing": {"document": json.remove(_document({"go:1": _yes}, {}, _go), ["endpoints/auth:443/chains"]), "denied": {"it shows no certificate"}},
		"verdicts malformed": {"document": _document({"go:1": _yes}, {"d": {"go:1": 7}}, {"go:1": "go"}), "denied": {"1 trust store(s) do not lead its chain to an anchor: no path to an anchor is known"}},
	}
	denied := {concat("", ["the token service auth:443 of harbor:443 is not verified: ", why]) | some why in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as tc.document
	policy.subjects == {_subject} with input as tc.document
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no section": {"collected_at": "2026-11-23T08:00:00Z"},
		"no endpoint": {"collected_at": "2026-11-23T08:00:00Z", "endpoints": {}, "trust_stores": {"go:1": {"verifier": "go"}}},
		"no token service": json.remove(_document({}, {}, _go), ["endpoints/harbor:443/probes/collector/v2"]),
		"the registry is its own": object.union(_document({"go:1": _no}, {}, _go), {"endpoints": {"harbor:443": {"probes": {"collector": {"v2": {"realm_host": "harbor:443"}}}}}}),
		"one that was not probed": json.remove(_document({}, {}, _go), ["endpoints/auth:443/probes/collector"]),
		"one that is not in the document": json.remove(_document({}, {}, _go), ["endpoints/auth:443"]),
		"no trust store": _document({}, {"d": {}}, {}),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject, "evidence": ["/endpoints/auth:443"],
		"msg": concat("", ["the token service auth:443 of harbor:443 is not verified: ", _broken(1)]),
	}} with input as _document({"go:1": _yes}, {"d": {"go:1": _no}}, {"go:1": "go"})
}
