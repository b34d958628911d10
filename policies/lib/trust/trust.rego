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

# secret is the secret that an entry takes its value from, "namespace/name".
secret(entry) := sprintf("%s/%s", [entry.secret.namespace, entry.secret.name]) if {
	entry.secret.namespace != ""
} else := entry.secret.name

# reaches tells whether an entry is meant for a node: it is the workload domain's,
# and of the node's own cluster. A node that does not tell its cluster is of the only
# one that is known; among several it cannot be told whose trust it should have.
reaches(entry, node) if {
	entry.domain == "workload"
	not entry.applies_to_none
	not _other_cluster(entry, node)
}

# reaching are the entries that reach a node, by the cluster that it tells, null where it
# tells none. There are many nodes and few clusters.
reaching := {cluster: entries |
	some cluster in {object.get(node, "cluster", null) | some node in input.nodes}
	told := {"cluster": cluster | cluster != null}
	entries := {key: entry | some key, entry in input.trust; reaches(entry, told)}
}

_other_cluster(entry, node) if {
	count(entry.clusters) > 0
	node.cluster
	not _names_cluster(entry.clusters, node.cluster)
}

_other_cluster(entry, node) if {
	count(entry.clusters) > 0
	not node.cluster
	some one, _ in input.clusters
	some another, _ in input.clusters
	one != another
}

_names_cluster(clusters, name) if {
	some key in clusters
	endswith(key, concat("", ["/", name]))
}

# applies tells whether an entry bears on anything that was looked at. A Supervisor
# holds the trust of many clusters; where the nodes tell whose they are, and that
# cluster's configuration is here, the others' does not count for them.
applies(entry) if {
	not entry.applies_to_none
	not _of_others(entry)
}

_of_others(entry) if {
	entry.domain == "workload"
	count(entry.clusters) > 0
	count(_own) > 0
	every name in _own {
		not _names_cluster(entry.clusters, name)
	}
}

_own := {node.cluster |
	some node in input.nodes
	some key, _ in input.clusters
	_names_cluster([key], node.cluster)
}

# configured are the fingerprints that a domain is told to trust.
configured(domain) := {fingerprint |
	some key in input.domains[domain].entries
	applies(input.trust[key])
	some fingerprint in input.trust[key].value.certificates
}

# incomplete are the domains of which some entry's value was not had: it may hold
# what all the others lack.
incomplete contains entry.domain if {
	some entry in input.trust
	applies(entry)
	entry.reason in {"forbidden", "not_collected", "unreadable"}
}

# hidden are the domains of which some entry may not be in the document at all: a list
# that was refused, a file or an object that could not be read.
hidden contains domain if {
	some gap in input.coverage.trust.gaps
	object.get(gap, "field", "") in {"", "entries"}
	some domain in _hidden_by(gap.subject)
}

_hidden_by(subject) := {"workload"} if subject.kind in {"cluster", "tkg_service_configuration"}

_hidden_by(subject) := {"supervisor"} if subject.kind == "config_map"

_hidden_by(subject) := {"workload", "supervisor"} if {
	subject.kind in {"file", "section"}
	not object.get(subject, "name", "") in {"kappcontrollerconfigs", "machines"}
}

# wants names the numbers of base64 layers that an entry's API takes: "2", "1 or 2".
wants(entry) := concat(" or ", [format_int(n, 10) | some n in entry.expected_layers]) if {
	count(entry.expected_layers) > 0
} else := "another number"

# kubectl begins a command line in an entry's namespace. TKG's trust lives on the
# Supervisor: it is that context the command belongs to.
kubectl(entry) := sprintf("kubectl -n %s", [entry.secret.namespace]) if {
	entry.secret.namespace != ""
} else := "kubectl"

# pasteable tells whether the names in an entry's secret are what Kubernetes takes: a
# command with any other could run what the author of a manifest wrote into them.
pasteable(entry) if {
	every name in [object.get(entry.secret, part, "") | some part in ["namespace", "name", "key"]] {
		count(name) <= 253
		regex.match(`^[-._a-zA-Z0-9]+$`, name) # with a bound it would take a millisecond to compile
	}
}
