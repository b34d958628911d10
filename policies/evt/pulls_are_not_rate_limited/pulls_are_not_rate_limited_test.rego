package regpolicy.evt.pulls_are_not_rate_limited_test

import data.regpolicy.evt.pulls_are_not_rate_limited as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "origin": "kubelet", "cause": "rate_limited"}

_told(words) := concat("", ["pod shop/web cannot pull harbor/web:1: ", words])

test_words_of_causes[cause] if {
	some cause, want in {
		"rate_limited": {"words": "auth:443 has had too many pulls from this address or account"},
	}
	document := {"pull_failures": {"shop/web/app": object.union(_failure, {"cause": cause})}}
	some finding in policy.deny with input as document
	finding.msg == _told(want.words)
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}

test_subjects[name] if {
	some name, tc in {
		"nothing fails": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "denied": 0, "subjects": {{"kind": "document"}}},
		"section empty, and only events were asked for": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": false}}}, "denied": 0, "subjects": set()},
		"one of the causes": {"document": {"pull_failures": {"k": _failure}}, "denied": 1, "subjects": {_web}},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "not_found"})}}, "denied": 0, "subjects": {_web}},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": 0, "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": ["x"]})}}, "denied": 0, "subjects": {_web}},
	}
	count(policy.deny) == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_repair if {
	some finding in policy.deny with input as {"pull_failures": {"k": _failure}}
	startswith(finding.remediation, "Give the pods a pull secret of an account with a higher limit: make it (`kubectl create secret docker-registry NAME -n shop --docker-server=harbor ")
}

test_no_repair_for_a_pull_of_nobody if {
	some finding in policy.deny with input as {"pull_failures": {"k": json.remove(_failure, ["registry"])}}
	finding.remediation == ""
}
