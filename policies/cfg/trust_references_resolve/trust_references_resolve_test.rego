package regpolicy.cfg.trust_references_resolve_test

import data.regpolicy.cfg.trust_references_resolve as policy

_found := {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp", "field": "spec.x",
	"secret": {"namespace": "ns", "name": "s", "key": "corp"}, "value": {"inner": "pem"},
}

_lost(reason) := object.union(json.remove(_found, ["value"]), {"reason": reason})

_fetcher := {"domain": "supervisor", "object": {"kind": "ConfigMap", "namespace": "kube-system", "name": "image-fetcher-ca-bundle"}, "label": "corp", "field": "data[ca-bundle]", "reason": "key_not_found"}

_roll := "Nodes that came up without the CA get it with a rolling update only: a new name, for the key and in the cluster, starts one"

test_denials[name] if {
	some name, tc in {
		"the key is there": {"entry": _found, "denied": set()},
		"the secret is not": {"entry": _lost("secret_not_found"), "denied": {`Cluster/demo takes the CA "corp" from key "corp" of secret ns/s, but that secret does not exist`}},
		"the secret is elsewhere": {"entry": object.union(_lost("secret_not_found"), {"elsewhere": "secret in namespace x"}), "denied": {`Cluster/demo takes the CA "corp" from key "corp" of secret ns/s, but that secret does not exist (there is secret in namespace x)`}},
		"manifests hold the secret in another namespace": {"entry": object.union(_lost("not_collected"), {"elsewhere": "secret in namespace x"}), "denied": {`Cluster/demo takes the CA "corp" from key "corp" of secret ns/s, but that secret is not in its namespace (there is secret in namespace x)`}},
		"the key is not": {"entry": object.union(_lost("key_not_found"), {"elsewhere": ""}), "denied": {`Cluster/demo takes the CA "corp" from key "corp" of secret ns/s, but there is no such key`}},
		"the value is there whatever the reason says": {"entry": object.union(_found, {"reason": "key_not_found"}), "denied": set()},
		"the reference is empty": {"entry": object.union(_lost("no_value"), {"secret": {"name": "", "namespace": "", "key": ""}}), "denied": {`Cluster/demo takes the CA "corp" from key "" of secret , but it names no secret`}},
		"the bundle of the Supervisor has no such key": {"entry": _fetcher, "denied": {`ConfigMap/image-fetcher-ca-bundle takes the CA "corp" from data[ca-bundle], but there is no such key`}},
		"the config map does not exist": {"entry": object.union(_fetcher, {"reason": "config_map_not_found"}), "denied": {`ConfigMap/image-fetcher-ca-bundle takes the CA "corp" from data[ca-bundle], but that config map does not exist`}},
	}
	document := {"trust": {"k": tc.entry}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	count(policy.subjects) == 1 with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"a secret that may not be read": {"k": _lost("forbidden")},
		"a secret that the source never held": {"k": _lost("not_collected")},
		"a secret that the source never held, beside another one": {"k": object.union(_lost("not_collected"), {"elsewhere": "secret other-user-trusted-ca-secret"})},
		"a value that could not be read": {"k": _lost("unreadable")},
		"a key with nothing under it": {"k": _lost("no_value")},
		"a value in the object itself": {"k": json.remove(_found, ["secret"])},
		"reason missing": {"k": json.remove(_found, ["value"])},
		"reason malformed": {"k": _lost(404)},
	}
	policy.subjects == set() with input as {"trust": trust}
	policy.deny == set() with input as {"trust": trust}
}

test_repair[name] if {
	some name, tc in {
		"the key has another spelling": {"entry": object.union(_lost("key_not_found"), {"elsewhere": "key corp.crt"}), "want": "let spec.x of Cluster/demo name the key corp.crt that is there; the changed specification rolls the nodes"},
		"there is no such key": {"entry": _lost("key_not_found"), "want": concat("\n", [
			"on the Supervisor:",
			`  kubectl -n ns patch secret s --type merge -p "{\"data\":{\"corp\":\"$(base64 -w0 ca.crt | base64 -w0)\"}}"`,
			_roll,
		])},
		"the key is in another secret": {"entry": object.union(_lost("key_not_found"), {"elsewhere": "secret other"}), "want": concat("\n", [
			"on the Supervisor:",
			`  kubectl -n ns patch secret s --type merge -p "{\"data\":{\"corp\":\"$(base64 -w0 ca.crt | base64 -w0)\"}}"`,
			_roll,
		])},
		"the secret is in another namespace": {"entry": object.union(_lost("not_collected"), {"elsewhere": "secret in namespace x"}), "want": "give secret s the namespace of Cluster/demo, ns"},
		"there is no such secret": {"entry": _lost("secret_not_found"), "want": concat("\n", [
			"on the Supervisor:",
			`  kubectl -n ns create secret generic s --from-literal=corp="$(base64 -w0 ca.crt)"   # kubectl adds the second layer`,
			_roll,
		])},
		"the key is none that Kubernetes takes": {"entry": object.union(_lost("key_not_found"), {"secret": {"key": "$(id)"}}), "want": "let spec.x of Cluster/demo name a secret of its namespace, and a key in it that holds the PEM file, encoded twice"},
		"no key is named": {"entry": object.union(_lost("key_not_found"), {"secret": {"key": ""}}), "want": "let spec.x of Cluster/demo name a secret of its namespace, and a key in it that holds the PEM file, encoded twice"},
		"no secret is named": {"entry": object.union(_lost("no_value"), {"secret": {"name": ""}}), "want": "let spec.x of Cluster/demo name a secret of its namespace, and a key in it that holds the PEM file, encoded twice"},
		"a config map lacks the key": {"entry": object.union(_fetcher, {"elsewhere": "key ca-Bundle"}), "want": "put the CA, as plain PEM, where data[ca-bundle] of ConfigMap/image-fetcher-ca-bundle looks for it"},
	}
	some finding in policy.deny with input as {"trust": {"a/b": tc.entry}}
	finding.remediation == tc.want
	finding.evidence == ["/trust/a~1b"]
	finding.trust_domain == tc.entry.domain
	finding.subject == {"kind": "trust_entry", "namespace": tc.entry.object.namespace, "name": "corp", "source": concat("/", [tc.entry.object.kind, tc.entry.object.name])}
}
