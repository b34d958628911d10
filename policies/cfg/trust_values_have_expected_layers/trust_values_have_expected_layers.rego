# METADATA
# title: Every trust value has the number of base64 layers its API wants
# description: >-
#   How often a CA must be base64-encoded depends on the API that holds it: a cluster's
#   trust secret wants exactly two layers as `kubectl get secret -o yaml` shows them, a
#   TkgServiceConfiguration one, a caCert.content none. Layers are counted on that wire
#   form. With one too few or too many the file on the node is no PEM, and on current
#   releases the cluster never gets nodes.
# custom:
#   id: RT-CFG-001
#   severity: critical
#   recommended_action: "Encode the PEM file anew: `base64 -w0 ca.crt | base64 -w0` for a cluster's trust secret."
#   explains: [RT-NOD-001, RT-NOD-002, RT-NOD-003, RT-XEV-001, RT-TLS-002, RT-EVT-002]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_values_have_expected_layers

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	is_number(entry.layers)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "layers"])], "remediation": _repair(entry), "trust_domain": entry.domain} if {
	some key, entry in input.trust
	is_number(entry.layers)
	not entry.layers in entry.expected_layers
	msg := sprintf("the value of %q in %s has %d layer(s) of base64 on the wire; this API wants %s", [
		entry.label, _place(entry), entry.layers, trust.wants(entry),
	])
}

_place(entry) := sprintf("secret %s/%s", [entry.secret.namespace, entry.secret.name]) if entry.secret

_place(entry) := sprintf("%s %s", [trust.source(entry), entry.field]) if not entry.secret

_repair(entry) := concat("\n", [
	"put the value, encoded twice, under a new key, so that the nodes roll:",
	sprintf("  kubectl -n %s patch secret %s --type merge -p \"{\\\"data\\\":{\\\"%s\\\":\\\"$(base64 -w0 ca.crt | base64 -w0)\\\"}}\"", [entry.secret.namespace, entry.secret.name, _new_name(entry.secret.key)]),
	sprintf("then name that key in %s instead of %q. A changed value under the old key reaches no node that exists.", [trust.source(entry), entry.secret.key]),
]) if {
	entry.secret
	entry.expected_layers == [2]
}

_repair(entry) := sprintf("set %s of %s to the PEM file, %s, under a new entry name so that the nodes roll", [
	entry.field, trust.source(entry), _encoded[format_int(entry.expected_layers[0], 10)],
]) if {
	not _secret_twice(entry)
}

_secret_twice(entry) if {
	entry.secret
	entry.expected_layers == [2]
}

_new_name(name) := sprintf("%s-2", [name])

_encoded := {
	"0": "as it is, without base64",
	"1": "encoded once (`base64 -w0 ca.crt`)",
	"2": "encoded twice (`base64 -w0 ca.crt | base64 -w0`)",
}
