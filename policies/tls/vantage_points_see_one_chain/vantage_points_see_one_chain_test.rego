package regpolicy.tls.vantage_points_see_one_chain_test

import data.regpolicy.tls.vantage_points_see_one_chain as policy

_subject := {"kind": "endpoint", "name": "harbor:443"}

_document(probes) := {
	"certificates": {"aaaaaaaaaaaaaaaaaaaa": {"common_name": "harbor", "issuer": "CN=Corp"}, "bbbbbbbbbbbbbbbbbbbb": {"common_name": "harbor", "issuer": ""}},
	"endpoints": {"harbor:443": {"probes": probes, "chains": {
		"c": {"certificates": ["aaaaaaaaaaaaaaaaaaaa"]},
		"longer": {"certificates": ["aaaaaaaaaaaaaaaaaaaa", "cc"]},
		"proxied": {"certificates": ["bbbbbbbbbbbbbbbbbbbb"]},
		"strange": {"certificates": ["dddddddddddddddddddd"]},
		"empty": {"certificates": []},
	}}},
}

_own := `"harbor" (aaaaaaaaaaaaaaaa..., issued by "CN=Corp") to `

_proxys := `"harbor" (bbbbbbbbbbbbbbbb..., issued by "nobody it names") to `

_told(parts) := concat("", ["harbor:443 shows different certificates: ", concat("", parts)])

test_denials[name] if {
	some name, tc in {
		"the same to both": {"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "c"}}, "denied": set(), "subjects": {_subject}},
		"the same leaf, another chain": {"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "longer"}}, "denied": set(), "subjects": {_subject}},
		"another leaf": {"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "proxied"}}, "denied": {_told([_own, "collector; ", _proxys, "node/a"])}, "subjects": {_subject}},
		"another leaf to two": {"probes": {"collector": {"chain": "c"}, "node/b": {"chain": "proxied"}, "node/a": {"chain": "proxied"}}, "denied": {_told([_own, "collector; ", _proxys, "node/a, node/b"])}, "subjects": {_subject}},
		"one that is not in the document": {
			"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "strange"}},
			"denied": {_told([_own, `collector; "a certificate that is not in this document" (dddddddddddddddd..., issued by "nobody it names") to node/a`])}, "subjects": {_subject},
		},
		"one vantage point": {"probes": {"collector": {"chain": "c"}}, "denied": set(), "subjects": set()},
		"one that saw a chain": {"probes": {"collector": {"chain": "c"}, "node/a": {}, "node/b": {"chain": "empty"}, "node/c": {"chain": "gone"}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.probes)
	policy.subjects == tc.subjects with input as _document(tc.probes)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}, "no probe": _document({})}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document({"node/a": {"chain": "proxied"}, "collector": {"chain": "c"}, "node/b": {}})
	finding.subject == _subject
	finding.evidence == ["/endpoints/harbor:443/probes/collector", "/endpoints/harbor:443/probes/node~1a"]
}
