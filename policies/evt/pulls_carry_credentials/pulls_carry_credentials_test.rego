package regpolicy.evt.pulls_carry_credentials_test

import data.regpolicy.evt.pulls_carry_credentials as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "origin": "kubelet", "cause": "forbidden"}

_told(words) := concat("", ["pod shop/web cannot pull harbor/web:1: ", words])

test_words_of_causes[cause] if {
	some cause, want in {
		"forbidden": {"words": "auth:443 does not allow it; this is authentication, not trust"},
		"unauthorized": {"words": "auth:443 wants credentials that it did not get; this is authentication, not trust"},
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

test_pull_secrets_are_told[name] if {
	some name, tc in {
		"none": {"pod": {}, "want": "trust; the pod names no pull secret"},
		"an empty list": {"pod": {"pull_secrets": []}, "want": "trust; the pod names no pull secret"},
		"one": {"pod": {"pull_secrets": ["a"]}, "want": "trust; the pod names the pull secret a"},
		"several": {"pod": {"pull_secrets": ["a", "b"]}, "want": "trust; the pod names the pull secret a, b"},
		"one that is not there": {"pod": {"pull_secrets": ["a", "b"]}, "secrets": {"shop/b": {"missing": true}}, "want": "trust; the pod names the pull secret a, b; there is no such secret in its namespace: b"},
		"none is there": {"pod": {"pull_secrets": ["a", "b"]}, "secrets": {"shop/a": {"missing": true}, "shop/b": {"missing": true}}, "want": "trust; the pod names the pull secret a, b; there is no such secret in its namespace: a, b"},
		"one for another registry": {"pod": {"pull_secrets": ["a"]}, "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io", "quay.io"]}}, "want": "trust; the pod names the pull secret a; a has credentials for ghcr.io, quay.io only"},
	}
	document := {"pull_failures": {"k": _failure}, "pods": {"shop/web": tc.pod}, "secrets": object.get(tc, "secrets", {})}
	some finding in policy.deny with input as document
	endswith(finding.msg, concat("", ["authentication, not ", tc.want]))
}

test_repair[name] if {
	some name, tc in {
		"no pull secret": {"failure": {"cause": "unauthorized"}, "pod": {}, "want": "Make a pull secret (`kubectl create secret docker-registry NAME -n shop --docker-server=harbor --docker-username=USER --docker-password=PASSWORD`) and name it in the pod's imagePullSecrets or in those of its service account"},
		"a pull secret": {"failure": {"cause": "unauthorized"}, "pod": {"pull_secrets": ["a"]}, "want": ""},
		"not allowed": {"failure": {}, "pod": {}, "want": ""},
		"it is not there": {"failure": {"cause": "unauthorized"}, "pod": {"pull_secrets": ["a"]}, "secrets": {"shop/a": {"missing": true}}, "want": "Make the pull secret that the pod names (`kubectl create secret docker-registry a -n shop --docker-server=harbor --docker-username=USER --docker-password=PASSWORD`)"},
		"it is for another registry": {"failure": {}, "pod": {"pull_secrets": ["a"]}, "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io"]}}, "want": "Make a pull secret for this registry, too (`kubectl create secret docker-registry NAME -n shop --docker-server=harbor --docker-username=USER --docker-password=PASSWORD`), and name it beside the other in the pod's imagePullSecrets or in those of its service account"},
		"it is for this registry": {"failure": {}, "pod": {"pull_secrets": ["a"]}, "secrets": {"shop/a": {"missing": false, "registries": ["harbor"]}}, "want": ""},
	}
	some finding in policy.deny with input as {"pull_failures": {"k": object.union(_failure, tc.failure)}, "pods": {"shop/web": tc.pod}, "secrets": object.get(tc, "secrets", {})}
	finding.remediation == tc.want
}
