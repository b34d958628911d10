package regpolicy.evt.pod_images_are_pulled_test

import data.regpolicy.evt.pod_images_are_pulled as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {
	"namespace": "shop", "pod": "web", "image": "harbor/web:1", "node": "wk-1", "registry": "harbor:443", "host": "harbor:443",
	"cause": "unknown_authority", "reason": "ErrImagePull", "message": "x509: unknown",
}

test_denials[name] if {
	some name, tc in {
		"a running pod is looked at and not denied": {"document": {"pods": {"shop/web": {"observed": true}}, "pull_failures": {}}, "denied": set(), "subjects": {_web}},
		"a pod that a manifest declares is not looked at": {"document": {"pods": {"shop/web": {"observed": false}}, "pull_failures": {}}, "denied": set(), "subjects": set()},
		"a pod that fails": {"document": {"pods": {"shop/web": {"observed": true}}, "pull_failures": {"shop/web/app": _failure}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (unknown_authority)"}, "subjects": {_web}},
		"a failure that events alone tell of": {"document": {"pull_failures": {"shop/web/app": _failure}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (unknown_authority)"}, "subjects": {_web}},
		"another host's answer": {"document": {"pull_failures": {"k": object.union(_failure, {"host": "auth:443"})}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (unknown_authority, answered by auth:443)"}, "subjects": {_web}},
		"nobody's answer": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "dns", "host": ""})}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (dns)"}, "subjects": {_web}},
		"a cause that is not known is told in the runtime's words": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unknown", "message": "odd.\n"})}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (odd)"}, "subjects": {_web}},
		"a cause that is not known, from another host": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unknown", "host": "auth:443", "message": "odd"})}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (odd)"}, "subjects": {_web}},
		"a cause that is not known, nor told": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unknown", "message": ""})}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (nothing says why)"}, "subjects": {_web}},
		"fields missing": {"document": {"pull_failures": {"k": {"namespace": "shop", "pod": "web"}}}, "denied": {"pod shop/web cannot pull an image: no reason given (nothing says why)"}, "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": 7})}}, "denied": {"pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (7)"}, "subjects": {_web}},
		"sections empty": {"document": {"pods": {}, "pull_failures": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_a_long_message_is_cut if {
	document := {"pull_failures": {"k": object.union(_failure, {"cause": "unknown", "message": concat("", ["x" | some _ in numbers.range(1, 301)])})}}
	some finding in policy.deny with input as document
	finding.msg == sprintf("pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (%s)", [concat("", ["x" | some _ in numbers.range(1, 300)])])
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _web, "evidence": ["/pull_failures/shop~1web~1app"],
		"msg": "pod shop/web cannot pull harbor/web:1 on node wk-1: ErrImagePull (unknown_authority)",
	}} with input as {"pull_failures": {"shop/web/app": _failure}}
}
