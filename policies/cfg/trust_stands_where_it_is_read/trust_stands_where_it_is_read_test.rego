package regpolicy.cfg.trust_stands_where_it_is_read_test

import data.regpolicy.cfg.trust_stands_where_it_is_read as policy

_cluster := {"object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "class": "tanzukubernetescluster", "misplaced_trust": ["spec.trust"]}

_subject := {"kind": "cluster", "namespace": "ns", "name": "demo"}

test_clusters[name] if {
	some name, tc in {
		"trust where it belongs": {"cluster": {"misplaced_trust": []}, "denied": set()},
		"trust in one wrong place": {"cluster": {}, "denied": {"Cluster ns/demo sets trust at spec.trust, which the API of its kind or class does not read"}},
		"trust in two": {"cluster": {"object": {"kind": "TanzuKubernetesCluster"}, "misplaced_trust": ["spec.settings.trust", "spec.trust"]}, "denied": {"TanzuKubernetesCluster ns/demo sets trust at spec.settings.trust, spec.trust, which the API of its kind or class does not read"}},
	}
	document := {"clusters": {"ns/demo": object.union(_cluster, tc.cluster)}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_subject} with input as document
}

test_no_word_of_misplaced_trust if {
	document := {"clusters": {"ns/demo": json.remove(_cluster, ["misplaced_trust"])}}
	policy.deny == set() with input as document
	policy.subjects == {_subject} with input as document
}

test_no_cluster if policy.subjects == set() with input as {"clusters": {}}

test_repair[name] if {
	some name, tc in {
		"a TanzuKubernetesCluster": {"cluster": {"object": {"kind": "TanzuKubernetesCluster"}, "class": ""}, "want": "Move the CAs to spec.settings.network.trust.additionalTrustedCAs, with name and data, the PEM encoded once"},
		"the first class": {"cluster": {}, "want": "Move the CAs to the variable trust of spec.topology.variables, by name; each name is a key of the secret `<CLUSTER>-user-trusted-ca-secret`, encoded twice"},
		"the generic class": {"cluster": {"class": "builtin-generic-v3.4.0"}, "want": "Move the CAs to the variable osConfiguration of spec.topology.variables, below trust.additionalTrustedCAs, as caCert.secretRef (encoded twice) or caCert.content (plain PEM)"},
		"another class": {"cluster": {"class": "corp"}, "want": "Move the CAs to the variable of spec.topology.variables that the cluster's class reads its trust from"},
	}
	some finding in policy.deny with input as {"clusters": {"ns/demo": object.union(_cluster, tc.cluster)}}
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": ["/clusters/ns~1demo/misplaced_trust"], "remediation": tc.want}
}

test_repair_without_a_class if {
	some finding in policy.deny with input as {"clusters": {"ns/demo": json.remove(_cluster, ["class"])}}
	finding.remediation == "Move the CAs to the variable of spec.topology.variables that the cluster's class reads its trust from"
}
