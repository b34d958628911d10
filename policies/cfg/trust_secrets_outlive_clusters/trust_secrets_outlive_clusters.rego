# METADATA
# title: The trust secret survives a deletion of the cluster
# description: >-
#   VMware's procedure for a wrong certificate ends with deleting the cluster and making
#   it anew. A trust secret that the cluster owns is deleted with it, and the new cluster
#   waits for a secret that is gone.
# custom:
#   id: RT-CFG-021
#   severity: low
#   trust_domain: workload
#   recommended_action: >-
#     Keep the secret's manifest in version control and apply it before the cluster is
#     made anew; then name it in this policy's parameter copies as "namespace/name".
#   tags: [seed, cfg]
#   params:
#     copies: []
package regpolicy.cfg.trust_secrets_outlive_clusters

import data.regpolicy.lib.pointer

subjects contains _subject(key) if some key in _trust_secrets

deny contains {"subject": _subject(key), "msg": msg, "evidence": [pointer.to(["secrets", key, "owner_refs"])]} if {
	some key in _trust_secrets
	some owner in input.secrets[key].owner_refs
	owner.kind in {"Cluster", "TanzuKubernetesCluster"}
	not _kept(key)
	msg := sprintf("secret %s belongs to %s %s and is deleted with it; no copy is declared", [key, owner.kind, object.get(owner, "name", "")])
}

_trust_secrets contains key if {
	some key, secret in input.secrets
	"trust" in secret.used_as
	not secret.missing
}

_subject(key) := {"kind": "secret", "namespace": parts[0], "name": parts[1]} if parts := split(key, "/")

_kept(key) if key in data.params["RT-CFG-021"].copies
