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
}

_omits(store, more) := {store: object.union({"ok": false, "reason": "server_omits_intermediate"}, more)}

_document(sent, verdicts, named) := {
	"certificates": _certificates,
	"trust_stores": {"go:1": {"verifier": "go", "anchors": []}},
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
		"the leaf alone, and its issuer is an anchor": {"document": _document(["leaf"], object.union(_omits("go:1", {"candidates": ["issuing"]}), {"go:2": {"ok": true}}), []), "denied": set()},
		"the leaf alone, and its issuer is known as a root": {"document": _document(["leaf"], {}, ["issuing", "root"]), "denied": set()},
		"the leaf alone, and its issuer is known as an intermediate": {"document": _document(["leaf"], {}, ["issuing"]), "denied": {_unknown}},
		"the leaf alone, and its issuer is held elsewhere": {"document": _document(["leaf"], _omits("go:1", {"break": "leaf", "candidates": ["issuing"]}), []), "denied": {`"issuing", which signed "harbor"`}},
		"a further intermediate is held elsewhere": {
			"document": _document(["leaf", "issuing"], object.union(_omits("go:2", {"break": "leaf", "candidates": ["root"]}), _omits("go:1", {"break": "issuing", "candidates": ["policy"]})), []),
			"denied": {`"policy", which signed "issuing"`},
		},
		"a leaf that names itself as issuer": {"document": _document(["self"], {}, []), "denied": set()},
		"issuer missing": {"document": _document(["bare"], {}, []), "denied": {"the certificate that signed its own, and no trust store here holds it"}},
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

test_warnings[name] if {
	some name, tc in {
		"no store but the public one": {"stores": {"public:1": {"verifier": "public"}}, "verdicts": {}, "warned": 1, "denied": 0},
		"no store at all": {"stores": {}, "verdicts": {}, "warned": 1, "denied": 0},
		"what is configured is known": {"stores": {"configured:1": {"verifier": "configured"}}, "verdicts": {}, "warned": 0, "denied": 1},
		"a node's store is known": {"stores": {"go:1": {"verifier": "go"}}, "verdicts": {}, "warned": 0, "denied": 1},
		"the missing link is known": {"stores": {}, "verdicts": _omits("public:1", {"break": "leaf", "candidates": ["issuing"]}), "warned": 0, "denied": 1},
	}
	document := object.union(object.remove(_document(["leaf"], tc.verdicts, []), ["trust_stores"]), {"trust_stores": tc.stores})
	count(policy.warn) == tc.warned with input as document
	count(policy.deny) == tc.denied with input as document
}

test_warning_says_what_is_not_known if {
	some finding in policy.warn with input as object.union(object.remove(_document(["leaf"], {}, []), ["trust_stores"]), {"trust_stores": {}})
	finding.subject == _subject
	finding.severity == "info"
	contains(finding.msg, `whether "CN=issuing", which signed it, is a root that the nodes trust is not known`)
}

test_repair_of_what_nobody_knows if {
	document := object.union(_document(["leaf"], {}, []), {"nodes": {"wk-1": {"read": true, "os_family": "debian"}, "wk-2": {"read": false, "os_family": "photon"}}})
	some finding in policy.deny with input as document
	contains(finding.remediation, "the registry sends all it should: configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: put it as PEM into /usr/local/share/ca-certificates with the suffix .crt, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`);\nif not, let the registry serve it behind its own certificate")
}
