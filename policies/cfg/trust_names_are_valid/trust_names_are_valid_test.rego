package regpolicy.cfg.trust_names_are_valid_test

import data.regpolicy.cfg.trust_names_are_valid as policy

_long(n) := concat("", ["a" | some _ in numbers.range(1, n)])

_entry(name) := {"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": name, "name": name}

test_names[name] if {
	some name, tc in {
		"letters, digits and signs": {"name": "Corp_Root-CA.v2", "denied": false},
		"a leading dot": {"name": ".corp", "denied": false},
		"dots within": {"name": "harbor.corp..443", "denied": false},
		"as long as may be": {"name": _long(253), "denied": false},
		"too long": {"name": _long(254), "denied": true},
		"a space": {"name": "corp root", "denied": true},
		"a slash": {"name": "corp/root", "denied": true},
		"a line end after it": {"name": "corp\n", "denied": true},
		"a dot alone": {"name": ".", "denied": true},
		"two dots first": {"name": "..corp", "denied": true},
		"empty": {"name": "", "denied": true},
	}
	document := {"trust": {"k": _entry(tc.name)}}
	messages := {sprintf("the name %q of a trust entry in Cluster/demo cannot be a key of a secret", [tc.name]) | tc.denied}
	{finding.msg | some finding in policy.deny} == messages with input as document
	policy.subjects == {{"kind": "trust_entry", "namespace": "ns", "name": tc.name, "source": "Cluster/demo"}} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"name missing": {"k": json.remove(_entry("x"), ["name"])},
		"name malformed": {"k": object.union(_entry("x"), {"name": 7})},
	}
	policy.subjects == set() with input as {"trust": trust}
	policy.deny == set() with input as {"trust": trust}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"trust": {"a/b": _entry("x y")}}
	finding.subject == {"kind": "trust_entry", "namespace": "ns", "name": "x y", "source": "Cluster/demo"}
	finding.evidence == ["/trust/a~1b/name"]
	finding.trust_domain == "workload"
}

test_nameless[name] if {
	some name, tc in {
		"a TanzuKubernetesCluster's": {"kind": "TanzuKubernetesCluster", "field": "spec.settings.network.trust.additionalTrustedCAs[0].data", "denied": true},
		"the service's": {"kind": "TkgServiceConfiguration", "field": "spec.trust.additionalTrustedCAs[0].data", "denied": true},
		"the variable trust's": {"kind": "Cluster", "field": "spec.topology.variables[trust].value.additionalTrustedCAs[0].name", "denied": true},
		"the variable osConfiguration's": {"kind": "Cluster", "field": "spec.topology.variables[osConfiguration].value.trust.additionalTrustedCAs[0].caCert.content", "denied": false},
		"another kind's": {"kind": "ClusterClass", "field": "spec.variables[trust]", "denied": false},
		"a bundle's": {"kind": "ConfigMap", "field": "data[ca-bundle]", "denied": false},
		"one whose name is no text": {"kind": "TanzuKubernetesCluster", "field": "x", "gaps": [{"subject": {"kind": "trust_entry", "name": "#0"}, "field": "name"}], "denied": false},
		"one whose value cannot be read": {"kind": "TanzuKubernetesCluster", "field": "x", "gaps": [{"subject": {"kind": "trust_entry", "name": "#0"}, "field": "value"}], "denied": true},
	}
	entry := {"domain": "workload", "object": {"kind": tc.kind, "namespace": "ns", "name": "demo"}, "field": tc.field, "label": "#0"}
	document := {"trust": {"a/b": entry}, "coverage": {"trust": {"gaps": object.get(tc, "gaps", [])}}}
	finding := {
		"subject": {"kind": "trust_entry", "namespace": "ns", "name": "#0", "source": concat("/", [tc.kind, "demo"])},
		"msg": sprintf("the trust entry #0 in %s/demo has no name, though its API wants one", [tc.kind]),
		"evidence": ["/trust/a~1b"],
		"trust_domain": "workload",
	}
	policy.deny == {finding | tc.denied} with input as document
	policy.subjects == {finding.subject | tc.denied} with input as document
}
