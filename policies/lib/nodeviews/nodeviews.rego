# METADATA
# title: Registries as nodes and other places see them
package regpolicy.lib.nodeviews

import data.regpolicy.lib.nodes

# views are what nodes see of registries: a chain that an endpoint presents, and the
# trust store that it is judged with there; and the nodes that share both. Nodes that
# are set up alike are looked at once: there may be thousands.
views := {view: names |
	some name, by_pair in _sets
	some pair, sets in by_pair
	view := {"endpoint": name, "key": pair[0], "store": pair[1]}
	names := union(sets)
}

# _sets are sets of nodes by endpoint, and chain and store there.
_sets[name][[row.key, row.store]] contains row.names if {
	some name, _ in input.endpoints
	some row in array.concat(_shared[name], _own[name])
}

# _shared are chain, store and nodes, by the endpoint, for the nodes that were shown
# no chain themselves.
_shared[name] := [row |
	some profile, alike in _alike
	names := alike - object.keys(_shown_to(endpoint))
	count(names) > 0
	some key in {probe.chain | some probe in endpoint.probes}
	endpoint.chains[key]
	row := {"key": key, "store": store(profile, name), "names": names}
] if {
	some name, endpoint in input.endpoints
}

# _own are the same for the nodes that were shown a chain.
_own[name] := [row |
	some node_name, key in _shown_to(endpoint)
	endpoint.chains[key]
	row := {"key": key, "store": store(nodes.read[node_name], name), "names": {node_name}}
] if {
	some name, endpoint in input.endpoints
}

# _shown_to are the chains that nodes themselves were shown, by node.
_shown_to(endpoint) := {node_name: probe.chain |
	some vantage, probe in endpoint.probes
	startswith(vantage, "node/")
	probe.chain
	node_name := trim_prefix(vantage, "node/")
	nodes.read[node_name]
}

# _alike are the nodes by what decides on their store for a registry.
_alike := {profile: names |
	some profile in {profile | some profile in _profiles}
	names := {name | some name; _profiles[name] == profile}
}

_profiles := {name: profile |
	some name, node in nodes.read
	profile := {
		"trust_store": object.get(node, "trust_store", ""),
		"registry_config": {"hosts": object.get(node, ["registry_config", "hosts"], {})},
	}
}

# store is the key of the trust store that a node judges a registry with.
store(node, registry) := settings(node, registry).trust_store if {
	settings(node, registry).trust_store != ""
} else := node.trust_store if {
	node.trust_store != ""
}

# settings are what a node configures for a registry. Containerd asks for a folder
# of the registry's name first, and for _default where there is none.
settings(node, registry) := node.registry_config.hosts[registry] if {
	node.registry_config.hosts[registry]
} else := node.registry_config.hosts[trim_suffix(registry, ":443")] if {
	node.registry_config.hosts[trim_suffix(registry, ":443")]
} else := node.registry_config.hosts._default

# probe_of is what a node itself saw of an endpoint.
probe_of(endpoint, node) := endpoint.probes[concat("", ["node/", node])]

# seen are the chains that a node itself was shown, else those shown elsewhere.
seen(endpoint, node) := {_shown(endpoint, node)}

seen(endpoint, node) := {probe.chain | some probe in endpoint.probes} if not _shown(endpoint, node)

_shown(endpoint, node) := endpoint.probes[concat("", ["node/", node])].chain

# chain is the chain of a view.
chain(view) := input.endpoints[view.endpoint].chains[view.key]

# on lists the nodes of a view, a few of them by name.
on(view) := concat(", ", sort(views[view])) if {
	count(views[view]) < 4
} else := sprintf("%s and %d more nodes", [concat(", ", array.slice(sort(views[view]), 0, 3)), count(views[view]) - 3])

# pullers are the trust domains that pull from a registry; one of which no pod says
# so was named by manifests or by hand, and counts for the nodes.
default pullers(_) := {"workload"}

pullers(registry) := {_domains[platform] | some platform in input.registries[registry].platforms} if {
	count(input.registries[registry].platforms) > 0
}

_domains := {"kubelet": "workload", "vsphere_pod": "supervisor"}

# endpoint_of is where a registry is asked. Docker Hub's images name another host than
# the one that runtimes connect to.
endpoint_of(registry) := "registry-1.docker.io:443" if {
	registry == "docker.io:443"
} else := registry
