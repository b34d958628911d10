package regpolicy.lib.clusters_test

import data.regpolicy.lib.clusters

test_names if {
	clusters.subject({"object": {"namespace": "ns", "name": "demo"}}) == {"kind": "cluster", "namespace": "ns", "name": "demo"}
	clusters.subject({"object": {"name": "demo"}}) == {"kind": "cluster", "namespace": "", "name": "demo"}
	clusters.name("ns/demo") == "demo"
	clusters.name("demo") == "demo"
}

_document := {"trust": {
	"own": {"domain": "workload", "object": {"kind": "Cluster"}, "clusters": ["ns/a"]},
	"old": {"domain": "workload", "object": {"kind": "TanzuKubernetesCluster"}, "clusters": ["ns/b"]},
	"global": {"domain": "workload", "object": {"kind": "TkgServiceConfiguration"}, "clusters": ["ns/b"]},
	"kapp": {"domain": "kapp", "object": {"kind": "Cluster"}, "clusters": ["ns/a"]},
	"vague": {"domain": "workload", "object": {"kind": "Cluster"}},
}}

test_entries if {
	clusters.entries == {"ns/a": {"own"}, "ns/b": {"old"}} with input as _document
	clusters.services == {"global"} with input as _document
}
