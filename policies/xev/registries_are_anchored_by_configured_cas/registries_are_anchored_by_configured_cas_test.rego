package regpolicy.xev.registries_are_anchored_by_configured_cas_test

import data.regpolicy.xev.registries_are_anchored_by_configured_cas as policy

_subject(domain) := {"kind": "registry", "name": "harbor:443", "domain": domain, "chain": "c"}

_ok := {"ok": true, "paths": [["leaf", "root"]]}

_no := {"ok": false, "detail": "no root"}

_entry := {"domain": "workload", "value": {"certificates": ["root"]}}

_document(verdict, entry) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"public_store": "public:1",
	"certificates": {
		"leaf": {"common_name": "harbor", "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"},
		"root": {"common_name": "root", "not_before": "2020-01-01T00:00:00Z", "not_after": "2030-01-01T00:00:00Z"},
	},
	"registries": {"harbor:443": {"platforms": ["kubelet"]}},
	"domains": {"workload": {"trust_store": "configured:1", "entries": ["k"]}},
	"trust": {"k": entry},
	"endpoints": {"harbor:443": {"roles": ["registry"], "chains": {"c": {"verdicts": {"configured:1": verdict}}}}},
}

_bare := object.union(json.remove(_document(_no, _entry), ["endpoints/harbor:443/chains/c/verdicts/configured:1"]), {"domains": {"workload": {"trust_store": "", "entries": []}}})

_told(domain, why) := sprintf("the chain of harbor:443 leads to no CA that the %s domain has configured: %s", [domain, why])

test_denials[name] if {
	some name, tc in {
		"anchored": {"document": _document(_ok, _entry), "denied": set(), "domains": {"workload"}},
		"not anchored": {"document": _document(_no, _entry), "denied": {_told("workload", "no root")}, "domains": {"workload"}},
		"nothing is configured": {"document": _bare, "denied": {_told("workload", "it has none")}, "domains": {"workload"}},
		"store missing": {"document": json.remove(_bare, ["domains/workload/trust_store"]), "denied": {_told("workload", "it has none")}, "domains": {"workload"}},
		"anchored by what reaches no cluster": {"document": _document(_ok, object.union(_entry, {"applies_to_none": true})), "denied": {_told("workload", "the CA that it leads to is configured, but not for this cluster")}, "domains": {"workload"}},
		"a public chain": {"document": object.union(_document(_no, _entry), {"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"public:1": {"ok": true}}}}}}}), "denied": set(), "domains": set()},
		"a token service is TLS-002's business": {"document": object.union(_document(_no, _entry), {"endpoints": {"harbor:443": {"roles": ["token"]}}}), "denied": set(), "domains": set()},
		"a registry that was asked for by hand": {"document": object.union(_document(_no, _entry), {"registries": {"harbor:443": {"platforms": []}}, "endpoints": {"harbor:443": {"roles": ["requested"]}}}), "denied": {_told("workload", "no root")}, "domains": {"workload"}},
		"a registry that no image names": {"document": json.remove(_document(_no, _entry), ["registries/harbor:443"]), "denied": {_told("workload", "no root")}, "domains": {"workload"}},
		"the Supervisor pulls, too": {
			"document": object.union(_document(_ok, _entry), {"registries": {"harbor:443": {"platforms": ["kubelet", "vsphere_pod"]}}, "domains": {"supervisor": {"trust_store": "", "entries": []}}}),
			"denied": {_told("supervisor", "it has none")}, "domains": {"workload", "supervisor"},
		},
		"a domain that was not looked at": {"document": object.union(_document(_no, _entry), {"registries": {"harbor:443": {"platforms": ["vsphere_pod"]}}}), "denied": set(), "domains": set()},
		"an entry's value may not be read": {"document": _document(_no, {"domain": "workload", "reason": "forbidden"}), "denied": set(), "domains": set()},
		"an entry's secret was never gathered": {"document": _document(_no, {"domain": "workload", "reason": "not_collected"}), "denied": set(), "domains": set()},
		"an entry's secret does not exist": {"document": _document(_no, {"domain": "workload", "reason": "secret_not_found"}), "denied": {_told("workload", "it has none")}, "domains": {"workload"}},
		"one of two values may not be read, and the other is enough": {
			"document": object.union(_document(_ok, _entry), {"trust": {"l": {"domain": "workload", "reason": "forbidden"}}}),
			"denied": set(), "domains": {"workload"},
		},
		"a chain that was not judged": {"document": json.remove(_document(_no, _entry), ["endpoints/harbor:443/chains/c/verdicts/configured:1"]), "denied": set(), "domains": set()},
		"verdict malformed": {"document": _document({}, _entry), "denied": {_told("workload", "no path to an anchor is known")}, "domains": {"workload"}},
		"sections empty": {"document": {"collected_at": "2026-11-23T08:00:00Z", "endpoints": {}, "trust": {}, "domains": {}}, "denied": set(), "domains": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == {_subject(domain) | some domain in tc.domains} with input as tc.document
}

test_another_clusters_ca_does_not_count if {
	document := object.union(_document(_ok, object.union(_entry, {"clusters": ["ns/other"]})), {"clusters": {"ns/demo": {}}, "nodes": {"wk-1": {"cluster": "demo"}}})
	{finding.msg | some finding in policy.deny} == {_told("workload", "the CA that it leads to is configured, but not for this cluster")} with input as document
}

test_what_was_refused_may_hold_the_anchor if {
	refused := {"coverage": {"trust": {"gaps": [{"subject": {"kind": "section", "name": "tanzukubernetesclusters"}}]}}}
	policy.subjects == set() with input as object.union(_document(_no, _entry), refused)
	count(policy.subjects) == 1 with input as object.union(_document(_ok, _entry), refused)
}

test_the_supervisors_repair_is_its_own if {
	document := object.union(_bare, {"registries": {"harbor:443": {"platforms": ["vsphere_pod"]}}, "domains": {"supervisor": {"trust_store": "", "entries": []}}})
	some finding in policy.deny with input as json.remove(document, ["registries/harbor:443/platforms/0"])
	finding.remediation == ""
	some other in policy.deny with input as document
	other.trust_domain == "supervisor"
	other.remediation == "Append the CA that signed the registry's chain to the key ca-bundle of the ConfigMap kube-system/image-fetcher-ca-bundle on the Supervisor; keep what is there"
}

test_time if {
	policy.deny == {{
		"subject": _subject("workload"), "trust_domain": "workload",
		"msg": `the chain of harbor:443 is not valid now, though it leads to a CA that the workload domain has configured: "harbor" has expired at 2027-01-01T00:00:00Z`,
		"remediation": `Renew "harbor" and let harbor:443 serve it; where it is not valid yet, check the clocks first`,
		"evidence": ["/endpoints/harbor:443/chains/c/verdicts/configured:1"],
	}} with input as object.union(_document(_ok, _entry), {"at": "2028-01-01T00:00:00Z"})
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject("workload"), "trust_domain": "workload", "remediation": "",
		"msg": _told("workload", "no root"), "evidence": ["/endpoints/harbor:443/chains/c/verdicts/configured:1"],
	}} with input as _document(_no, _entry)
	policy.deny == {{
		"subject": _subject("workload"), "trust_domain": "workload", "remediation": "",
		"msg": _told("workload", "it has none"), "evidence": ["/endpoints/harbor:443/chains/c", "/domains/workload"],
	}} with input as _bare
}
