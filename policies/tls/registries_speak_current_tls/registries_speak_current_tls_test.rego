package regpolicy.tls.registries_speak_current_tls_test

import data.regpolicy.tls.registries_speak_current_tls as policy

_subject := {"kind": "registry", "name": "harbor:443"}

_document(probes) := {"endpoints": {"harbor:443": {"probes": probes}}}

_probed(accepted, refused) := {"collector": {"versions_accepted": accepted, "versions_refused": refused}}

_seen(what) := sprintf("harbor:443 %s, seen from collector", [what])

test_denials[name] if {
	some name, tc in {
		"current versions alone": {"probes": _probed(["1.2", "1.3"], ["1.0", "1.1"]), "denied": set(), "judged": true},
		"the newest alone": {"probes": _probed(["1.3"], ["1.0", "1.1", "1.2"]), "denied": set(), "judged": true},
		"an old one, too": {"probes": _probed(["1.1", "1.2"], ["1.0", "1.3"]), "denied": {_seen("accepts TLS 1.1")}, "judged": true},
		"both old ones, too": {"probes": _probed(["1.0", "1.1", "1.2"], ["1.3"]), "denied": {_seen("accepts TLS 1.0 and TLS 1.1")}, "judged": true},
		"old ones alone": {"probes": _probed(["1.0"], ["1.1", "1.2", "1.3"]), "denied": {_seen("accepts TLS 1.0"), _seen("does not accept TLS 1.2 or TLS 1.3")}, "judged": true},
		"one of the old ones was not tried": {"probes": _probed(["1.2", "1.3"], ["1.0"]), "denied": set(), "judged": false},
		"none of them was": {"probes": _probed(["1.2", "1.3"], []), "denied": set(), "judged": false},
		"nothing is accepted": {"probes": _probed([], ["1.0", "1.1", "1.2", "1.3"]), "denied": {_seen("does not accept TLS 1.2 or TLS 1.3")}, "judged": true},
		"one handshake with a current version": {"probes": {"collector": {"tls": {"version": "1.3"}}}, "denied": set(), "judged": false},
		"one handshake with an old version": {"probes": {"collector": {"tls": {"version": "1.1"}}}, "denied": {_seen("accepts TLS 1.1")}, "judged": true},
		"one handshake with SSL": {"probes": {"collector": {"tls": {"version": "SSLv3"}}}, "denied": {_seen("accepts SSL 3.0")}, "judged": true},
		"old ones refused, and nothing else known": {"probes": _probed([], ["1.0", "1.1"]), "denied": set(), "judged": false},
		"one of the current versions refused, and nothing accepted": {"probes": _probed([], ["1.0", "1.1", "1.2"]), "denied": set(), "judged": false},
		"current versions refused, old ones not tried": {"probes": _probed([], ["1.2", "1.3"]), "denied": {_seen("does not accept TLS 1.2 or TLS 1.3")}, "judged": true},
		"a handshake and the versions": {"probes": {"collector": {"tls": {"version": "1.2"}, "versions_accepted": [], "versions_refused": ["1.0", "1.1"]}}, "denied": set(), "judged": true},
		"version empty": {"probes": {"collector": {"tls": {"version": ""}}}, "denied": set(), "judged": false},
		"no handshake": {"probes": {"collector": {}}, "denied": set(), "judged": false},
		"version malformed": {"probes": {"collector": {"tls": {"version": 7}}}, "denied": {_seen("accepts TLS 7")}, "judged": true},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.probes)
	policy.subjects == {_subject | tc.judged} with input as _document(tc.probes)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"endpoints": {}}, "no probe": _document({})}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_parameters[name] if {
	some name, tc in {
		"1.2 is refused": {"probes": _probed(["1.3"], ["1.0", "1.1", "1.2"]), "denied": set()},
		"1.2 is accepted": {"probes": _probed(["1.2", "1.3"], ["1.0", "1.1"]), "denied": {_seen("accepts TLS 1.2")}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.probes) with data.params as {"RT-TLS-008": {"versions": ["1.3"]}}
}

test_versions_may_be_left_out_of_the_list if {
	document := _document(_probed(["1.1", "1.2"], ["1.0"]))
	policy.subjects == {_subject} with input as document with data.params as {"RT-TLS-008": {"versions": ["1.0", "1.1", "1.2"]}}
		with input.endpoints["harbor:443"].probes.collector.versions_refused as ["1.0", "1.3"]
	policy.subjects == set() with input as document with data.params as {"RT-TLS-008": {"versions": ["1.0", "1.1", "1.2"]}}
}

test_evidence_and_subject if {
	probes := {"collector": {"tls": {"version": "1.0"}}, "node/wk-1": {"tls": {"version": "1.1"}}, "node/wk-2": {"versions_refused": ["1.2", "1.3"]}, "node/wk-3": {}}
	{finding | some finding in policy.deny} == {
		{
			"subject": _subject, "msg": "harbor:443 accepts TLS 1.0 and TLS 1.1, seen from collector, node/wk-1",
			"evidence": ["/endpoints/harbor:443/probes/collector", "/endpoints/harbor:443/probes/node~1wk-1"],
		},
		{
			"subject": _subject, "msg": "harbor:443 does not accept TLS 1.2 or TLS 1.3, seen from node/wk-2",
			"evidence": ["/endpoints/harbor:443/probes/node~1wk-2"],
		},
	} with input as _document(probes)
}
