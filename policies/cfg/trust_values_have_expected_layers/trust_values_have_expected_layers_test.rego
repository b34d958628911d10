package regpolicy.cfg.trust_values_have_expected_layers_test

import data.regpolicy.cfg.trust_values_have_expected_layers as policy

_cluster := {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp", "name": "corp",
	"field": "spec.topology.variables[trust]", "secret": {"namespace": "ns", "name": "demo-user-trusted-ca-secret", "key": "corp"},
	"expected_layers": [2], "layers": 2, "value": {"inner": "pem"},
}

_tanzu := object.union(json.remove(_cluster, ["secret"]), {
	"object": {"kind": "TanzuKubernetesCluster", "namespace": "ns", "name": "old"}, "field": "spec.trust", "expected_layers": [1, 2],
})

_service := object.union(_tanzu, {"object": {"kind": "TkgServiceConfiguration", "name": "global"}, "expected_layers": [1]})

_subject(entry) := {"kind": "trust_entry", "namespace": object.get(entry.object, "namespace", ""), "name": "corp", "source": concat("/", [entry.object.kind, entry.object.name])}

test_denials[name] if {
	some name, tc in {
		"as the API wants it": {"entry": _cluster, "denied": set()},
		"once in a secret": {"entry": object.union(_cluster, {"layers": 1}), "denied": {`the value of "corp" in secret ns/demo-user-trusted-ca-secret has 1 layer(s) of base64 on the wire; this API wants 2`}},
		"three times in a secret": {"entry": object.union(_cluster, {"layers": 3}), "denied": {`the value of "corp" in secret ns/demo-user-trusted-ca-secret has 3 layer(s) of base64 on the wire; this API wants 2`}},
		"once where the documents contradict each other": {"entry": object.union(_tanzu, {"layers": 1}), "denied": set()},
		"twice where the documents contradict each other": {"entry": _tanzu, "denied": set()},
		"not at all where they do": {"entry": object.union(_tanzu, {"layers": 0}), "denied": {`the value of "corp" in TanzuKubernetesCluster/old spec.trust has 0 layer(s) of base64 on the wire; this API wants 1 or 2`}},
		"twice in the global setting": {"entry": _service, "denied": {`the value of "corp" in TkgServiceConfiguration/global spec.trust has 2 layer(s) of base64 on the wire; this API wants 1`}},
		"a DER certificate has layers, too": {"entry": object.union(_cluster, {"layers": 1, "value": {"inner": "der"}}), "denied": {`the value of "corp" in secret ns/demo-user-trusted-ca-secret has 1 layer(s) of base64 on the wire; this API wants 2`}},
		"expectation missing": {"entry": json.remove(_cluster, ["expected_layers"]), "denied": {`the value of "corp" in secret ns/demo-user-trusted-ca-secret has 2 layer(s) of base64 on the wire; this API wants another number`}},
	}
	document := {"trust": {"k": tc.entry}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_subject(tc.entry)} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"a value that was not had": {"k": json.remove(_cluster, ["layers", "value"])},
		"a number that is none": {"k": object.union(_cluster, {"layers": "two"})},
		"a value below which nothing is known": {"k": object.union(_cluster, {"layers": 1, "value": {"inner": "other"}})},
		"an empty value": {"k": object.union(_cluster, {"layers": 1, "value": {"inner": "empty"}})},
		"an unreadable value": {"k": object.union(_cluster, {"layers": 1, "value": {"inner": "unreadable"}})},
		"a form that is missing": {"k": json.remove(object.union(_cluster, {"layers": 1}), ["value/inner"])},
	}
	policy.subjects == set() with input as {"trust": trust}
	policy.deny == set() with input as {"trust": trust}
}

test_repair[name] if {
	some name, tc in {
		"of a secret": {"entry": object.union(_cluster, {"layers": 3}), "want": concat("\n", [
			"on the Supervisor, put the value, encoded twice, under a new key:",
			`  kubectl -n ns patch secret demo-user-trusted-ca-secret --type merge -p "{\"data\":{\"corp-2\":\"$(base64 -w0 ca.crt | base64 -w0)\"}}"`,
			`then name "corp-2" instead of "corp" at spec.topology.variables[trust] of Cluster/demo, so that the nodes roll: a changed value under the old key reaches no node that exists`,
			"and take the old key out of the secret when they have:",
			`  kubectl -n ns patch secret demo-user-trusted-ca-secret --type json -p '[{"op":"remove","path":"/data/corp"}]'`,
		])},
		"of a secret that lacks one layer": {"entry": object.union(_cluster, {"layers": 1, "secret": {"key": "corp.crt"}}), "want": concat("\n", [
			"on the Supervisor, put the value, encoded twice, under a new key:",
			`  kubectl -n ns patch secret demo-user-trusted-ca-secret --type merge -p "{\"data\":{\"corp.crt-2\":\"$(kubectl -n ns get secret demo-user-trusted-ca-secret -o jsonpath='{.data.corp\.crt}' | base64 -w0)\"}}"`,
			`then name "corp.crt-2" instead of "corp.crt" at spec.topology.variables[trust] of Cluster/demo, so that the nodes roll: a changed value under the old key reaches no node that exists`,
			"and take the old key out of the secret when they have:",
			`  kubectl -n ns patch secret demo-user-trusted-ca-secret --type json -p '[{"op":"remove","path":"/data/corp.crt"}]'`,
		])},
		"of a key that a shell would run": {"entry": object.union(_cluster, {"layers": 1, "secret": {"key": "x`id`"}}), "want": "set spec.topology.variables[trust] of Cluster/demo to the PEM file, encoded twice (`base64 -w0 ca.crt | base64 -w0`); the changed specification rolls the nodes"},
		"of a cluster's field": {"entry": object.union(_tanzu, {"layers": 0}), "want": "set spec.trust of TanzuKubernetesCluster/old to the PEM file, encoded once (`base64 -w0 ca.crt`); the changed specification rolls the nodes"},
		"of content": {"entry": object.union(json.remove(_cluster, ["secret"]), {"expected_layers": [0]}), "want": "set spec.topology.variables[trust] of Cluster/demo to the PEM file, as it is, without base64; the changed specification rolls the nodes"},
		"of the global setting": {"entry": _service, "want": "set spec.trust of TkgServiceConfiguration/global to the PEM file, encoded once (`base64 -w0 ca.crt`); every cluster gets it with its next rolling update"},
		"of another domain": {"entry": object.union(_service, {"domain": "kapp", "object": {"kind": "Secret", "name": "kapp-controller-config"}, "expected_layers": [1]}), "want": "set spec.trust of Secret/kapp-controller-config to the PEM file, encoded once (`base64 -w0 ca.crt`)"},
		"of another domain's secret": {"entry": object.union(_cluster, {"domain": "kapp", "layers": 1, "object": {"kind": "Secret", "name": "kapp-controller-config"}}), "want": "set spec.topology.variables[trust] of Secret/kapp-controller-config to the PEM file, encoded twice (`base64 -w0 ca.crt | base64 -w0`)"},
		"of what wants more than is known": {"entry": object.union(_tanzu, {"expected_layers": [3]}), "want": ""},
	}
	some finding in policy.deny with input as {"trust": {"a/b": tc.entry}}
	finding.remediation == tc.want
	finding.evidence == ["/trust/a~1b/layers"]
	finding.trust_domain == tc.entry.domain
	finding.subject == _subject(tc.entry)
}
