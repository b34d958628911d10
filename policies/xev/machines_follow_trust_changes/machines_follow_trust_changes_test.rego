package regpolicy.xev.machines_follow_trust_changes_test

import data.regpolicy.xev.machines_follow_trust_changes as policy

_subject := {"kind": "machine", "namespace": "ns", "name": "m-1", "node": "wk-1"}

_entry := {"domain": "workload", "clusters": ["ns/demo"], "secret": {"namespace": "ns", "name": "s"}, "value": {"certificates": ["root"]}}

_document(created, spec, secret) := {
	"machines": {"ns/m-1": {"cluster": "ns/demo", "node": "wk-1", "phase": "Running", "created_at": created}},
	"clusters": {"ns/demo": {"spec_changed_at": spec}},
	"secrets": {"ns/s": {"modified_at": secret}},
	"trust": {"k": _entry}, "nodes": {"wk-1": {"read": true}},
}

_told(created, what, at) := sprintf("Machine ns/m-1 (node wk-1) was made at %s, before %s was changed at %s: it has the trust configuration from before", [created, what, at])

_spec := "the spec of cluster ns/demo"

_secret := "the trust secret ns/s of cluster ns/demo"

_old := _document("2026-11-01T08:00:00Z", "2026-11-20T08:00:00Z", "2026-10-01T08:00:00Z")

_by_spec := _told("2026-11-01T08:00:00Z", _spec, "2026-11-20T08:00:00Z")

_at_limit := _document("2026-11-20T07:50:00Z", "2026-11-20T08:00:00Z", "2026-10-01T08:00:00Z")

_past_limit := _document("2026-11-20T07:49:59Z", "2026-11-20T08:00:00Z", "2026-10-01T08:00:00Z")

_node(held) := {"nodes": {"wk-1": {"read": true, "trust_files": {"/f": {"form": "pem", "certificates": held}}}}}

_unread := json.remove(_old, ["nodes/wk-1"])

test_denials[name] if {
	some name, tc in {
		"older than the spec, and its node was not read": {"document": _unread, "denied": set(), "warned": {replace(_by_spec, "it has", "it may have")}, "subjects": {_subject}},
		"older than both, and its node was not read": {
			"document": object.union(_unread, {"secrets": {"ns/s": {"modified_at": "2026-11-19T08:00:00Z"}}}),
			"denied": {_told("2026-11-01T08:00:00Z", _secret, "2026-11-19T08:00:00Z")}, "subjects": {_subject},
		},
		"newer": {"document": _document("2026-11-21T08:00:00Z", "2026-11-20T08:00:00Z", "2026-10-01T08:00:00Z"), "denied": set(), "subjects": {_subject}},
		"older than the spec": {"document": _old, "denied": {_by_spec}, "subjects": {_subject}},
		"ten minutes before": {"document": _at_limit, "denied": set(), "subjects": {_subject}},
		"a second more": {"document": _past_limit, "denied": {_told("2026-11-20T07:49:59Z", _spec, "2026-11-20T08:00:00Z")}, "subjects": {_subject}},
		"older than the secret": {"document": _document("2026-11-01T08:00:00Z", "2026-10-20T08:00:00Z", "2026-11-02T08:00:00Z"), "denied": {_told("2026-11-01T08:00:00Z", _secret, "2026-11-02T08:00:00Z")}, "subjects": {_subject}},
		"older, and its node holds all": {"document": object.union(_old, _node(["root", "other"])), "denied": set(), "subjects": {_subject}},
		"older, and its node holds another": {"document": object.union(_old, _node(["other"])), "denied": {_by_spec}, "subjects": {_subject}},
		"older, and the entry has no value": {"document": object.union(json.remove(_old, ["trust/k/value"]), _node(["root"])), "denied": {_by_spec}, "subjects": {_subject}},
		"older, and the value is empty": {"document": object.union(_old, object.union(_node(["root"]), {"trust": {"k": {"value": {"certificates": []}}}})), "denied": {_by_spec}, "subjects": {_subject}},
		"older, and one of two entries is held": {"document": object.union(_old, object.union(_node(["root"]), {"trust": {"l": object.union(_entry, {"value": {"certificates": ["more"]}})}})), "denied": {_by_spec}, "subjects": {_subject}},
		"being deleted": {"document": object.union(_old, {"machines": {"ns/m-1": {"phase": "Deleting"}}}), "denied": set(), "subjects": set()},
		"deleted": {"document": object.union(_old, {"machines": {"ns/m-1": {"phase": "Deleted"}}}), "denied": set(), "subjects": set()},
		"phase missing": {"document": json.remove(_old, ["machines/ns~1m-1/phase"]), "denied": {_by_spec}, "subjects": {_subject}},
		"its time is missing": {"document": json.remove(_old, ["machines/ns~1m-1/created_at"]), "denied": set(), "subjects": set()},
		"its time is malformed": {"document": _document("soon", "2026-11-20T08:00:00Z", "2026-10-01T08:00:00Z"), "denied": set(), "subjects": set()},
		"no time of the spec": {"document": json.remove(_old, ["clusters/ns~1demo/spec_changed_at"]), "denied": set(), "subjects": {_subject}},
		"no time of a change": {"document": json.remove(_old, ["clusters/ns~1demo/spec_changed_at", "secrets/ns~1s"]), "denied": set(), "subjects": set()},
		"no trust in its cluster": {"document": object.union(_old, {"trust": {"k": {"clusters": ["ns/other"]}}}), "denied": set(), "subjects": set()},
		"trust of whichever cluster": {"document": json.remove(_old, ["trust/k/clusters"]), "denied": {_by_spec}, "subjects": {_subject}},
		"trust that reaches none": {"document": object.union(_old, {"trust": {"k": {"applies_to_none": true}}}), "denied": set(), "subjects": set()},
		"trust of another domain": {"document": object.union(_old, {"trust": {"k": {"domain": "kapp"}}}), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"machines": {}, "clusters": {}, "trust": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	{finding.msg | some finding in policy.warn} == object.get(tc, "warned", set()) with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_another_margin if {
	count(policy.deny) == 0 with input as _past_limit with data.params as {"RT-XEV-006": {"settle_minutes": 11}}
	count(policy.deny) == 1 with input as _at_limit with data.params as {"RT-XEV-006": {"settle_minutes": 9}}
}

test_a_machine_without_a_node if {
	some finding in policy.warn with input as object.union(_old, {"machines": {"ns/m-1": {"node": ""}}})
	finding.subject == {"kind": "machine", "namespace": "ns", "name": "m-1"}
	startswith(finding.msg, "Machine ns/m-1 was made at")
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _by_spec, "evidence": ["/machines/ns~1m-1", "/clusters/ns~1demo"], "remediation": ""}} with input as _old
	policy.warn == {{
		"subject": {"kind": "machine", "namespace": "ns", "name": "m-1"},
		"msg": "Machine ns/m-1 was made at 2026-11-01T08:00:00Z, before the spec of cluster ns/demo was changed at 2026-11-20T08:00:00Z: it may have the trust configuration from before",
		"evidence": ["/machines/ns~1m-1", "/clusters/ns~1demo"],
	}} with input as json.remove(_old, ["machines/ns~1m-1/node"])
	policy.deny == {{
		"subject": _subject, "msg": _told("2026-11-01T08:00:00Z", _secret, "2026-11-02T08:00:00Z"),
		"evidence": ["/machines/ns~1m-1", "/secrets/ns~1s"],
		"remediation": "A secret that is changed in place rolls no nodes: give the entry a new name, in the secret and in the cluster",
	}} with input as _document("2026-11-01T08:00:00Z", "2026-10-20T08:00:00Z", "2026-11-02T08:00:00Z")
}
