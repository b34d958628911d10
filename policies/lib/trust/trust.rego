# METADATA
# title: Configured trust
package regpolicy.lib.trust

# subject is how policies name a trust entry.
subject(entry) := {
	"kind": "trust_entry",
	"namespace": object.get(entry.object, "namespace", ""),
	"name": entry.label,
	"source": source(entry),
}

# source is the object that holds an entry, "Cluster/demo".
source(entry) := sprintf("%s/%s", [entry.object.kind, entry.object.name])

# reaches tells whether an entry is meant for a node: it is the workload domain's,
# and of the node's own cluster as far as either is known.
reaches(entry, node) if {
	entry.domain == "workload"
	not entry.applies_to_none
	not _other_cluster(entry, node)
}

_other_cluster(entry, node) if {
	count(entry.clusters) > 0
	node.cluster
	not _names_cluster(entry.clusters, node.cluster)
}

_names_cluster(clusters, name) if {
	some key in clusters
	endswith(key, concat("", ["/", name]))
}

# incomplete are the domains of which some entry's value could not be read.
incomplete contains entry.domain if {
	some entry in input.trust
	entry.reason in {"forbidden", "unreadable"}
}

# wants names the numbers of base64 layers that an entry's API takes: "2", "1 or 2".
wants(entry) := concat(" or ", [format_int(n, 10) | some n in entry.expected_layers])
