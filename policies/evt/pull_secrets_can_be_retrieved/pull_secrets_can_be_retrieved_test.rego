package regpolicy.evt.pull_secrets_can_be_retrieved_test

import data.regpolicy.evt.pull_secrets_can_be_retrieved as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "", "cause": "pull_secret_missing"}

_asked := {"events": {"requested": true}}

_missing := "pod shop/web cannot pull harbor/web:1: harbor:443 wants credentials, and the pull secret that holds them cannot be retrieved"

_invalid := "pod shop/web cannot pull harbor/web:1: a pull secret for harbor:443 is there and cannot be read"

_again := "Make the secret again (kubectl create secret docker-registry): its value must be the JSON of a Docker configuration, base64 once"

_creation(first, second, host) := sprintf("Make what is missing (%s; %s), or take its name out of the imagePullSecrets of the pod or of its service account", [_command(first, host), _command(second, host)])

_command(secret, host) := sprintf("`kubectl create secret docker-registry %s -n shop --docker-server=%s --docker-username=USER --docker-password=PASSWORD`", [secret, host])

test_denials[name] if {
	some name, tc in {
		"no event tells of one": {"document": {"pods": {"shop/web": {"observed": true, "pull_secrets": ["a"]}}, "coverage": _asked}, "denied": set(), "subjects": {_web}},
		"nobody asked for events": {"document": {"pods": {"shop/web": {"observed": true, "pull_secrets": ["a"]}}, "coverage": {"events": {"requested": false}}}, "denied": set(), "subjects": set()},
		"a pod that a manifest declares": {"document": {"pods": {"shop/web": {"observed": false, "pull_secrets": ["a"]}}, "coverage": _asked}, "denied": set(), "subjects": set()},
		"a pod without a pull secret": {"document": {"pods": {"shop/web": {"observed": true}}, "coverage": _asked}, "denied": set(), "subjects": set()},
		"an empty list of secrets": {"document": {"pods": {"shop/web": {"observed": true, "pull_secrets": [], "missing_pull_secrets": []}}, "coverage": _asked}, "denied": set(), "subjects": set()},
		"secrets that cannot be retrieved": {
			"document": {"pods": {"shop/web": {"observed": true, "pull_secrets": ["a", "b"], "missing_pull_secrets": ["a", "b"]}}, "coverage": _asked},
			"denied": {["pod shop/web names a pull secret that cannot be retrieved: a, b", _creation("a", "b", "HOST")]},
			"subjects": {_web},
		},
		"a pull that fails for it": {"document": {"pull_failures": {"k": _failure}}, "denied": {[_missing, ""]}, "subjects": {_web}},
		"a secret that cannot be read": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "pull_secret_invalid"})}}, "denied": {[_invalid, _again]}, "subjects": {_web}},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unauthorized"})}}, "denied": set(), "subjects": set()},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": set(), "subjects": set()},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": 7})}}, "denied": set(), "subjects": set()},
		"sections empty": {"document": {"pods": {}, "pull_failures": {}, "coverage": _asked}, "denied": set(), "subjects": set()},
	}
	{[finding.msg, object.get(finding, "remediation", "")] | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject[name] if {
	some name, tc in {
		"of a pod": {"document": {"pods": {"shop/web": {"missing_pull_secrets": ["a"]}}}, "evidence": "/pods/shop~1web"},
		"of a pull": {"document": {"pull_failures": {"shop/web/app": _failure}}, "evidence": "/pull_failures/shop~1web~1app"},
	}
	some finding in policy.deny with input as tc.document
	finding.subject == _web
	finding.evidence == [tc.evidence]
}

test_both_findings_tell_the_registry if {
	document := {"pods": {"shop/web": {"missing_pull_secrets": ["a", "b"]}}, "pull_failures": {"k": _failure, "other": object.union(_failure, {"pod": "db", "registry": "other:443"})}}
	{finding.remediation | some finding in policy.deny; finding.subject == _web} == {_creation("a", "b", "harbor")} with input as document
	{finding.remediation | some finding in policy.deny; finding.subject.name == "db"} == {""} with input as document
}
