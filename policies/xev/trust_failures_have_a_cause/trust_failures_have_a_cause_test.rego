package regpolicy.xev.trust_failures_have_a_cause_test

import data.regpolicy.xev.trust_failures_have_a_cause as policy

_subject := {"kind": "pod", "namespace": "default", "name": "web"}

_failure := {
	"namespace": "default", "pod": "web", "image": "harbor/app:1", "registry": "harbor:443", "origin": "kubelet",
	"cause": "unknown_authority", "node": "wk-1", "last_seen": "2026-11-23T07:00:00Z",
}

_node := {"read": true, "trust_store": "go:1", "registry_config": {"hosts": {}}}

_ok := {"name": {"ok": true}, "verdicts": {"go:1": {"ok": true, "paths": [["root"]]}}}

_document(failure, node, chain) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"root": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}},
	"pull_failures": {"default/web/app": failure},
	"views": {"failures_by_cause": {failure.cause: ["default/web/app"]}},
	"nodes": {"wk-1": node},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": chain}}},
}

_told(rest) := sprintf("pod default/web cannot pull harbor/app:1 on node wk-1 (unknown authority), though the chain of harbor:443 verifies with what that node holds; what is left, in order: %s", [rest])

_restart := "1. the runtime may have started before the CA file was written: restart it"

_sound := _document(_failure, _node, _ok)

_gap(field) := {"coverage": {"nodes": {"gaps": [{"subject": {"kind": "node", "name": "wk-1"}, "field": field}]}}}

_with_node(change) := _document(_failure, object.union(_node, change), _ok)

_files := {"trust_files": {"/a.pem": {"modified_at": "2026-11-22T08:00:00Z"}, "/b.pem": {"modified_at": "2026-11-22T09:00:00Z"}, "/c.pem": {}}}

_started(at) := {"runtime": {"started_at": at}}

test_denials[name] if {
	some name, tc in {
		"all is sound": {"document": _sound, "denied": {_told(_restart)}, "subjects": {_subject}},
		"no anchor": {"document": _document(_failure, _node, object.union(_ok, {"verdicts": {"go:1": {"ok": false}}})), "denied": set(), "subjects": {_subject}},
		"expired": {"document": object.union(_sound, {"at": "2028-01-01T00:00:00Z"}), "denied": set(), "subjects": {_subject}},
		"another name": {"document": _document(_failure, _node, object.union(_ok, {"name": {"ok": false}})), "denied": set(), "subjects": {_subject}},
		"name missing": {"document": _document(_failure, _node, json.remove(_ok, ["name"])), "denied": set(), "subjects": {_subject}},
		"one of two chains is unsound": {"document": object.union(_sound, {"endpoints": {"harbor:443": {"probes": {"x": {"chain": "d"}}, "chains": {"d": {}}}}}), "denied": set(), "subjects": {_subject}},
		"the host was another": {"document": _document(object.union(_failure, {"host": "token:443"}), _node, _ok), "denied": set(), "subjects": set()},
		"no x509": {"document": _document(object.union(_failure, {"cause": "refused"}), _node, _ok), "denied": set(), "subjects": set()},
		"a vSphere Pod": {"document": _document(object.union(_failure, {"origin": "vsphere_pod"}), _node, _ok), "denied": set(), "subjects": set()},
		"a node that was not read": {"document": _document(_failure, object.union(_node, {"read": false}), _ok), "denied": set(), "subjects": set()},
		"a node without a store": {"document": _document(_failure, object.union(_node, {"trust_store": ""}), _ok), "denied": set(), "subjects": set()},
		"node missing": {"document": _document(json.remove(_failure, ["node"]), _node, _ok), "denied": set(), "subjects": set()},
		"nothing was presented": {"document": json.remove(_sound, ["endpoints/harbor:443/probes/collector"]), "denied": set(), "subjects": set()},
		"from before the runtime's restart": {"document": _with_node(_started("2026-11-23T07:00:01Z")), "denied": set(), "subjects": set()},
		"in the second of the runtime's restart": {"document": _with_node(_started("2026-11-23T07:00:00Z")), "denied": {_told("nothing that this document shows: see whether the name leads to another host from that node")}, "subjects": {_subject}},
		"last seen is missing": {"document": _document(json.remove(_failure, ["last_seen"]), object.union(_node, _started("2026-11-23T07:30:00Z")), _ok), "denied": {_told("nothing that this document shows: see whether the name leads to another host from that node")}, "subjects": {_subject}},
		"started before the last file": {
			"document": _with_node(object.union(_files, _started("2026-11-22T08:30:00Z"))),
			"denied": {_told("1. the runtime started at 2026-11-22T08:30:00Z, before /b.pem changed at 2026-11-22T09:00:00Z: restart it")}, "subjects": {_subject},
		},
		"started before the bundle": {
			"document": _with_node({"bundle": {"path": "/bundle", "modified_at": "2026-11-22T09:00:00Z"}, "runtime": {"started_at": "2026-11-22T08:59:59Z"}}),
			"denied": {_told("1. the runtime started at 2026-11-22T08:59:59Z, before /bundle changed at 2026-11-22T09:00:00Z: restart it")}, "subjects": {_subject},
		},
		"started with the last file": {
			"document": _with_node(object.union(_files, _started("2026-11-22T09:00:00Z"))),
			"denied": {_told("nothing that this document shows: see whether the name leads to another host from that node")}, "subjects": {_subject},
		},
		"settings of its own": {
			"document": _with_node({"registry_config": {"hosts": {"harbor": {"origin": "/etc/containerd/certs.d/harbor/hosts.toml"}}}}),
			"denied": {_told(sprintf("%s; 2. the node has settings of its own for that registry in /etc/containerd/certs.d/harbor/hosts.toml", [_restart]))}, "subjects": {_subject},
		},
		"settings not read": {
			"document": object.union(_sound, _gap("registry_config")),
			"denied": {_told(sprintf("%s; 2. the node's settings for that registry could not be read: look for it below /etc/containerd", [_restart]))}, "subjects": {_subject},
		},
		"settings missing": {
			"document": json.remove(_sound, ["nodes/wk-1/registry_config"]),
			"denied": {_told(sprintf("%s; 2. the node's settings for that registry could not be read: look for it below /etc/containerd", [_restart]))}, "subjects": {_subject},
		},
		"a proxy": {
			"document": object.union(_with_node({"proxy": "node/wk-1"}), {"proxies": {"node/wk-1": {"https": "http://proxy:3128"}}}),
			"denied": {_told(sprintf("%s; 2. pulls go through the proxy http://proxy:3128, which may show a certificate of its own", [_restart]))}, "subjects": {_subject},
		},
		"a proxy for plain HTTP": {
			"document": object.union(_with_node({"proxy": "node/wk-1"}), {"proxies": {"node/wk-1": {"https": ""}}}),
			"denied": {_told(sprintf("%s; 2. pulls go through the proxy node/wk-1, which may show a certificate of its own", [_restart]))}, "subjects": {_subject},
		},
		"no proxy": {"document": _with_node({"proxy": ""}), "denied": {_told(_restart)}, "subjects": {_subject}},
		"proxy not read": {
			"document": object.union(_sound, _gap("proxy")),
			"denied": {_told(sprintf("%s; 2. whether pulls go through a proxy could not be read", [_restart]))}, "subjects": {_subject},
		},
		"sections empty": {"document": {"pull_failures": {}, "views": {"failures_by_cause": {}}, "nodes": {}, "endpoints": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

# The collectors' names of causes, as collectors/evidence lists them.
test_causes[cause] if {
	some cause in [
		"unknown_authority", "authority_rekeyed", "issuer_not_ca", "expired", "not_yet_valid",
		"legacy_common_name", "name_mismatch", "ip_mismatch", "wrong_key_usage", "name_constraint",
		"chain_invalid", "weak_signature", "no_system_roots",
	]
	policy.subjects == {_subject} with input as _document(object.union(_failure, {"cause": cause}), _node, _ok)
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject, "msg": _told(_restart),
		"evidence": ["/pull_failures/default~1web~1app", "/endpoints/harbor:443", "/nodes/wk-1"],
	}} with input as _sound
}
