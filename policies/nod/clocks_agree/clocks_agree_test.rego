package regpolicy.nod.clocks_agree_test

import data.regpolicy.nod.clocks_agree as policy

_subject := {"kind": "node", "name": "wk-1"}

test_verdicts[name] if {
	some name, tc in {
		"equal": {"skew": 0, "denied": set(), "warned": set()},
		"at the first limit": {"skew": 60, "denied": set(), "warned": set()},
		"at the first limit, behind": {"skew": -60, "denied": set(), "warned": set()},
		"over the first limit": {"skew": 61, "denied": set(), "warned": {["the clock of node wk-1 is 61 s ahead of the collector's", "low"]}},
		"at the second limit, behind": {"skew": -300, "denied": set(), "warned": {["the clock of node wk-1 is 300 s behind the collector's", "low"]}},
		"over the second limit": {"skew": 301, "denied": {"the clock of node wk-1 is 301 s ahead of the collector's"}, "warned": set()},
		"over the second limit, behind": {"skew": -301, "denied": {"the clock of node wk-1 is 301 s behind the collector's"}, "warned": set()},
	}
	document := {"nodes": {"wk-1": {"read": true, "clock": {"skew_seconds": tc.skew}}}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	{[finding.msg, finding.severity] | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == {_subject} with input as document
}

test_one_second_is_told_by_its_side if {
	some finding in policy.warn with input as {"nodes": {"wk-1": {"read": true, "clock": {"skew_seconds": 1}}}} with data.params as {"RT-NOD-020": {"warn_skew_seconds": 0}}
	finding.msg == "the clock of node wk-1 is 1 s ahead of the collector's"
}

test_what_is_not_looked_at[name] if {
	some name, found in {
		"a node that was not read": {"wk-1": {"read": false, "clock": {"skew_seconds": 999}}},
		"a node without a clock": {"wk-1": {"read": true}},
		"a clock that was not compared": {"wk-1": {"read": true, "clock": {"node_time": "2026-11-23T08:00:00Z"}}},
		"a skew that is no number": {"wk-1": {"read": true, "clock": {"skew_seconds": "999"}}},
		"no node": {},
	}
	policy.subjects == set() with input as {"nodes": found}
	policy.deny == set() with input as {"nodes": found}
	policy.warn == set() with input as {"nodes": found}
}

test_evidence_and_subject if {
	some denied in policy.deny with input as {"nodes": {"wk-1": {"read": true, "clock": {"skew_seconds": 999}}}}
	some warned in policy.warn with input as {"nodes": {"wk-1": {"read": true, "clock": {"skew_seconds": 99}}}}
	some finding in [denied, warned]
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/clock"]
}
