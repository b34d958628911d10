package regpolicy.cfg.proxies_exempt_registries_test

import data.regpolicy.cfg.proxies_exempt_registries as policy

_proxy := {
	"http": "http://proxy:3128", "https": "http://proxy:3128", "scope": "cluster/ns/demo",
	"no_proxy": [".corp.example", "192.168.0.0/16", "10.96.0.0/12"],
}

_cluster := {"object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "proxy": "cluster/ns/demo", "pod_cidrs": ["192.168.0.0/16"], "service_cidrs": ["10.96.0.0/12"]}

_document(proxy) := {
	"proxies": {"cluster/ns/demo": object.union(_proxy, proxy)},
	"clusters": {"ns/demo": _cluster},
	"registries": {"harbor.corp.example:443": {"host": "harbor.corp.example", "port": 443}, "docker.io:443": {"host": "docker.io", "port": 443}},
}

_subject := {"kind": "proxy", "name": "cluster/ns/demo", "cluster": "demo"}

_missing(what) := sprintf("the proxy of cluster ns/demo has no %s; all three of httpProxy, httpsProxy and noProxy are required", [what])

_registry := "the exceptions of the proxy of cluster ns/demo do not hold the private registry harbor.corp.example:443"

_networks(what) := sprintf("the exceptions of the proxy of cluster ns/demo do not hold the networks %s of pods and services", [what])

test_clusters[name] if {
	some name, tc in {
		"complete": {"proxy": {}, "denied": set()},
		"no HTTP": {"proxy": {"http": ""}, "denied": {_missing("httpProxy")}},
		"no HTTP and no HTTPS": {"proxy": {"http": "", "https": ""}, "denied": {_missing("httpProxy and no httpsProxy")}},
		"exceptions for everything": {"proxy": {"no_proxy": ["*"]}, "denied": set()},
		"no exception for the registry": {"proxy": {"no_proxy": ["192.168.0.0/16", "10.96.0.0/12"]}, "denied": {_registry}},
		"an exception for another port": {"proxy": {"no_proxy": [".corp.example:5000", "192.168.0.0/16", "10.96.0.0/12"]}, "denied": {_registry}},
		"no exception for pods": {"proxy": {"no_proxy": [".corp.example", "10.96.0.0/12"]}, "denied": {_networks("192.168.0.0/16")}},
		"no exception for services": {"proxy": {"no_proxy": [".corp.example", "192.168.0.0/16"]}, "denied": {_networks("10.96.0.0/12")}},
		"no exceptions": {"proxy": {"no_proxy": []}, "denied": {_missing("noProxy"), _registry, _networks("192.168.0.0/16, 10.96.0.0/12")}},
	}
	document := _document(tc.proxy)
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_subject} with input as document
}

test_missing_fields[name] if {
	some name, tc in {
		"HTTP": {"without": "http", "denied": {_missing("httpProxy")}},
		"HTTPS": {"without": "https", "denied": {_missing("httpsProxy")}},
		"exceptions": {"without": "no_proxy", "denied": {_missing("noProxy"), _registry, _networks("192.168.0.0/16, 10.96.0.0/12")}},
	}
	document := object.union(_document({}), {"proxies": null})
	findings := policy.deny with input as object.union(document, {"proxies": {"cluster/ns/demo": json.remove(_proxy, [tc.without])}})
	{finding.msg | some finding in findings} == tc.denied
}

test_a_cluster_that_tells_no_networks if {
	document := json.remove(_document({"no_proxy": [".corp.example"]}), ["clusters/ns~1demo/pod_cidrs", "clusters/ns~1demo/service_cidrs"])
	policy.deny == set() with input as document
}

test_two_registries if {
	document := object.union(_document({"no_proxy": ["192.168.0.0/16", "10.96.0.0/12"]}), {"registries": {"lab.example:5000": {"host": "lab.example", "port": 5000}}})
	findings := policy.deny with input as document
	{finding.msg | some finding in findings} == {concat(", ", [_registry, "lab.example:5000"])}
}

test_evidence[name] if {
	some name, tc in {
		"completeness": {"proxy": {"http": ""}, "want": ["/proxies/cluster~1ns~1demo"]},
		"the registry": {"proxy": {"no_proxy": ["192.168.0.0/16", "10.96.0.0/12"]}, "want": ["/proxies/cluster~1ns~1demo"]},
		"networks": {"proxy": {"no_proxy": [".corp.example", "10.96.0.0/12"]}, "want": ["/proxies/cluster~1ns~1demo", "/clusters/ns~1demo"]},
	}
	some finding in policy.deny with input as _document(tc.proxy)
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": tc.want}
}

_elsewhere(key, proxy) := object.union(json.remove(_document({}), ["proxies", "clusters"]), {"proxies": {key: object.union(proxy, {"scope": key})}})

_bare := {"https": "http://proxy:3128", "no_proxy": ["lab.example"]}

test_elsewhere[name] if {
	some name, tc in {
		"a node that exempts the registry": {"key": "node/wk-1", "proxy": {"https": "http://proxy:3128", "no_proxy": ["corp.example"]}, "denied": set(), "subjects": 1},
		"a node that does not": {"key": "node/wk-1", "proxy": _bare, "denied": {"the exceptions of the proxy of node wk-1 do not hold the private registry harbor.corp.example:443"}, "subjects": 1},
		"a node without a proxy for HTTPS": {"key": "node/wk-1", "proxy": {"http": "http://proxy:3128"}, "denied": set(), "subjects": 1},
		"the global setting": {
			"key": "service", "proxy": _bare, "denied": {
				"the proxy of the TkgServiceConfiguration has no httpProxy; all three of httpProxy, httpsProxy and noProxy are required",
				"the exceptions of the proxy of the TkgServiceConfiguration do not hold the private registry harbor.corp.example:443",
			},
			"subjects": 1,
		},
		"a kubelet": {"key": "node/wk-1/kubelet", "proxy": _bare, "denied": set(), "subjects": 0},
		"kapp-controller": {"key": "kapp/ns/demo", "proxy": _bare, "denied": set(), "subjects": 0},
		"the collector": {"key": "collector", "proxy": _bare, "denied": set(), "subjects": 0},
	}
	document := _elsewhere(tc.key, tc.proxy)
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	count(policy.subjects) == tc.subjects with input as document
}

test_what_could_not_be_read[name] if {
	some name, tc in {
		"of the cluster": {"document": _document({"http": ""}), "gap": {"subject": {"kind": "cluster", "namespace": "ns", "name": "demo"}, "field": "proxy"}, "subjects": 0},
		"of another cluster": {"document": _document({"http": ""}), "gap": {"subject": {"kind": "cluster", "namespace": "ns", "name": "other"}, "field": "proxy"}, "subjects": 1},
		"of something else": {"document": _document({"http": ""}), "gap": {"subject": {"kind": "cluster", "namespace": "ns", "name": "demo"}, "field": "conditions"}, "subjects": 1},
		"of the global setting": {"document": _elsewhere("service", _bare), "gap": {"subject": {"kind": "tkg_service_configuration", "name": "x"}, "field": "proxy"}, "subjects": 0},
		"of something else in it": {"document": _elsewhere("service", _bare), "gap": {"subject": {"kind": "tkg_service_configuration", "name": "x"}, "field": "trust"}, "subjects": 1},
		"of a cluster beside it": {"document": _elsewhere("service", _bare), "gap": {"subject": {"kind": "cluster", "name": "x"}, "field": "proxy"}, "subjects": 1},
	}
	document := object.union(tc.document, {"coverage": {"trust": {"gaps": [tc.gap]}}})
	count(policy.subjects) == tc.subjects with input as document
	count({finding.subject | some finding in policy.deny}) == tc.subjects with input as document
}

test_no_proxy if policy.subjects == set() with input as {"proxies": {}}
