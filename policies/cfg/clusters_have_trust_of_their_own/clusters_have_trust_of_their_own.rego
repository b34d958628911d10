# METADATA
# title: Every v1beta1 cluster has trust of its own, not only the global setting
# description: >-
#   The CAs of a TkgServiceConfiguration reach clusters that are made as
#   TanzuKubernetesCluster. A Cluster of cluster.x-k8s.io does not get them: its CAs are
#   its own or there are none. Pass means that such a cluster configures CAs itself;
#   whether it needs any, where there is no global setting either, is RT-CFG-004's
#   question.
# custom:
#   id: RT-CFG-014
#   severity: medium
#   trust_domain: workload
#   recommended_action: Configure the CAs in each Cluster, by the variable trust or osConfiguration of its class.
#   explains: [RT-CFG-004, RT-XEV-003, RT-TLS-002, RT-EVT-002]
#   tags: [cfg, preflight]
package regpolicy.cfg.clusters_have_trust_of_their_own

import data.regpolicy.lib.clusters
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains clusters.subject(input.clusters[key]) if some key in _judged

deny contains {"subject": clusters.subject(cluster), "msg": msg, "evidence": array.concat([pointer.to(["clusters", key])], _services)} if {
	some key in _judged
	not key in clusters.configuring
	cluster := input.clusters[key]
	msg := sprintf("Cluster %s configures no CA itself, and those of the TkgServiceConfiguration (%d) do not reach it", [key, count(_services)])
}

_judged contains key if {
	some key in _clusters
	key in clusters.configuring
}

# A list that was refused may hold the TanzuKubernetesCluster that this Cluster
# carries out.
_judged contains key if {
	some key in _clusters
	count(_services) > 0
	not "workload" in trust.hidden
}

_clusters contains key if {
	some key, cluster in input.clusters
	cluster.object.kind == "Cluster"
}

_services := [pointer.to(["trust", key]) | some key in clusters.services]
