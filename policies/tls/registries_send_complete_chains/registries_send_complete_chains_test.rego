package regpolicy.tls.registries_send_complete_chains_test

import data.regpolicy.tls.registries_send_complete_chains as policy

_subject := {"kind": "endpoint", "name": "harbor:443", "vantage": "collector"}

_certificates := {
	"leaf": {"common_name": "harbor", "subject": "CN=harbor", "issuer": "CN=issuing"},
	"self": {"common_name": "self", "subject": "CN=self", "issuer": "CN=self", "self_issued": true},
	"issuing": {"common_name": "issuing", "subject": "CN=issuing", "issuer": "CN=policy"},
	"policy": {"common_name": "policy", "subject": "CN=policy", "issuer": "CN=root"},
	"root": {"common_name": "root", "subject": "CN=issuing", "issuer": "CN=issuing", "self_signed": true},
	"bare": {"common_name": "bare"},
	"blank": {"common_name": "blank", "issuer": ""},
}

_omits(store, more) := {store: object.union({"ok": false, "reason": "server_omits_intermediate"}, more)}

_document(sent, verdicts, named) := {
	"certificates": _certificates,
	"nodes": {"wk-0": {"read": true, "trust_store": "go:1"}, "wk-9": {"read": true, "trust_store": "go:2"}},
	"views": {"certificates_by_subject": {"CN=issuing": named}},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": sent, "verdicts": verdicts}}}},
}

_unknown := `the certificate of "CN=issuing" that signed its own, and no trust store here holds it`

test_denials[name] if {
	some name, tc in {
		"the issuer is sent": {"document": _document(["leaf", "issuing"], {"go:1": {"ok": false, "reason": "root_absent", "candidates": ["root"]}}, []), "denied": set()},
		"the issuer is sent after another one": {"document": _document(["leaf", "policy", "issuing"], {}, []), "denied": set()},
		"the leaf alone": {"document": _document(["leaf"], _omits("go:1", {}), []), "denied": {_unknown}},
		"the leaf and a stranger": {"document": _document(["leaf", "policy"], {}, []), "denied": {_unknown}},
		"the leaf twice": {"document": _document(["leaf", "leaf"], {}, []), "denied": {_unknown}},
		"the leaf alone, and its issuer is an anchor": {"document": _document(["leaf"], {"go:1": {"ok": true}, "go:2": {"ok": true}}, []), "denied": set()},
		"the leaf alone, and its issuer is an anchor of one node only": {"document": _document(["leaf"], object.union(_omits("go:1", {"break": "leaf", "candidates": ["issuing"]}), {"go:2": {"ok": true}}), []), "denied": {`"issuing", which signed "harbor"`}},
		"the leaf alone, and its issuer is known as a root": {"document": _document(["leaf"], {}, ["issuing", "root"]), "denied": set()},
		"the leaf alone, and its issuer is known as an intermediate": {"document": _document(["leaf"], {}, ["issuing"]), "denied": {_unknown}},
		"the leaf alone, and its issuer is held elsewhere": {"document": _document(["leaf"], _omits("go:1", {"break": "leaf", "candidates": ["issuing"]}), []), "denied": {`"issuing", which signed "harbor"`}},
		"a further intermediate is held elsewhere": {
			"document": _document(["leaf", "issuing"], object.union(_omits("go:2", {"break": "leaf", "candidates": ["root"]}), _omits("go:1", {"break": "issuing", "candidates": ["policy"]})), []),
			"denied": {`"policy", which signed "issuing"`},
		},
		"a leaf that names itself as issuer": {"document": _document(["self"], {}, []), "denied": set()},
		"issuer missing": {"document": _document(["bare"], {}, []), "denied": {"the certificate that signed its own, and no trust store here holds it"}},
		"issuer empty": {"document": _document(["blank"], {}, []), "denied": {"the certificate that signed its own, and no trust store here holds it"}},
		"certificate missing": {"document": _document(["gone"], {}, []), "denied": {"the certificate that signed its own, and no trust store here holds it"}},
		"verdicts malformed": {"document": _document(["leaf"], {"go:1": 7}, []), "denied": {_unknown}},
	}
	denied := {concat("", ["harbor:443, seen from collector, does not send ", what]) | some what in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as tc.document
	policy.subjects == {_subject} with input as tc.document
}

test_what_is_not_looked_at[name] if {
	some name, endpoints in {
		"no endpoint": {},
		"no chain": {"harbor:443": {"probes": {"collector": {}}, "chains": {}}},
		"a chain that is not there": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {}}},
	}
	policy.subjects == set() with input as {"endpoints": endpoints}
	policy.deny == set() with input as {"endpoints": endpoints}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document(["leaf"], {}, [])
	finding.subject == _subject
	finding.evidence == ["/endpoints/harbor:443/chains/c"]
}

test_whose_trust_counts[name] if {
	some name, tc in {
		"the nodes'": {"ok": "go:1", "pullers": ["kubelet"], "denied": false},
		"what is configured for them": {"ok": "configured:w", "pullers": ["kubelet"], "denied": false},
		"the Supervisor's, for nodes": {"ok": "configured:s", "pullers": ["kubelet"], "denied": true},
		"the Supervisor's, for its pods": {"ok": "configured:s", "pullers": ["vsphere_pod"], "denied": false},
		"the nodes', for vSphere Pods": {"ok": "go:1", "pullers": ["vsphere_pod"], "denied": true},
		"the Supervisor's, where both pull": {"ok": "configured:s", "pullers": ["kubelet", "vsphere_pod"], "denied": false},
		"kapp's": {"ok": "configured:k", "pullers": ["kubelet"], "denied": true},
		"a node's, for another registry": {"ok": "go:3", "pullers": ["kubelet"], "denied": true},
		"the public": {"ok": "public:1", "pullers": ["kubelet"], "denied": false},
		"nobody's": {"ok": "none", "pullers": ["kubelet"], "denied": true},
	}
	domains := {"workload": "configured:w", "supervisor": "configured:s", "kapp": "configured:k"}
	document := object.union(_document(["leaf"], {tc.ok: {"ok": true}}, []), {
		"public_store": "public:1",
		"domains": {domain: {"trust_store": store} | some domain, store in domains},
		"registries": {"harbor:443": {"platforms": tc.pullers}},
		"nodes": {"wk-1": {"read": true, "trust_store": "go:1", "registry_config": {"hosts": {"other": {"trust_store": "go:3"}}}}},
	})
	(count(policy.deny) > 0) == tc.denied with input as document
}

test_who_lacks_it[name] if {
	some name, tc in {
		"no node": {"more": {"go:2": {"ok": true}}, "denied": false},
		"one node": {"more": {"go:2": {"ok": false}}, "denied": true},
		"one node, of which nothing is known": {"more": {}, "denied": false},
		"one node, for another registry": {"more": {"go:3": {"ok": false}}, "denied": false},
		"one node, and it is configured": {"more": {"go:2": {"ok": false}, "configured:w": {"ok": true}}, "denied": false},
		"one node, and it is configured for others": {"more": {"go:2": {"ok": false}, "configured:s": {"ok": true}}, "denied": true},
		"new nodes": {"more": {"configured:w": {"ok": false}}, "denied": false},
		"a node that was read in part": {"more": {"go:4": {"ok": false}}, "denied": false},
		"a node whose settings were not read": {"more": {"go:5": {"ok": false}}, "denied": false},
		"the Supervisor, which does not pull": {"more": {"configured:s": {"ok": false}}, "denied": false},
		"the Supervisor, which pulls": {"more": {"configured:s": {"ok": false}}, "pullers": ["kubelet", "vsphere_pod"], "denied": true},
		"a node, and both pull": {"more": {"go:2": {"ok": false}, "configured:s": {"ok": true}}, "pullers": ["kubelet", "vsphere_pod"], "denied": true},
		"a node, and only the Supervisor pulls": {"more": {"go:2": {"ok": false}, "configured:s": {"ok": true}}, "pullers": ["vsphere_pod"], "denied": false},
	}
	document := object.union(_document(["leaf"], object.union({"go:1": {"ok": true}}, tc.more), []), {
		"domains": {"workload": {"trust_store": "configured:w"}, "supervisor": {"trust_store": "configured:s"}},
		"registries": {"harbor:443": {"platforms": object.get(tc, "pullers", ["kubelet"])}},
		"nodes": {
			"wk-1": {"read": true, "trust_store": "go:1", "registry_config": {"hosts": {"other": {"trust_store": "go:3"}}}},
			"wk-4": {"read": true, "trust_store": "go:4"},
			"wk-5": {"read": true, "trust_store": "go:5"},
		},
		"coverage": {"nodes": {"gaps": [
			{"subject": {"kind": "node", "name": "wk-4"}, "field": "trust_store", "reason": "permission_denied"},
			{"subject": {"kind": "node", "name": "wk-5"}, "field": "registry_config", "reason": "permission_denied"},
		]}},
	})
	(count(policy.deny) > 0) == tc.denied with input as document
}

test_who_lacks_it_without_nodes[name] if {
	some name, tc in {
		"the workload's configuration": {"ok": "configured:s", "not": "configured:w", "denied": true},
		"the Supervisor's configuration": {"ok": "configured:w", "not": "configured:s", "denied": true},
		"nobody's": {"ok": "configured:w", "not": "configured:x", "denied": false},
	}
	document := object.union(object.remove(_document(["leaf"], {tc.ok: {"ok": true}, tc["not"]: {"ok": false}}, []), ["nodes"]), {
		"domains": {"workload": {"trust_store": "configured:w"}, "supervisor": {"trust_store": "configured:s"}},
		"registries": {"harbor:443": {"platforms": ["kubelet", "vsphere_pod"]}},
	})
	(count(policy.deny) > 0) == tc.denied with input as document
}

test_warnings[name] if {
	some name, tc in {
		"no store but the public one": {"more": {"public_store": "public:1"}, "verdicts": {}, "warned": 1, "denied": 0},
		"no store at all": {"more": {}, "verdicts": {}, "warned": 1, "denied": 0},
		"what is configured is known": {"more": {"domains": {"workload": {"trust_store": "configured:1"}}}, "verdicts": {}, "warned": 0, "denied": 1},
		"what is configured elsewhere is known": {"more": {"domains": {"supervisor": {"trust_store": "configured:1"}}}, "verdicts": {}, "warned": 1, "denied": 0},
		"a node's store is known": {"more": {"nodes": {"wk-1": {"read": true, "trust_store": "go:1"}}}, "verdicts": {}, "warned": 0, "denied": 1},
		"the missing link is known": {"more": {}, "verdicts": _omits("public:1", {"break": "leaf", "candidates": ["issuing"]}), "warned": 0, "denied": 1},
	}
	document := object.union(object.remove(_document(["leaf"], tc.verdicts, []), ["nodes"]), tc.more)
	count(policy.warn) == tc.warned with input as document
	count(policy.deny) == tc.denied with input as document
}

test_warning_says_what_is_not_known if {
	some finding in policy.warn with input as object.remove(_document(["leaf"], {}, []), ["nodes"])
	finding.subject == _subject
	finding.severity == "info"
	finding.evidence == ["/endpoints/harbor:443/chains/c"]
	finding.msg == `harbor:443, seen from collector, sends its own certificate alone; whether "CN=issuing", which signed it, is a root that the nodes trust is not known without their trust stores`
}

test_repair_of_what_nobody_knows if {
	document := object.union(object.remove(_document(["leaf"], {}, []), ["nodes"]), {"nodes": {"wk-1": {"read": true, "trust_store": "go:1", "os_family": "debian"}, "wk-2": {"read": false, "os_family": "photon"}}})
	some finding in policy.deny with input as document
	startswith(finding.remediation, "ask whoever runs the registry for the certificate that signed its own:\nif that is a root (subject and issuer are equal), the")
	contains(finding.remediation, "the registry sends all it should: configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: put it as PEM into /usr/local/share/ca-certificates with the suffix .crt, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`);")
	endswith(finding.remediation, "\nif not, let the registry serve it behind its own certificate")
}
