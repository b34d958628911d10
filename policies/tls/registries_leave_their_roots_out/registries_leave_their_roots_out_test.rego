package regpolicy.tls.registries_leave_their_roots_out_test

import data.regpolicy.tls.registries_leave_their_roots_out as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(chain) := {
	"certificates": {"leaf": {"common_name": "harbor"}, "root": {"common_name": "Root"}},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": chain}}},
}

_told := `harbor:443 sends its root "Root", which clients do not need`

test_warnings[name] if {
	some name, tc in {
		"no root": {"chain": {"certificates": ["leaf", "root"], "root_sent": false}, "warned": set()},
		"a root": {"chain": {"certificates": ["leaf", "root"], "root_sent": true}, "warned": {_told}},
		"a certificate alone": {"chain": {"certificates": ["root"], "root_sent": true}, "warned": set()},
		"fact missing": {"chain": {"certificates": ["leaf", "root"]}, "warned": {_told}},
		"fact malformed": {"chain": {"certificates": ["leaf", "root"], "root_sent": "no"}, "warned": {_told}},
	}
	{finding.msg | some finding in policy.warn} == tc.warned with input as _document(tc.chain)
	policy.subjects == {_subject} with input as _document(tc.chain)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject if {
	policy.warn == {{
		"subject": _subject, "msg": _told, "severity": "info",
		"evidence": ["/certificates/leaf", "/endpoints/harbor:443/chains/c"],
	}} with input as _document({"certificates": ["leaf", "root"], "root_sent": true})
}
