# METADATA
# title: Every key of the trust secret is referenced by the cluster
# description: >-
#   A key in a cluster's trust secret reaches the nodes only when the cluster names it.
#   One that nobody names is a CA that somebody believes to be trusted. The secrets that
#   are looked at are <CLUSTER>-user-trusted-ca-secret and others that a cluster's trust
#   names, if they are of type Opaque. A key that an entry misspells is RT-CFG-003's.
# custom:
#   id: RT-CFG-005
#   severity: medium
#   trust_domain: workload
#   recommended_action: Name the key in the trust configuration of the cluster, which rolls its nodes, or take it out of the secret.
#   explains: [RT-CFG-004, RT-XEV-003, RT-TLS-002, RT-EVT-002]
#   tags: [cfg, preflight]
package regpolicy.cfg.trust_secret_keys_are_referenced

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains _subject(secret, key) if {
	some secret, _ in _owners
	some key in _judged(secret)
}

deny contains {"subject": _subject(secret, key), "msg": msg, "evidence": [pointer.to(["secrets", secret, "keys"])]} if {
	some secret, owners in _owners
	some key in _judged(secret)
	not [secret, key] in _referenced
	msg := sprintf("no trust entry of %s names the key %q of secret %s, so that it reaches no node", [concat(", ", owners), key, secret])
}

_subject(secret, key) := {"kind": "secret", "namespace": parts[0], "name": parts[1], "key": key} if parts := split(secret, "/")

# _owners are the clusters whose trust a secret is meant for, by the secret's key.
_owners[secret] contains name if {
	some key, cluster in input.clusters
	cluster.object.kind == "Cluster"
	secret := sprintf("%s-user-trusted-ca-secret", [key])
	_usable(secret)
	name := sprintf("Cluster/%s", [cluster.object.name])
}

_owners[secret] contains trust.source(entry) if {
	some entry in input.trust
	entry.domain == "workload"
	secret := _secret(entry)
	_usable(secret)
}

_usable(key) if {
	secret := input.secrets[key]
	not secret.missing
	object.get(secret, "type", "Opaque") in {"", "Opaque"}
}

_judged(secret) := {key |
	some key in input.secrets[secret].keys
	not _undecided(secret, key)
}

_undecided(secret, key) if [secret, key] in _misspelt

# Where entries may be hidden, only what the others name is certain.
_undecided(secret, key) if {
	"workload" in trust.hidden
	not [secret, key] in _referenced
}

_misspelt contains [_secret(entry), trim_prefix(entry.elsewhere, "key ")] if some entry in input.trust

_referenced contains [_secret(entry), entry.secret.key] if some entry in input.trust

_secret(entry) := sprintf("%s/%s", [entry.secret.namespace, entry.secret.name])
