# METADATA
# title: Clusters and the trust that is their own
package regpolicy.lib.clusters

# subject is how policies name a cluster.
subject(cluster) := {
	"kind": "cluster",
	"namespace": object.get(cluster.object, "namespace", ""),
	"name": cluster.object.name,
}

# configuring are the keys of the clusters that configure some CA themselves.
configuring := {cluster |
	some entry in input.trust
	entry.domain == "workload"
	entry.object.kind in {"Cluster", "TanzuKubernetesCluster"}
	some cluster in entry.clusters
}

# services are the keys of the trust entries of the global setting.
services contains key if {
	some key, entry in input.trust
	entry.object.kind == "TkgServiceConfiguration"
}
