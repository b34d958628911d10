package regpolicy.cfg.private_registries_have_trust_test

import data.regpolicy.cfg.private_registries_have_trust as policy

_harbor := {"host": "harbor.corp", "pods": 2, "workloads": ["Deployment/a/b"], "platforms": ["kubelet"]}

_document := {
	"public_store": "public:1",
	"registries": {"harbor.corp:443": _harbor},
	"domains": {"workload": {"entries": ["k"]}},
	"trust": {"k": {"domain": "workload"}},
}

_bare := object.union(_document, {"domains": {"workload": {"entries": []}}})

_told := "2 pod(s) and 1 manifest(s) use the private registry harbor.corp:443, and the workload trust domain has no CA configured"

_subject(domain) := {"kind": "registry", "name": "harbor.corp:443", "domain": domain}

_probed(ok) := {"endpoints": {"harbor.corp:443": {"chains": {"c": {"verdicts": {"public:1": {"ok": ok}}}}}}}

_named(host, more) := object.union(
	json.remove(_bare, ["registries"]),
	object.union({"registries": {concat("", [host, ":443"]): object.union(_harbor, {"host": host})}}, more),
)

test_denials[name] if {
	some name, tc in {
		"a CA is configured": {"document": _document, "denied": set(), "subjects": {_subject("workload")}},
		"none is": {"document": _bare, "denied": {_told}, "subjects": {_subject("workload")}},
		"one is that reaches no cluster": {"document": object.union(_document, {"trust": {"k": {"applies_to_none": true}}}), "denied": {_told}, "subjects": {_subject("workload")}},
		"one is that the document lacks": {"document": object.union(_document, {"domains": {"workload": {"entries": ["gone"]}}}), "denied": {_told}, "subjects": {_subject("workload")}},
		"a private chain was seen": {"document": object.union(_bare, _probed(false)), "denied": {_told}, "subjects": {_subject("workload")}},
		"a public chain was seen": {"document": object.union(_bare, _probed(true)), "denied": set(), "subjects": set()},
		"the Supervisor pulls and has none": {
			"document": object.union(_document, {"registries": {"harbor.corp:443": {"platforms": ["kubelet", "vsphere_pod"]}}, "domains": {"supervisor": {"entries": []}}}),
			"denied": {replace(_told, "workload", "supervisor")}, "subjects": {_subject("workload"), _subject("supervisor")},
		},
		"manifests do not say who pulls": {"document": object.union(_bare, {"registries": {"harbor.corp:443": {"platforms": []}}}), "denied": {_told}, "subjects": {_subject("workload")}},
		"fields missing": {
			"document": object.union(json.remove(_bare, ["registries"]), {"registries": {"harbor.corp:443": {}}}),
			"denied": {"0 pod(s) and 0 manifest(s) use the private registry harbor.corp:443, and the workload trust domain has no CA configured"}, "subjects": {_subject("workload")},
		},
		"platforms malformed": {"document": object.union(_bare, {"registries": {"harbor.corp:443": {"platforms": ["windows"]}}}), "denied": set(), "subjects": set()},
		"the domain was not looked at": {"document": json.remove(_document, ["domains/workload"]), "denied": set(), "subjects": set()},
		"a list of trust was refused": {"document": object.union(_bare, {"coverage": {"trust": {"gaps": [{"subject": {"kind": "section", "name": "clusters"}}]}}}), "denied": set(), "subjects": set()},
		"a list of trust was refused, and there is some": {"document": object.union(_document, {"coverage": {"trust": {"gaps": [{"subject": {"kind": "section", "name": "clusters"}}]}}}), "denied": set(), "subjects": {_subject("workload")}},
		"section empty": {"document": json.remove(_bare, ["registries"]), "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_public_by_name[host] if {
	some host in {"docker.io", "registry-1.docker.io", "quay.io", "123456789012.dkr.ecr.eu-central-1.amazonaws.com", "europe-west1-docker.pkg.dev", "projects.registry.vmware.com"}
	policy.subjects == set() with input as _named(host, {})
}

test_private_by_name[host] if {
	some host in {"docker.io.corp.example", "mydocker.io", "harbor.corp", "10.0.0.5"}
	count(policy.subjects) == 1 with input as _named(host, {})
}

test_a_seen_chain_outweighs_the_name if {
	probed := {"endpoints": {"quay.io:443": {"chains": {"c": {"verdicts": {"public:1": {"ok": false}}}}}}}
	count(policy.deny) == 1 with input as _named("quay.io", probed)
	policy.deny == set() with input as _named("quay.io", {"endpoints": {"quay.io:443": {"chains": {}}}})
}

test_parameters_replace_the_list if {
	policy.subjects == set() with input as _bare with data.params as {"RT-CFG-004": {"public_registries": ["*.corp"]}}
	count(policy.subjects) == 1 with input as _named("quay.io", {}) with data.params as {"RT-CFG-004": {"public_registries": ["*.corp"]}}
	policy.subjects == set() with input as _named("quay.io", {}) with data.params as {}
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject("workload"), "msg": _told, "trust_domain": "workload",
		"evidence": ["/registries/harbor.corp:443", "/domains/workload"],
	}} with input as _bare
}
