package regpolicy.evt.pull_errors_are_classified_test

import data.regpolicy.evt.pull_errors_are_classified as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "cause": "unknown", "message": "odd thing"}

_told(message) := sprintf("pod shop/web cannot pull harbor/web:1: no known cause is in the message %q", [message])

test_denials[name] if {
	some name, tc in {
		"nothing fails": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "denied": set(), "subjects": {{"kind": "document"}}},
		"section empty, and only events were asked for": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": false}}}, "denied": set(), "subjects": set()},
		"a known cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "dns"})}}, "denied": set(), "subjects": {_web}},
		"a known cause, and nothing said": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "never_pull", "message": ""})}}, "denied": set(), "subjects": {_web}},
		"a known cause behind a back-off": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "never_pull", "message": "Back-off pulling image"})}}, "denied": set(), "subjects": {_web}},
		"an unknown one": {"document": {"pull_failures": {"k": _failure}}, "denied": {_told("odd thing")}, "subjects": {_web}},
		"a back-off with words": {"document": {"pull_failures": {"k": object.union(_failure, {"message": "Back-off pulling image \"a\": ErrImagePull: odd"})}}, "denied": {_told("Back-off pulling image \"a\": ErrImagePull: odd")}, "subjects": {_web}},
		"other words with a colon": {"document": {"pull_failures": {"k": object.union(_failure, {"message": "odd: thing"})}}, "denied": {_told("odd: thing")}, "subjects": {_web}},
		"a back-off without": {"document": {"pull_failures": {"k": object.union(_failure, {"message": "Back-off pulling image \"a\""})}}, "denied": set(), "subjects": set()},
		"nothing said": {"document": {"pull_failures": {"k": object.union(_failure, {"message": " "})}}, "denied": set(), "subjects": set()},
		"message missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["message"])}}, "denied": {_told("")}, "subjects": {_web}},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": {_told("odd thing")}, "subjects": {_web}},
		"cause empty": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": ""})}}, "denied": {_told("odd thing")}, "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": 7})}}, "denied": {_told("odd thing")}, "subjects": {_web}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_a_long_message_is_cut if {
	document := {"pull_failures": {"k": object.union(_failure, {"message": concat("", ["x" | some _ in numbers.range(1, 301)])})}}
	some finding in policy.deny with input as document
	finding.msg == _told(concat("", ["x" | some _ in numbers.range(1, 300)]))
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"pull_failures": {"shop/web/app": _failure}}
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}
