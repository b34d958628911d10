package regpolicy.lib.clusters_test

import data.regpolicy.lib.clusters

test_names if {
	clusters.subject({"object": {"namespace": "ns", "name": "demo"}}) == {"kind": "cluster", "namespace": "ns", "name": "demo"}
	clusters.subject({"object": {"name": "demo"}}) == {"kind": "cluster", "namespace": "", "name": "demo"}
}

_document := {"trust": {
	"own": {"domain": "workload", "object": {"kind": "Cluster"}, "clusters": ["ns/a"]},
	"old": {"domain": "workload", "object": {"kind": "TanzuKubernetesCluster"}, "clusters": ["ns/b"]},
	"global": {"domain": "workload", "object": {"kind": "TkgServiceConfiguration"}, "clusters": ["ns/b"]},
	"kapp": {"domain": "kapp", "object": {"kind": "Cluster"}, "clusters": ["ns/a"]},
	"vague": {"domain": "workload", "object": {"kind": "Cluster"}},
}}

test_configuring if {
	clusters.configuring == {"ns/a", "ns/b"} with input as _document
	clusters.services == {"global"} with input as _document
}
