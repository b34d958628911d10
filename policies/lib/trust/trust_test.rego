package regpolicy.lib.trust_test

import data.regpolicy.lib.trust

_entry := {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
	"secret": {"namespace": "ns", "name": "s", "key": "corp"}, "clusters": ["ns/demo"], "expected_layers": [1, 2],
}

test_names if {
	trust.subject(_entry) == {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}
	trust.subject(json.remove(_entry, ["object/namespace"])).namespace == ""
	trust.secret(_entry) == "ns/s"
	trust.secret(object.union(_entry, {"secret": {"namespace": ""}})) == "s"
	trust.kubectl(_entry) == "kubectl -n ns"
	trust.kubectl(object.union(_entry, {"secret": {"namespace": ""}})) == "kubectl"
	trust.wants(_entry) == "1 or 2"
	trust.wants({"expected_layers": [0]}) == "0"
	trust.wants({"expected_layers": []}) == "another number"
}

test_reaches[name] if {
	some name, tc in {
		"the cluster's own node": {"entry": {}, "node": {"cluster": "demo"}, "reaches": true},
		"another cluster's node": {"entry": {}, "node": {"cluster": "other"}, "reaches": false},
		"a cluster whose name ends alike": {"entry": {}, "node": {"cluster": "mo"}, "reaches": false},
		"a node that does not tell its cluster, where there is one": {"entry": {}, "node": {}, "reaches": true},
		"a node where the entry tells no cluster": {"entry": {"clusters": []}, "node": {"cluster": "demo"}, "reaches": true},
		"no node with the Supervisor's trust": {"entry": {"domain": "supervisor"}, "node": {"cluster": "demo"}, "reaches": false},
		"no node with a setting that applies to none": {"entry": {"applies_to_none": true}, "node": {}, "reaches": false},
	}
	_reaches(object.union(_entry, tc.entry), tc.node) == tc.reaches
}

test_reaches_among_clusters[name] if {
	some name, tc in {
		"one known cluster": {"entry": {}, "clusters": {"ns/demo": {}}, "reaches": true},
		"several": {"entry": {}, "clusters": {"ns/demo": {}, "ns/other": {}}, "reaches": false},
		"several, and an entry that tells none": {"entry": {"clusters": []}, "clusters": {"ns/demo": {}, "ns/other": {}}, "reaches": true},
	}
	_reaches(object.union(_entry, tc.entry), {}) == tc.reaches with input as {"clusters": tc.clusters}
}

default _reaches(_, _) := false

_reaches(entry, node) if trust.reaches(entry, node)

test_applies[name] if {
	some name, tc in {
		"where no node tells its cluster": {"entry": {}, "nodes": {"a": {}}, "clusters": {"ns/demo": {}}, "applies": true},
		"where the nodes are the cluster's": {"entry": {}, "nodes": {"a": {"cluster": "demo"}}, "clusters": {"ns/demo": {}, "ns/other": {}}, "applies": true},
		"where some of the nodes are": {"entry": {}, "nodes": {"a": {"cluster": "other"}, "b": {"cluster": "demo"}}, "clusters": {"ns/demo": {}, "ns/other": {}}, "applies": true},
		"not where all nodes are another's": {"entry": {}, "nodes": {"a": {"cluster": "other"}}, "clusters": {"ns/demo": {}, "ns/other": {}}, "applies": false},
		"where the other's configuration was not gathered": {"entry": {}, "nodes": {"a": {"cluster": "other"}}, "clusters": {"ns/demo": {}}, "applies": true},
		"where the entry tells no cluster": {"entry": {"clusters": []}, "nodes": {"a": {"cluster": "other"}}, "clusters": {"ns/other": {}}, "applies": true},
		"to the Supervisor, whatever the nodes": {"entry": {"domain": "supervisor"}, "nodes": {"a": {"cluster": "other"}}, "clusters": {"ns/other": {}}, "applies": true},
		"not where it reaches no cluster": {"entry": {"applies_to_none": true}, "nodes": {}, "clusters": {}, "applies": false},
	}
	_applies(object.union(_entry, tc.entry), {"nodes": tc.nodes, "clusters": tc.clusters}) == tc.applies
}

default _applies(_, _) := false

_applies(entry, document) if trust.applies(entry) with input as document

test_configured if {
	document := {
		"domains": {"workload": {"entries": ["a", "b", "c", "gone"]}},
		"trust": {
			"a": object.union(_entry, {"value": {"certificates": ["f1", "f2"]}}),
			"b": object.union(_entry, {"applies_to_none": true, "value": {"certificates": ["f3"]}}),
			"c": _entry,
			"d": object.union(_entry, {"value": {"certificates": ["f4"]}}),
		},
	}
	trust.configured("workload") == {"f1", "f2"} with input as document
	trust.configured("supervisor") == set() with input as document
}

test_incomplete[name] if {
	some name, tc in {
		"a forbidden secret": {"entry": {"reason": "forbidden"}, "want": {"workload"}},
		"a secret that the source never held": {"entry": {"reason": "not_collected"}, "want": {"workload"}},
		"a value that could not be read": {"entry": {"reason": "unreadable"}, "want": {"workload"}},
		"not one that does not exist": {"entry": {"reason": "secret_not_found"}, "want": set()},
		"not one that reaches nothing": {"entry": {"reason": "forbidden", "applies_to_none": true}, "want": set()},
		"not one that was had": {"entry": {}, "want": set()},
	}
	trust.incomplete == tc.want with input as {"trust": {"a": object.union(_entry, tc.entry)}}
}

test_hidden[name] if {
	some name, tc in {
		"by a refused list": {"gap": {"subject": {"kind": "section", "name": "tanzukubernetesclusters"}}, "want": {"supervisor", "workload"}},
		"by a broken file": {"gap": {"subject": {"kind": "file", "name": "a.yaml"}}, "want": {"supervisor", "workload"}},
		"by a list that holds no trust of nodes": {"gap": {"subject": {"kind": "section", "name": "kappcontrollerconfigs"}}, "want": set()},
		"by a cluster that could not be read": {"gap": {"subject": {"kind": "cluster", "name": "demo"}}, "want": {"workload"}},
		"by a global setting that could not be": {"gap": {"subject": {"kind": "tkg_service_configuration", "name": "x"}}, "want": {"workload"}},
		"by the Supervisor's bundle, which was refused": {"gap": {"subject": {"kind": "config_map", "name": "image-fetcher-ca-bundle"}, "field": "entries"}, "want": {"supervisor"}},
		"not by a cluster's field": {"gap": {"subject": {"kind": "cluster", "name": "demo"}, "field": "proxy"}, "want": set()},
		"not by an entry's value": {"gap": {"subject": {"kind": "trust_entry", "name": "corp"}, "field": "value"}, "want": set()},
	}
	trust.hidden == tc.want with input as {"coverage": {"trust": {"gaps": [tc.gap]}}}
}
