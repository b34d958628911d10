package regpolicy.cfg.trust_secret_keys_are_referenced_test

import data.regpolicy.cfg.trust_secret_keys_are_referenced as policy

_entry(secret, key) := {"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "secret": {"namespace": "ns", "name": secret, "key": key}}

_clusters := {"ns/demo": {"object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}}}

_secret := {"missing": false, "type": "Opaque", "keys": ["corp", "lab"]}

_habit := "ns/demo-user-trusted-ca-secret"

_both := {"a": _entry("demo-user-trusted-ca-secret", "corp"), "b": _entry("demo-user-trusted-ca-secret", "lab")}

_document(clusters, secrets, entries) := {"clusters": clusters, "secrets": secrets, "trust": entries, "coverage": {"trust": {"gaps": []}}}

_says(secret, key) := sprintf("no trust entry of Cluster/demo names the key %q of secret %s, so that it reaches no node", [key, secret])

test_keys[name] if {
	some name, tc in {
		"named by the cluster": {"document": _document(_clusters, {_habit: _secret}, _both), "denied": set(), "keys": {"corp", "lab"}},
		"one forgotten": {"document": _document(_clusters, {_habit: _secret}, json.remove(_both, ["b"])), "denied": {_says(_habit, "lab")}, "keys": {"corp", "lab"}},
		"a secret that nobody names": {"document": _document(_clusters, {_habit: _secret}, {}), "denied": {_says(_habit, "corp"), _says(_habit, "lab")}, "keys": {"corp", "lab"}},
		"a secret without a type": {"document": _document(_clusters, {_habit: json.remove(_secret, ["type"])}, json.remove(_both, ["b"])), "denied": {_says(_habit, "lab")}, "keys": {"corp", "lab"}},
		"a secret with an empty type": {"document": _document(_clusters, {_habit: object.union(_secret, {"type": ""})}, json.remove(_both, ["b"])), "denied": {_says(_habit, "lab")}, "keys": {"corp", "lab"}},
		"a secret of another name": {"document": _document({}, {"ns/cas": _secret}, {"a": _entry("cas", "corp")}), "denied": {_says("ns/cas", "lab")}, "keys": {"corp", "lab"}},
		"a key that an entry misspells": {"document": _document(_clusters, {_habit: _secret}, {"a": object.union(_both.a, {"secret": {"key": "Corp"}, "elsewhere": "key corp"})}), "denied": {_says(_habit, "lab")}, "keys": {"lab"}},
		"a key that an entry of another secret misspells": {"document": _document({}, {"ns/cas": _secret}, {"a": _entry("cas", "lab"), "b": object.union(_both.a, {"elsewhere": "key corp"})}), "denied": {_says("ns/cas", "corp")}, "keys": {"corp", "lab"}},
		"an entry that misspells the secret": {"document": _document(_clusters, {_habit: _secret}, {"a": object.union(_both.a, {"elsewhere": "secret corp"}), "b": _both.b}), "denied": set(), "keys": {"corp", "lab"}},
		"a certificate with its key": {"document": _document({}, {"ns/cas": object.union(_secret, {"type": "kubernetes.io/tls"})}, {"a": _entry("cas", "corp")}), "denied": set(), "keys": set()},
		"a secret that does not exist": {"document": _document(_clusters, {_habit: object.union(_secret, {"missing": true})}, _both), "denied": set(), "keys": set()},
		"a secret of an entry of another domain": {"document": _document({}, {"ns/cas": _secret}, {"a": object.union(_entry("cas", "corp"), {"domain": "kapp"})}), "denied": set(), "keys": set()},
		"the habit's name beside a TanzuKubernetesCluster": {"document": _document({"ns/demo": {"object": {"kind": "TanzuKubernetesCluster", "name": "demo"}}}, {_habit: _secret}, {}), "denied": set(), "keys": set()},
		"another cluster's secret": {"document": _document(_clusters, {"ns/other-user-trusted-ca-secret": _secret}, {}), "denied": set(), "keys": set()},
		"a secret without keys": {"document": _document(_clusters, {_habit: json.remove(_secret, ["keys"])}, {}), "denied": set(), "keys": set()},
		"manifests without a namespace": {"document": _document({"/demo": {"object": {"kind": "Cluster", "name": "demo"}}}, {"/demo-user-trusted-ca-secret": _secret}, {"a": object.union(_both.a, {"secret": {"namespace": ""}})}), "denied": {_says("/demo-user-trusted-ca-secret", "lab")}, "keys": {"corp", "lab"}},
		"nothing": {"document": _document({}, {}, {}), "denied": set(), "keys": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	{subject.key | some subject in policy.subjects} == tc.keys with input as tc.document
}

test_two_clusters_share_a_secret if {
	second := object.union(_entry("demo-user-trusted-ca-secret", "corp"), {"object": {"name": "other"}})
	findings := policy.deny with input as _document(_clusters, {_habit: _secret}, {"a": second})
	{finding.msg | some finding in findings} == {sprintf(`no trust entry of Cluster/demo, Cluster/other names the key "lab" of secret %s, so that it reaches no node`, [_habit])}
}

test_entries_that_may_be_hidden if {
	document := object.union(_document(_clusters, {_habit: _secret}, json.remove(_both, ["b"])), {"coverage": {"trust": {"gaps": [{"subject": {"kind": "section", "name": "clusters"}, "reason": "forbidden"}]}}})
	policy.deny == set() with input as document
	{subject.key | some subject in policy.subjects} == {"corp"} with input as document
}

test_finding if {
	some finding in policy.deny with input as _document(_clusters, {_habit: _secret}, json.remove(_both, ["b"]))
	json.remove(finding, ["msg"]) == {
		"subject": {"kind": "secret", "namespace": "ns", "name": "demo-user-trusted-ca-secret", "key": "lab"},
		"evidence": ["/secrets/ns~1demo-user-trusted-ca-secret/keys"],
	}
}
