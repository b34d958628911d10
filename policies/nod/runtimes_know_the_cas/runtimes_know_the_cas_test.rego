package regpolicy.nod.runtimes_know_the_cas_test

import data.regpolicy.nod.runtimes_know_the_cas as policy

_subject := {"kind": "node", "name": "wk-1"}

_file(changed) := {"status": "ok", "place": "system", "form": "pem", "blocks": [], "modified_at": changed}

_node(started, files) := {"read": true, "runtime": {"name": "containerd", "started_at": started}, "trust_files": files}

_told(started, path, changed) := sprintf("the container runtime of node wk-1 started at %s, before %s changed at %s: it goes on with what it read then", [started, path, changed])

test_denials[name] if {
	some name, tc in {
		"started later": {"node": _node("2026-11-23T07:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:00Z")}), "denied": set()},
		"started at the same time": {"node": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:00Z")}), "denied": set()},
		"within the tolerance": {"node": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:02Z")}), "denied": set()},
		"just beyond the tolerance": {"node": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:03Z")}), "denied": {_told("2026-11-23T06:00:00Z", "/etc/ssl/certs/a.pem", "2026-11-23T06:00:03Z")}},
		"the newest of several files is named": {
			"node": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T07:30:00Z"), "/etc/ssl/certs/b.pem": _file("2026-11-23T07:00:00Z"), "/etc/ssl/certs/c.pem": _file("2026-11-23T05:00:00Z")}),
			"denied": {_told("2026-11-23T06:00:00Z", "/etc/ssl/certs/a.pem", "2026-11-23T07:30:00Z")},
		},
		"a file that is read at each pull": {
			"node": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T05:00:00Z"), "/etc/containerd/certs.d/h/ca.crt": object.union(_file("2026-11-23T07:00:00Z"), {"place": "containerd"})}),
			"denied": set(),
		},
		"start malformed": {"node": _node("soon", {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:03Z")}), "denied": {_told("soon", "/etc/ssl/certs/a.pem", "2026-11-23T06:00:03Z")}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as {"nodes": {"wk-1": tc.node}}
	policy.warn == set() with input as {"nodes": {"wk-1": tc.node}}
	policy.subjects == {_subject} with input as {"nodes": {"wk-1": tc.node}}
}

test_a_newer_bundle_warns[name] if {
	some name, tc in {
		"newer": {"changed": "2026-11-23T06:00:03Z", "warned": {["the container runtime of node wk-1 started at 2026-11-23T06:00:00Z, before the system bundle /etc/ssl/certs/ca-certificates.crt changed at 2026-11-23T06:00:03Z: roots that came with that are not trusted yet", "low"]}},
		"as old": {"changed": "2026-11-23T06:00:02Z", "warned": set()},
	}
	node := object.union(_node("2026-11-23T06:00:00Z", {}), {"bundle": {"path": "/etc/ssl/certs/ca-certificates.crt", "modified_at": tc.changed}})
	{[finding.msg, finding.severity] | some finding in policy.warn} == tc.warned with input as {"nodes": {"wk-1": node}}
	policy.subjects == {_subject} with input as {"nodes": {"wk-1": node}}
	policy.deny == set() with input as {"nodes": {"wk-1": node}}
}

test_what_is_not_looked_at[name] if {
	some name, node in {
		"a runtime whose start is not known": {"read": true, "runtime": {"name": "containerd"}, "trust_files": {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:00Z")}, "bundle": {"modified_at": "2026-11-23T06:00:00Z"}},
		"no runtime": {"read": true, "trust_files": {"/etc/ssl/certs/a.pem": _file("2026-11-23T06:00:00Z")}},
		"files whose time is not known": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": json.remove(_file(""), ["modified_at"])}),
		"a node that was not read": object.union(_node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.pem": _file("2026-11-23T07:00:00Z")}), {"read": false}),
		"no CA file": _node("2026-11-23T06:00:00Z", {"/etc/ssl/certs/a.cert": _file("2026-11-23T07:00:00Z")}),
	}
	policy.subjects == set() with input as {"nodes": {"wk-1": node}}
	policy.deny == set() with input as {"nodes": {"wk-1": node}}
	policy.warn == set() with input as {"nodes": {"wk-1": node}}
}

test_evidence_and_subject if {
	node := object.union(_node("2026-11-23T06:00:00Z", {"/a.pem": _file("2026-11-23T07:00:00Z")}), {"bundle": {"path": "/b", "modified_at": "2026-11-23T07:00:00Z"}})
	some denied in policy.deny with input as {"nodes": {"wk-1": node}}
	some warned in policy.warn with input as {"nodes": {"wk-1": node}}
	[denied.subject, warned.subject] == [_subject, _subject]
	denied.evidence == ["/nodes/wk-1/runtime", "/nodes/wk-1/trust_files/~1a.pem"]
	warned.evidence == ["/nodes/wk-1/runtime", "/nodes/wk-1/bundle"]
}
