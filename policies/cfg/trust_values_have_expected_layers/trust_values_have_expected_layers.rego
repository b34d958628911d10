# METADATA
# title: Every trust value has the number of base64 layers its API wants
# description: >-
#   How often a CA must be base64-encoded depends on the API that holds it: a cluster's
#   trust secret wants exactly two layers as `kubectl get secret -o yaml` shows them, a
#   TkgServiceConfiguration one, a caCert.content none. Layers are counted on that wire
#   form. With one too few or too many the file on the node is no PEM, and on current
#   releases the cluster never gets nodes. Of a value below which nothing is known,
#   layers cannot be told; RT-CFG-002 finds it.
# custom:
#   id: RT-CFG-001
#   severity: critical
#   recommended_action: "Encode the PEM file anew: `base64 -w0 ca.crt | base64 -w0` for a cluster's trust secret."
#   explains: [RT-NOD-001, RT-NOD-002, RT-NOD-003, RT-XEV-001, RT-XEV-013, RT-TLS-002, RT-EVT-002, RT-EVT-012]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_values_have_expected_layers

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	_counted(entry)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "layers"])], "remediation": _repair(entry), "trust_domain": entry.domain} if {
	some key, entry in input.trust
	_counted(entry)
	not _accepted(entry)
	msg := sprintf("the value of %q in %s has %d layer(s) of base64 on the wire; this API wants %s", [
		entry.label, _place(entry), entry.layers, trust.wants(entry),
	])
}

_counted(entry) if {
	is_number(entry.layers)
	not object.get(entry.value, "inner", "other") in {"empty", "other", "unreadable"}
}

_accepted(entry) if entry.layers in entry.expected_layers

_place(entry) := sprintf("secret %s", [trust.secret(entry)]) if {
	entry.secret
} else := sprintf("%s %s", [trust.source(entry), entry.field])

_repair(entry) := concat("\n", [
	"on the Supervisor, put the value, encoded twice, under a new key:",
	sprintf("  %s patch secret %s --type merge -p \"{\\\"data\\\":{\\\"%s-2\\\":\\\"$(%s)\\\"}}\"", [trust.kubectl(entry), entry.secret.name, entry.secret.key, _twice(entry)]),
	sprintf("then name \"%s-2\" instead of %q at %s of %s, so that the nodes roll: a changed value under the old key reaches no node that exists", [entry.secret.key, entry.secret.key, entry.field, trust.source(entry)]),
	"and take the old key out of the secret when they have:",
	sprintf("  %s patch secret %s --type json -p '[{\"op\":\"remove\",\"path\":\"/data/%s\"}]'", [trust.kubectl(entry), entry.secret.name, entry.secret.key]),
]) if {
	entry.domain == "workload"
	trust.pasteable(entry)
} else := sprintf("set %s of %s to the PEM file, %s%s", [
	entry.field, trust.source(entry), _encoded[entry.expected_layers[0]], _rollout(entry),
]) if {
	entry.expected_layers[0] < count(_encoded)
} else := ""

# _twice prints the value, encoded twice: one that is encoded once lies in the secret
# already.
_twice(entry) := sprintf("%s get secret %s -o jsonpath='{.data.%s}' | base64 -w0", [
	trust.kubectl(entry), entry.secret.name, replace(entry.secret.key, ".", `\.`),
]) if {
	entry.layers == 1
} else := "base64 -w0 ca.crt | base64 -w0"

# A secret that holds data is encoded once more by the API that it is written to.
_encoded := [
	"as it is, without base64",
	"encoded once (`base64 -w0 ca.crt`)",
	"encoded twice (`base64 -w0 ca.crt | base64 -w0`)",
]

default _rollout(_) := ""

_rollout(entry) := "; every cluster gets it with its next rolling update" if entry.object.kind == "TkgServiceConfiguration"

_rollout(entry) := "; the changed specification rolls the nodes" if entry.object.kind in {"Cluster", "TanzuKubernetesCluster"}
