# METADATA
# title: What many nodes have in common, and how to name it
package regpolicy.lib.fleet

import data.regpolicy.lib.nodes
import data.regpolicy.lib.pointer

# listed names nodes: all of them, or three and how many more there are.
listed(names) := concat(", ", sort(names)) if {
	count(names) <= 3
} else := sprintf("%s and %d more nodes", [concat(", ", few(names)), count(names) - 3])

# few are the first of many names, as many as a reader wants to see.
few(names) := array.slice(sort(names), 0, 3)

# files are the trust files of the nodes that were read, by node and path. A link to
# a file that stands here, too, is that file and not another one.
files := {name: found |
	some name, node in nodes.read
	found := {path: file |
		some path, file in node.trust_files
		not _stands_elsewhere(file, node)
	}
}

_stands_elsewhere(file, node) if node.trust_files[file.real_path]

# ca_files are those that are meant to hold CAs, whatever they hold, each with its node,
# its path and how policies name it.
ca_files := [one |
	some name, by_path in files
	some path, file in by_path
	nodes.ca_file(path, file)
	one := {"node": name, "path": path, "file": file, "subject": subject(name, path)}
]

# cas are the CA files of a node whose certificates can be read, by the node.
cas := {name: readable |
	some name, by_path in files
	readable := [one |
		some path, file in by_path
		ca(path, file)
		one := {"node": name, "path": path, "file": file, "subject": subject(name, path)}
	]
}

# subject is a trust file as policies name it.
subject(node, path) := {"kind": "trust_file", "node": node, "path": path}

# at is where a trust file of a node stands in the document.
at(node, path) := pointer.to(["nodes", node, "trust_files", path])

# ca tells whether a trust file is a CA file whose certificates can be read.
ca(path, file) if {
	nodes.ca_file(path, file)
	file.form == "pem"
	count(file.certificates) > 0
}

# system_wide tells whether a file is for the node's own trust store, which runtimes
# read when they start, and not for one registry.
system_wide(file) if file.place in system_places

# system_places are the kinds of folder that the node's own trust store is made from.
system_places := {"debian", "rhel", "system"}

# hosts are what runtimes are told of a registry, by registry and node.
hosts := {host: by_node |
	some host in {host | some node in nodes.read; some host, _ in node.registry_config.hosts}
	by_node := {name: node.registry_config.hosts[host] | some name, node in nodes.read}
}

# settings_at are the places of a registry's settings on some nodes.
settings_at(host, names) := [pointer.to(["nodes", name, "registry_config", "hosts", host]) | some name in few(names)]

# unread are the nodes of which one of these fields could not be read in full.
unread(fields) := {gap.subject.name |
	some gap in input.coverage.nodes.gaps
	gap.subject.kind == "node"
	object.get(gap, "field", "") in (fields | {""})
}

# registries says for which registries settings are.
registries(host) := "all registries without settings of their own" if {
	host == "_default"
} else := host

# grouped are the nodes of a set of [what, how, node], by [what, how]: what is wrong
# in the same way on many nodes is one finding. Nodes that share settings make few
# groups; each costs a walk over the set.
grouped(found) := {group: names |
	some group in {[what, how] | some [what, how, _] in found}
	names := {name | some [what, how, name] in found; [what, how] == group}
}
