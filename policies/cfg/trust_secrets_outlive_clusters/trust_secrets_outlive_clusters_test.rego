package regpolicy.cfg.trust_secrets_outlive_clusters_test

import data.regpolicy.cfg.trust_secrets_outlive_clusters as policy

_subject := {"kind": "secret", "namespace": "ns", "name": "s"}

_secret := {"missing": false, "used_as": ["trust"], "owner_refs": [{"kind": "Cluster", "name": "demo"}]}

_told := "secret ns/s belongs to Cluster demo and is deleted with it; no copy is declared"

test_denials[name] if {
	some name, tc in {
		"no owner": {"secret": json.remove(_secret, ["owner_refs"]), "denied": set(), "subjects": {_subject}},
		"another owner": {"secret": object.union(_secret, {"owner_refs": [{"kind": "ExternalSecret", "name": "s"}]}), "denied": set(), "subjects": {_subject}},
		"a cluster owns it": {"secret": _secret, "denied": {_told}, "subjects": {_subject}},
		"a Tanzu cluster owns it": {"secret": object.union(_secret, {"owner_refs": [{"kind": "TanzuKubernetesCluster", "name": "demo"}]}), "denied": {replace(_told, "Cluster", "TanzuKubernetesCluster")}, "subjects": {_subject}},
		"the owner has no name": {"secret": object.union(_secret, {"owner_refs": [{"kind": "Cluster"}]}), "denied": {replace(_told, "demo", "")}, "subjects": {_subject}},
		"owners malformed": {"secret": object.union(_secret, {"owner_refs": "demo"}), "denied": set(), "subjects": {_subject}},
		"a pull secret": {"secret": object.union(_secret, {"used_as": ["pull"]}), "denied": set(), "subjects": set()},
		"a secret that does not exist": {"secret": object.union(_secret, {"missing": true}), "denied": set(), "subjects": set()},
		"use missing": {"secret": json.remove(_secret, ["used_as"]), "denied": set(), "subjects": set()},
	}
	document := {"secrets": {"ns/s": tc.secret}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == tc.subjects with input as document
}

test_section_empty if {
	policy.subjects == set() with input as {"secrets": {}}
	policy.deny == set() with input as {"secrets": {}}
}

test_a_declared_copy_is_enough if {
	policy.deny == set() with input as {"secrets": {"ns/s": _secret}} with data.params as {"RT-CFG-021": {"copies": ["ns/s"]}}
	count(policy.deny) == 1 with input as {"secrets": {"ns/s": _secret}} with data.params as {"RT-CFG-021": {"copies": ["ns/other"]}}
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told, "evidence": ["/secrets/ns~1s/owner_refs"]}} with input as {"secrets": {"ns/s": _secret}}
}
