package regpolicy.evt.pulls_meet_valid_certificates_test

import data.regpolicy.evt.pulls_meet_valid_certificates as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "cause": "expired", "origin": "kubelet", "node": "wk-1", "node_time": "2026-11-23T07:59:00Z"}

_expired := "pod shop/web cannot pull harbor/web:1 on node wk-1: the certificate of auth:443, or one of its authorities', has expired"

_clock := "Set the node's clock right (ntp, or osConfiguration.ntp, of the cluster's variables). Where it is right, wait for the certificate's first day or re-issue it"

test_denials[name] if {
	some name, tc in {
		"nothing fails": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "denied": set(), "subjects": {{"kind": "document"}}},
		"section empty, and only events were asked for": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": false}}}, "denied": set(), "subjects": set()},
		"expired": {"document": {"pull_failures": {"k": _failure}}, "denied": {[concat("", [_expired, " by a clock that says 2026-11-23T07:59:00Z"]), "workload", ""]}, "subjects": {_web}},
		"expired, by a clock that is not told": {"document": {"pull_failures": {"k": json.remove(_failure, ["node_time"])}}, "denied": {[_expired, "workload", ""]}, "subjects": {_web}},
		"not yet valid, on the Supervisor": {
			"document": {"pull_failures": {"k": object.union(_failure, {"cause": "not_yet_valid", "origin": "vsphere_pod"})}},
			"denied": {["pod shop/web cannot pull harbor/web:1 on node wk-1: the certificate of auth:443, or one of its authorities', is not valid yet by a clock that says 2026-11-23T07:59:00Z", "supervisor", _clock]},
			"subjects": {_web},
		},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unknown_authority"})}}, "denied": set(), "subjects": {_web}},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": set(), "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": 7})}}, "denied": set(), "subjects": {_web}},
	}
	{[finding.msg, finding.trust_domain, finding.remediation] | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"pull_failures": {"shop/web/app": _failure}}
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}
