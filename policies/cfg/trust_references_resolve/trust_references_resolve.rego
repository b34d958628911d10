# METADATA
# title: Every referenced name/key resolves in the secret
# description: >-
#   A trust entry that takes its value from a secret finds the secret, in the cluster's
#   own namespace, and the key in it. Where it does not, the cluster waits for ever or
#   the CA is left out.
# custom:
#   id: RT-CFG-003
#   severity: critical
#   recommended_action: "Create the key that the entry names in the secret `<CLUSTER>-user-trusted-ca-secret` of the cluster's namespace."
#   explains: [RT-NOD-001, RT-XEV-001, RT-XEV-003, RT-TLS-002, RT-EVT-002]
#   tags: [seed, cfg, preflight]
package regpolicy.cfg.trust_references_resolve

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains trust.subject(entry) if {
	some entry in input.trust
	entry.secret
	_looked_up(entry)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key])], "remediation": _repair(entry), "trust_domain": entry.domain} if {
	some key, entry in input.trust
	entry.secret
	_looked_up(entry)
	not entry.resolved
	msg := sprintf("%s takes the CA %q from key %q of secret %s/%s, but %s%s", [
		trust.source(entry), entry.label, entry.secret.key, entry.secret.namespace, entry.secret.name, _why(entry), _elsewhere(entry),
	])
}

# What could not be read, or was never gathered, may well be there.
_looked_up(entry) if not object.get(entry, "reason", "") in {"forbidden", "not_collected", "unreadable"}

_why(entry) := "that secret does not exist" if entry.reason == "secret_not_found"

_why(entry) := "the secret has no such key" if entry.reason == "key_not_found"

_why(entry) := entry.reason if not entry.reason in {"secret_not_found", "key_not_found"}

default _elsewhere(_) := ""

_elsewhere(entry) := sprintf(" (there is %s)", [entry.elsewhere]) if entry.elsewhere

_repair(entry) := sprintf("kubectl -n %s create secret generic %s --from-literal=%s=\"$(base64 -w0 ca.crt)\"   # kubectl adds the second layer", [
	entry.secret.namespace, entry.secret.name, entry.secret.key,
]) if {
	entry.reason == "secret_not_found"
}

_repair(entry) := sprintf("kubectl -n %s patch secret %s --type merge -p \"{\\\"data\\\":{\\\"%s\\\":\\\"$(base64 -w0 ca.crt | base64 -w0)\\\"}}\"", [
	entry.secret.namespace, entry.secret.name, entry.secret.key,
]) if {
	entry.reason != "secret_not_found"
}
