package regpolicy.lib.nodeviews_test

import data.regpolicy.lib.nodeviews

_node := {"read": true, "trust_store": "go:1"}

_document(nodes, probes) := {"nodes": nodes, "endpoints": {"harbor:443": {"probes": probes, "chains": {"c": {"verdicts": {}}, "d": {"verdicts": {}}}}}}

_view(key, store) := {"endpoint": "harbor:443", "key": key, "store": store}

_settings(hosts) := object.union(_node, {"registry_config": {"hosts": hosts}})

test_views[name] if {
	some name, tc in {
		"seen from elsewhere": {"nodes": {"a": _node, "b": _node}, "probes": {"collector": {"chain": "c"}}, "views": {_view("c", "go:1"): {"a", "b"}}},
		"seen by one itself": {"nodes": {"a": _node, "b": _node}, "probes": {"collector": {"chain": "c"}, "node/a": {"chain": "d"}}, "views": {_view("d", "go:1"): {"a", "b"}, _view("c", "go:1"): {"b"}}},
		"two stores": {"nodes": {"a": _node, "b": object.union(_node, {"trust_store": "go:2"})}, "probes": {"collector": {"chain": "c"}}, "views": {_view("c", "go:1"): {"a"}, _view("c", "go:2"): {"b"}}},
		"a store of the registry's own": {"nodes": {"a": _settings({"harbor:443": {"trust_store": "go:3"}})}, "probes": {"collector": {"chain": "c"}}, "views": {_view("c", "go:3"): {"a"}}},
		"settings without a port": {"nodes": {"a": _settings({"harbor": {"trust_store": "go:3"}, "_default": {"trust_store": "go:4"}})}, "probes": {"collector": {"chain": "c"}}, "views": {_view("c", "go:3"): {"a"}}},
		"default settings": {"nodes": {"a": _settings({"_default": {"trust_store": "go:3"}})}, "probes": {"collector": {"chain": "c"}}, "views": {_view("c", "go:3"): {"a"}}},
		"settings that add nothing": {"nodes": {"a": _settings({"harbor:443": {"trust_store": ""}})}, "probes": {"collector": {"chain": "c"}}, "views": {_view("c", "go:1"): {"a"}}},
		"no store": {"nodes": {"a": {"read": true, "trust_store": ""}}, "probes": {"collector": {"chain": "c"}}, "views": {}},
		"an unread node": {"nodes": {"a": {"read": false, "trust_store": "go:1"}}, "probes": {"collector": {"chain": "c"}}, "views": {}},
		"a chain that is not kept": {"nodes": {"a": _node}, "probes": {"collector": {"chain": "x"}}, "views": {}},
		"no chain": {"nodes": {"a": _node}, "probes": {"collector": {}}, "views": {}},
	}
	nodeviews.views == tc.views with input as _document(tc.nodes, tc.probes)
}

test_on if {
	document := _document({name: _node | some name in ["d", "b", "a", "c"]}, {"collector": {"chain": "c"}})
	nodeviews.on(_view("c", "go:1")) == "a, b, c and 1 more nodes" with input as document
	nodeviews.on(_view("c", "go:1")) == "a, b, c" with input as json.remove(document, ["nodes/d"])
	nodeviews.chain(_view("c", "go:1")) == {"verdicts": {}} with input as document
}

test_pullers if {
	nodeviews.pullers("harbor:443") == {"workload"} with input as {"registries": {}}
	nodeviews.pullers("harbor:443") == {"workload"} with input as {"registries": {"harbor:443": {"platforms": []}}}
	nodeviews.pullers("harbor:443") == {"supervisor"} with input as {"registries": {"harbor:443": {"platforms": ["vsphere_pod"]}}}
	nodeviews.pullers("harbor:443") == {"workload", "supervisor"} with input as {"registries": {"harbor:443": {"platforms": ["vsphere_pod", "kubelet"]}}}
}

test_endpoint_of if {
	nodeviews.endpoint_of("docker.io:443") == "registry-1.docker.io:443"
	nodeviews.endpoint_of("docker.io:5000") == "docker.io:5000"
}

test_probe_of if {
	nodeviews.probe_of({"probes": {"node/a": {"reached": true}, "collector": {}}}, "a") == {"reached": true}
	not nodeviews.probe_of({"probes": {"collector": {}}}, "a")
}
