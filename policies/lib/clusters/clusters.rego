# METADATA
# title: Clusters and the trust that is their own
package regpolicy.lib.clusters

# subject is how policies name a cluster.
subject(cluster) := {
	"kind": "cluster",
	"namespace": object.get(cluster.object, "namespace", ""),
	"name": cluster.object.name,
}

# name is that of a cluster by its key, "namespace/name".
name(key) := parts[count(parts) - 1] if parts := split(key, "/")

# entries are the keys of the trust entries that a cluster configures itself, by the
# cluster's key.
entries[cluster] contains key if {
	some key, entry in input.trust
	entry.domain == "workload"
	entry.object.kind in {"Cluster", "TanzuKubernetesCluster"}
	some cluster in entry.clusters
}

# services are the keys of the trust entries of the global setting.
services contains key if {
	some key, entry in input.trust
	entry.object.kind == "TkgServiceConfiguration"
}
