package regpolicy.evt.pulls_reach_registries_test

import data.regpolicy.evt.pulls_reach_registries as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "origin": "kubelet", "cause": "dns"}

_told(words) := concat("", ["pod shop/web cannot pull harbor/web:1: ", words])

test_words_of_causes[cause] if {
	some cause, want in {
		"dns": {"words": "the name of auth:443 is not known there", "repair": "Let the node's resolver know the registry's name, or correct the name in the image reference"},
		"proxy": {"words": "the proxy does not let it through (auth:443)", "repair": "Correct the proxy's address and its credentials, or add the registry to noProxy where the node has a way of its own"},
		"refused": {"words": "auth:443 refuses the connection", "repair": ""},
		"reset": {"words": "auth:443 cuts the connection", "repair": ""},
		"stalled": {"words": "the download from auth:443 made no progress", "repair": ""},
		"timeout": {"words": "auth:443 does not answer in time", "repair": ""},
		"unreachable": {"words": "there is no way to auth:443", "repair": ""},
	}
	document := {"pull_failures": {"shop/web/app": object.union(_failure, {"cause": cause})}}
	some finding in policy.deny with input as document
	finding.msg == _told(want.words)
	finding.remediation == want.repair
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
