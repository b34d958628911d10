# METADATA
# title: Trust is set in the field that the cluster's API reads
# description: >-
#   Each API reads its trust from one field and ignores all others without a word: a
#   TanzuKubernetesCluster from spec.settings.network.trust, a Cluster of class
#   tanzukubernetescluster from the variable trust, one of class builtin-generic from the
#   variable osConfiguration. Pass means that a cluster has no trust in a place that its
#   API does not read.
# related_resources:
#   - ref: https://cluster-api.sigs.k8s.io/tasks/experimental-features/cluster-class/
# custom:
#   id: RT-CFG-013
#   severity: high
#   trust_domain: workload
#   recommended_action: Set the CAs in the field that the API of this cluster's kind and class reads.
#   explains: [RT-CFG-004, RT-CFG-005, RT-CFG-014, RT-XEV-003, RT-TLS-002, RT-EVT-002]
#   tags: [cfg, preflight]
package regpolicy.cfg.trust_stands_where_it_is_read

import data.regpolicy.lib.clusters
import data.regpolicy.lib.pointer

subjects contains clusters.subject(cluster) if some cluster in input.clusters

deny contains {"subject": clusters.subject(cluster), "msg": msg, "evidence": [pointer.to(["clusters", key, "misplaced_trust"])], "remediation": _repair(cluster)} if {
	some key, cluster in input.clusters
	count(cluster.misplaced_trust) > 0
	msg := sprintf("%s %s sets trust at %s, which the API of its kind or class does not read", [
		cluster.object.kind, key, concat(", ", cluster.misplaced_trust),
	])
}

_repair(cluster) := sprintf("Move the CAs to %s", [_field(cluster)])

_field(cluster) := "spec.settings.network.trust.additionalTrustedCAs, with name and data, the PEM encoded once" if {
	cluster.object.kind == "TanzuKubernetesCluster"
} else := "the variable trust of spec.topology.variables, by name; each name is a key of the secret `<CLUSTER>-user-trusted-ca-secret`, encoded twice" if {
	startswith(cluster.class, "tanzukubernetescluster")
} else := "the variable osConfiguration of spec.topology.variables, below trust.additionalTrustedCAs, as caCert.secretRef (encoded twice) or caCert.content (plain PEM)" if {
	startswith(cluster.class, "builtin-generic")
} else := "the variable of spec.topology.variables that the cluster's class reads its trust from"
