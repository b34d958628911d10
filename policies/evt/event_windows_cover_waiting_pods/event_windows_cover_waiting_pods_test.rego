package regpolicy.evt.event_windows_cover_waiting_pods_test

import data.regpolicy.evt.event_windows_cover_waiting_pods as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1"}

_old := "pod shop/web waits for an image, and the newest event of its namespace is of 2026-11-23T06:59:59Z, 60 minutes before the evidence was gathered"

_none := "pod shop/web waits for an image, and no event of its namespace was read"

test_denials[name] if {
	some name, tc in {
		"a recent event": {"windows": {"shop": {"newest": "2026-11-23T07:59:00Z"}}, "denied": set()},
		"an event of the last moment that counts": {"windows": {"shop": {"newest": "2026-11-23T07:00:00Z"}}, "denied": set()},
		"an event of the moment before": {"windows": {"shop": {"newest": "2026-11-23T06:59:59Z"}}, "denied": {_old}},
		"the pod's own event is recent": {"windows": {}, "last_seen": "2026-11-23T07:59:00Z", "denied": set()},
		"the pod's own event is old, another is recent": {"windows": {"shop": {"newest": "2026-11-23T07:59:00Z"}}, "last_seen": "2026-11-23T01:00:00Z", "denied": set()},
		"the pod's own event is old, and so is the newest": {"windows": {"shop": {"newest": "2026-11-23T06:59:59Z"}}, "last_seen": "2026-11-23T01:00:00Z", "denied": {_old}},
		"no event": {"windows": {}, "denied": {_none}},
		"an event of another namespace": {"windows": {"infra": {"newest": "2026-11-23T07:59:00Z"}}, "denied": {_none}},
		"events without a time": {"windows": {"shop": {"count": 1}}, "denied": {_none}},
		"a time that is none": {"windows": {"shop": {"newest": 7}}, "denied": {_none}},
	}
	failure := object.union(_failure, {key: value | some key, value in tc; key == "last_seen"})
	document := {"collected_at": "2026-11-23T08:00:00Z", "pull_failures": {"k": failure}, "event_windows": tc.windows}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_web} with input as document
}

test_files[name] if {
	some name, tc in {
		"a folder that does not say when it was saved": {"sources": {"f": {"kind": "capture"}}, "windows": {"shop": "2026-11-20T07:00:00Z"}, "subjects": set(), "denied": set()},
		"the same, with a newer event of another namespace": {"sources": {"f": {"kind": "capture"}}, "windows": {"shop": "2026-11-20T07:00:00Z", "infra": "2026-11-20T08:00:00Z"}, "subjects": set(), "denied": set()},
		"the same, with one that is too new for it": {"sources": {"f": {"kind": "capture"}}, "windows": {"shop": "2026-11-20T07:00:00Z", "infra": "2026-11-20T08:00:01Z"}, "subjects": {_web}, "denied": {"pod shop/web waits for an image, and the newest event of its namespace is of 2026-11-20T07:00:00Z, 60 minutes before the newest event of all"}},
		"the same, saved just now": {"sources": {"f": {"kind": "capture"}}, "windows": {"shop": "2026-11-23T07:00:00Z"}, "subjects": {_web}, "denied": set()},
		"the same, without events": {"sources": {"f": {"kind": "capture"}}, "windows": {}, "subjects": {_web}, "denied": {_none}},
		"an archive": {"sources": {"f": {"kind": "archive"}}, "windows": {"shop": "2026-11-20T07:00:00Z"}, "subjects": set(), "denied": set()},
		"a file": {"sources": {"f": {"kind": "manifests"}}, "windows": {"shop": "2026-11-20T07:00:00Z"}, "subjects": set(), "denied": set()},
		"beside a live cluster": {"sources": {"f": {"kind": "capture"}, "c": {"kind": "cluster"}}, "windows": {"shop": "2026-11-23T06:59:59Z"}, "subjects": {_web}, "denied": {_old}},
		"a bundle that says when it was made, judged later": {"sources": {"f": {"kind": "archive", "collected_at": "2026-11-20T08:00:00Z"}, "p": {"kind": "probe"}}, "windows": {"shop": "2026-11-20T07:00:00Z"}, "subjects": {_web}, "denied": set()},
		"the same, whose events are older": {"sources": {"f": {"kind": "archive", "collected_at": "2026-11-20T09:00:00Z"}, "p": {"kind": "probe"}}, "windows": {"shop": "2026-11-20T07:00:00Z"}, "subjects": {_web}, "denied": {"pod shop/web waits for an image, and the newest event of its namespace is of 2026-11-20T07:00:00Z, 120 minutes before the evidence was gathered"}},
		"the same beside manifests": {"sources": {"f": {"kind": "archive", "collected_at": "2026-11-20T09:00:00Z"}, "m": {"kind": "manifests"}}, "windows": {"shop": "2026-11-20T07:00:00Z"}, "subjects": {_web}, "denied": {"pod shop/web waits for an image, and the newest event of its namespace is of 2026-11-20T07:00:00Z, 120 minutes before the evidence was gathered"}},
		"a file beside a live cluster": {"sources": {"m": {"kind": "manifests"}, "c": {"kind": "cluster"}}, "windows": {"shop": "2026-11-23T06:59:59Z"}, "subjects": {_web}, "denied": {_old}},
		"beside a folder that does not": {"sources": {"f": {"kind": "archive", "collected_at": "2026-11-20T09:00:00Z"}, "g": {"kind": "capture"}}, "windows": {"shop": "2026-11-20T08:30:00Z"}, "subjects": set(), "denied": set()},
	}
	windows := {namespace: {"newest": newest} | some namespace, newest in tc.windows}
	document := {"collected_at": "2026-11-23T08:00:00Z", "sources": tc.sources, "pull_failures": {"k": _failure}, "event_windows": windows}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == tc.subjects with input as document
}

test_gaps[name] if {
	some name, tc in {
		"the list was forbidden": {"gap": {"kind": "section", "name": "events"}, "denied": set()},
		"a file could not be read": {"gap": {"kind": "file", "name": "events.yaml"}, "denied": set()},
		"another pod's events are missing": {"gap": {"kind": "pod", "namespace": "shop", "name": "db"}, "denied": {_none}},
	}
	document := {"collected_at": "2026-11-23T08:00:00Z", "pull_failures": {"k": _failure}, "event_windows": {}, "coverage": {"events": {"gaps": [{"subject": tc.gap, "reason": "forbidden"}]}}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_web} with input as document
}

test_nothing_waits if {
	document := {"collected_at": "2026-11-23T08:00:00Z", "pull_failures": {}, "event_windows": {}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_without_the_section_no_event_was_read if {
	some finding in policy.deny with input as {"collected_at": "2026-11-23T08:00:00Z", "pull_failures": {"k": _failure}}
	finding.msg == _none
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"collected_at": "2026-11-23T08:00:00Z", "pull_failures": {"shop/web/app": _failure}, "event_windows": {}}
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}
