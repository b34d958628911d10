package regpolicy.evt.images_pull_on_all_nodes_test

import data.regpolicy.evt.images_pull_on_all_nodes as policy

_image := {"kind": "image", "name": "harbor/web:1"}

_failure := {"namespace": "shop", "pod": "web-2", "image": "harbor/web:1", "cause": "unknown_authority", "node": "wk-2"}

_pod := {"node": "wk-1", "phase": "Running", "images": ["harbor/web:1", "harbor/log:1"], "observed": true}

_pending := object.union(_pod, {"node": "wk-2", "phase": "Pending"})

_told := "image harbor/web:1 runs on wk-1 and cannot be pulled on wk-2 (unknown_authority)"

_rather := "Compare the pods rather than the nodes: their pull secrets, pull policies and image references"

test_denials[name] if {
	some name, tc in {
		"fine on one node, failing on another": {"pods": {"shop/web-1": _pod, "shop/web-2": _pending}, "failures": {"k": _failure}, "denied": {[_told, ""]}, "subjects": {_image}},
		"fine where a pod has ended": {"pods": {"shop/web-1": object.union(_pod, {"phase": "Succeeded"}), "shop/web-2": _pending}, "failures": {"k": _failure}, "denied": {[_told, ""]}, "subjects": {_image}},
		"failing on both": {"pods": {}, "failures": {"k": _failure, "l": object.union(_failure, {"pod": "web-1", "node": "wk-1"})}, "denied": set(), "subjects": {_image}},
		"fine and failing on the same node": {"pods": {"shop/web-1": object.union(_pod, {"node": "wk-2"})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"a pod that has started without all its images": {"pods": {"shop/web-2": object.union(_pod, {"node": "wk-3"})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"a pod that has not started": {"pods": {"shop/web-1": object.union(_pod, {"phase": "Pending"})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"a pod that a manifest declares": {"pods": {"shop/web-1": object.union(_pod, {"observed": false})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"a pod without a node": {"pods": {"shop/web-1": object.union(_pod, {"node": ""})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"a pod with another image": {"pods": {"shop/web-1": object.union(_pod, {"images": ["harbor/log:1"]})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"the failure's node is not known": {"pods": {"shop/web-1": _pod}, "failures": {"k": object.union(_failure, {"node": ""})}, "denied": set(), "subjects": set()},
		"the failure's node is missing": {"pods": {"shop/web-1": _pod}, "failures": {"k": json.remove(_failure, ["node"])}, "denied": set(), "subjects": set()},
		"the failure's image is not known": {"pods": {"shop/web-1": object.union(_pod, {"images": [""]})}, "failures": {"k": object.union(_failure, {"image": ""})}, "denied": set(), "subjects": set()},
		"a cause of the pod's": {"pods": {"shop/web-1": _pod}, "failures": {"k": object.union(_failure, {"cause": "unauthorized"})}, "denied": {["image harbor/web:1 runs on wk-1 and cannot be pulled on wk-2 (unauthorized)", _rather]}, "subjects": {_image}},
		"a cause of the pod's and one of the node's": {
			"pods": {"shop/web-1": _pod}, "failures": {"k": object.union(_failure, {"cause": "unauthorized"}), "l": object.union(_failure, {"node": "wk-3"})},
			"denied": {["image harbor/web:1 runs on wk-1 and cannot be pulled on wk-2, wk-3 (unauthorized, unknown_authority)", ""]}, "subjects": {_image},
		},
		"cause missing": {"pods": {"shop/web-1": _pod}, "failures": {"k": json.remove(_failure, ["cause"])}, "denied": {["image harbor/web:1 runs on wk-1 and cannot be pulled on wk-2 (unknown)", ""]}, "subjects": {_image}},
		"nothing fails on two nodes": {"pods": {"shop/web-1": _pod, "shop/web-2": object.union(_pod, {"node": "wk-2"})}, "failures": {}, "denied": set(), "subjects": {{"kind": "document"}}},
		"nothing fails on one node": {"pods": {"shop/web-1": _pod, "shop/web-2": _pod}, "failures": {}, "denied": set(), "subjects": set()},
		"nothing fails, and one pod waits for another reason": {"pods": {"shop/web-1": _pod, "shop/web-2": _pending}, "failures": {}, "denied": set(), "subjects": set()},
		"another image runs on two nodes": {"pods": {"shop/web-1": object.union(_pod, {"images": ["a"]}), "shop/web-2": object.union(_pod, {"node": "wk-2", "images": ["a"]})}, "failures": {"k": _failure}, "denied": set(), "subjects": set()},
		"sections empty": {"pods": {}, "failures": {}, "denied": set(), "subjects": set()},
	}
	document := {"pods": tc.pods, "pull_failures": tc.failures}
	{[finding.msg, finding.remediation] | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == tc.subjects with input as document
}

test_causes_of_the_pod[cause] if {
	some cause in {"forbidden", "invalid_image_name", "never_pull", "not_found", "pull_secret_invalid", "pull_secret_missing", "unauthorized"}
	some finding in policy.deny with input as {"pods": {"shop/web-1": _pod}, "pull_failures": {"k": object.union(_failure, {"cause": cause})}}
	finding.remediation == _rather
}

test_many_nodes_and_failures_are_cut[name] if {
	some name, tc in {
		"five": {"nodes": 5, "told": "wk-1, wk-2, wk-3, wk-4, wk-5", "evidence": 1},
		"six": {"nodes": 6, "told": "wk-1, wk-2, wk-3, wk-4, wk-5 and 1 more", "evidence": 1},
	}
	pods := {sprintf("shop/web-%d", [10 + i]): object.union(_pod, {"node": sprintf("wk-%d", [i])}) | some i in numbers.range(1, tc.nodes)}
	some finding in policy.deny with input as {"pods": pods, "pull_failures": {"k": object.union(_failure, {"node": "wk-9"})}}
	finding.msg == sprintf("image harbor/web:1 runs on %s and cannot be pulled on wk-9 (unknown_authority)", [tc.told])
}

test_ten_failures_are_shown if {
	failures := {sprintf("shop/web-%d/app", [i]): object.union(_failure, {"pod": sprintf("web-%d", [i])}) | some i in numbers.range(20, 30)}
	some finding in policy.deny with input as {"pods": {"shop/web-1": _pod}, "pull_failures": failures}
	finding.evidence == [sprintf("/pull_failures/shop~1web-%d~1app", [i]) | some i in numbers.range(20, 29)]
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"pods": {"shop/web-1": _pod}, "pull_failures": {"shop/web-2/app": _failure}}
	finding.subject == _image
	finding.evidence == ["/pull_failures/shop~1web-2~1app"]
}
