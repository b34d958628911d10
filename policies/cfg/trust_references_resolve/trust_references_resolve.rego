# METADATA
# title: Every referenced name/key resolves in the secret
# description: >-
#   A trust entry that takes its value from a secret finds the secret, in the cluster's
#   own namespace, and the key in it. Where it does not, the cluster waits for ever or
#   the CA is left out. The same holds for entries that a ConfigMap should hold.
# custom:
#   id: RT-CFG-003
#   severity: critical
#   recommended_action: "Create the key that the entry names in the secret `<CLUSTER>-user-trusted-ca-secret` of the cluster's namespace."
#   explains: [RT-NOD-001, RT-XEV-001, RT-XEV-003, RT-TLS-002, RT-EVT-002, RT-EVT-012]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_references_resolve

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	entry.secret
	entry.value
}

subjects contains trust.subject(entry) if {
	some entry in input.trust
	_dangling(entry)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key])], "remediation": _repair(entry), "trust_domain": entry.domain} if {
	some key, entry in input.trust
	_dangling(entry)
	msg := sprintf("%s takes the CA %q from %s, but %s%s", [trust.source(entry), entry.label, _place(entry), _why(entry), _elsewhere(entry)])
}

# What could not be read, or was never gathered, may well be there.
_dangling(entry) if {
	not entry.value
	entry.reason in {"config_map_not_found", "key_not_found", "secret_not_found"}
}

# A secret of that very name in another namespace is a slip of the pen, also where the
# source, a folder of manifests, need not hold all secrets there are.
_dangling(entry) if {
	not entry.value
	entry.reason == "not_collected"
	startswith(entry.elsewhere, "secret in namespace")
}

_dangling(entry) if {
	entry.reason == "no_value"
	entry.secret.name == ""
}

_place(entry) := sprintf("key %q of secret %s", [entry.secret.key, trust.secret(entry)]) if {
	entry.secret
} else := entry.field

_why(entry) := "that secret does not exist" if {
	entry.reason == "secret_not_found"
} else := "that secret is not in its namespace" if {
	entry.reason == "not_collected"
} else := "that config map does not exist" if {
	entry.reason == "config_map_not_found"
} else := "it names no secret" if {
	entry.reason == "no_value"
} else := "there is no such key"

default _elsewhere(_) := ""

_elsewhere(entry) := sprintf(" (there is %s)", [entry.elsewhere]) if entry.elsewhere != ""

_repair(entry) := sprintf("let %s of %s name the key %s that is there; the changed specification rolls the nodes", [
	entry.field, trust.source(entry), trim_prefix(entry.elsewhere, "key "),
]) if {
	entry.reason == "key_not_found"
	entry.secret
	startswith(entry.elsewhere, "key ")
} else := sprintf("give secret %s the namespace of %s, %s", [entry.secret.name, trust.source(entry), entry.secret.namespace]) if {
	entry.reason == "not_collected"
} else := concat("\n", [
	"on the Supervisor:",
	sprintf("  %s create secret generic %s --from-literal=%s=\"$(base64 -w0 ca.crt)\"   # kubectl adds the second layer", [
		trust.kubectl(entry), entry.secret.name, entry.secret.key,
	]),
	_roll,
]) if {
	entry.reason == "secret_not_found"
	trust.pasteable(entry)
} else := concat("\n", [
	"on the Supervisor:",
	sprintf("  %s patch secret %s --type merge -p \"{\\\"data\\\":{\\\"%s\\\":\\\"$(base64 -w0 ca.crt | base64 -w0)\\\"}}\"", [
		trust.kubectl(entry), entry.secret.name, entry.secret.key,
	]),
	_roll,
]) if {
	entry.reason == "key_not_found"
	trust.pasteable(entry)
} else := sprintf("let %s of %s name a secret of its namespace, and a key in it that holds the PEM file, encoded twice", [
	entry.field, trust.source(entry),
]) if {
	entry.secret
} else := sprintf("put the CA, as plain PEM, where %s of %s looks for it", [entry.field, trust.source(entry)])

_roll := "Nodes that came up without the CA get it with a rolling update only: a new name, for the key and in the cluster, starts one"
