package regpolicy.lib.chains_test

import data.regpolicy.lib.chains

_document := {
	"collected_at": "2026-11-23T08:00:00Z",
	"public_store": "public:1",
	"certificates": {
		"leaf": {"common_name": "leaf", "subject": "CN=leaf", "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"},
		"root": {"common_name": "root", "subject": "CN=root", "not_before": "2020-01-01T00:00:00Z", "not_after": "9999-12-31T23:59:59Z"},
		"old": {"common_name": "old", "subject": "CN=old", "not_before": "2020-01-01T00:00:00Z", "not_after": "2025-01-01T00:00:00Z"},
		"new": {"common_name": "new", "subject": "CN=new", "not_before": "2027-01-01T00:00:00Z", "not_after": "2030-01-01T00:00:00Z"},
		"nameless": {"subject": "O=Corp", "not_before": "soon", "not_after": "2030-01-01T00:00:00Z"},
		"empty": {"not_before": "2020-01-01T00:00:00Z"},
	},
}

test_where_chains_lead[name] if {
	some name, tc in {
		"to an anchor": {"verdict": {"ok": true, "paths": [["leaf", "root"]]}, "anchors": {"root"}, "why": "no path to an anchor is known"},
		"to two anchors, one expired": {"verdict": {"ok": true, "paths": [["leaf", "old"], ["leaf", "root"]]}, "anchors": {"root"}, "why": "no path to an anchor is known"},
		"to itself as an anchor": {"verdict": {"ok": true, "paths": [["leaf"]]}, "anchors": {"leaf"}, "why": "no path to an anchor is known"},
		"to an expired anchor": {"verdict": {"ok": true, "paths": [["leaf", "old"]]}, "anchors": set(), "why": `"old" has expired at 2025-01-01T00:00:00Z`},
		"by way of one that is not valid yet": {"verdict": {"ok": true, "paths": [["leaf", "new", "root"]]}, "anchors": set(), "why": `"new" is not valid before 2027-01-01T00:00:00Z`},
		"by way of one whose time is malformed": {"verdict": {"ok": true, "paths": [["leaf", "nameless", "root"]]}, "anchors": set(), "why": `the validity of "O=Corp" cannot be read`},
		"by way of one without name and end": {"verdict": {"ok": true, "paths": [["empty", "root"]]}, "anchors": set(), "why": `the validity of "a certificate without a name" cannot be read`},
		"by way of one that the document lacks": {"verdict": {"ok": true, "paths": [["leaf", "gone", "root"]]}, "anchors": set(), "why": "no path to an anchor is known"},
		"somewhere that is not told": {"verdict": {"ok": true}, "anchors": set(), "why": "no path to an anchor is known"},
		"by an empty path": {"verdict": {"ok": true, "paths": [[]]}, "anchors": set(), "why": "no path to an anchor is known"},
		"nowhere": {"verdict": {"ok": false, "reason": "root_absent", "detail": "no root", "paths": [["leaf", "root"]]}, "anchors": set(), "why": "no root"},
		"nowhere, without a word": {"verdict": {"ok": false, "reason": "root_absent", "detail": ""}, "anchors": set(), "why": "root absent"},
		"nowhere, without a reason": {"verdict": {"ok": false}, "anchors": set(), "why": "no path to an anchor is known"},
	}
	chain := {"verdicts": {"go:1": tc.verdict}}
	chains.anchors(chain, "go:1") == tc.anchors with input as _document
	chains.why(chain, "go:1") == tc.why with input as _document
}

test_a_store_without_verdict_anchors_nothing if {
	not chains.anchored({"verdicts": {}}, "go:1") with input as _document
	not chains.lapsed({"verdicts": {}}, "go:1") with input as _document
}

test_renewal[name] if {
	some name, tc in {
		"of an anchor is the configuration's": {"path": ["leaf", "old"], "want": `Put the CA's new certificate into the trust configuration in place of "old"; for workload nodes under a new entry name, so that they roll`},
		"of what lies below it is the registry's": {"path": ["leaf", "new", "root"], "want": `Renew "new" and let harbor:443 serve it; where it is not valid yet, check the clocks first`},
		"of a leaf that is its own anchor is the registry's": {"path": ["old"], "want": `Renew "old" and let harbor:443 serve it; where it is not valid yet, check the clocks first`},
	}
	chains.renewal({"verdicts": {"go:1": {"ok": true, "paths": [tc.path]}}}, "go:1", "harbor:443") == tc.want with input as _document
}

test_public[name] if {
	some name, tc in {
		"a chain to a public root": {"verdicts": {"public:1": {"ok": true}}, "public": true},
		"a chain to none": {"verdicts": {"public:1": {"ok": false}}, "public": false},
		"a chain that was not judged": {"verdicts": {}, "public": false},
	}
	_public(tc.verdicts) == tc.public
}

default _public(_) := false

_public(verdicts) if chains.public({"verdicts": verdicts}) with input as _document

test_registries[name] if {
	some name, tc in {
		"an image's": {"roles": ["registry"], "registry": true},
		"one that was asked for": {"roles": ["token", "requested"], "registry": true},
		"a token service": {"roles": ["token"], "registry": false},
		"no role": {"roles": [], "registry": false},
	}
	_registry(tc.roles) == tc.registry
}

default _registry(_) := false

_registry(roles) if chains.registry({"roles": roles})

test_names[name] if {
	some name, tc in {
		"a known one": {"fingerprint": "root", "want": "root"},
		"one without common name": {"fingerprint": "nameless", "want": "O=Corp"},
		"an unknown one": {"fingerprint": "gone", "want": "a certificate that is not in this document"},
	}
	chains.name_of(tc.fingerprint) == tc.want with input as _document
}

test_top if {
	document := {"certificates": {"a": {"issuer": "CN=b"}, "b": {"issuer": "CN=c"}}}
	chains.top({"certificates": ["a", "b"]}) == "CN=c" with input as document
	not chains.top({"certificates": []}) with input as document
	not chains.top({"certificates": ["gone"]}) with input as document
}
