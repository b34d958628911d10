package regpolicy.cfg.clusters_have_trust_of_their_own_test

import data.regpolicy.cfg.clusters_have_trust_of_their_own as policy

_own := {"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "clusters": ["ns/demo"]}

_global := {"domain": "workload", "object": {"kind": "TkgServiceConfiguration", "name": "x"}}

_document(kind, trust, gaps) := {
	"clusters": {"ns/demo": {"object": {"kind": kind, "namespace": "ns", "name": "demo"}}},
	"trust": trust, "coverage": {"trust": {"gaps": gaps}},
}

_subject := {"kind": "cluster", "namespace": "ns", "name": "demo"}

_refused := [{"subject": {"kind": "section", "name": "tanzukubernetesclusters"}, "reason": "forbidden"}]

_none(n) := {sprintf("Cluster ns/demo configures no CA itself, and those of the TkgServiceConfiguration (%d) do not reach it", [n])}

test_clusters[name] if {
	some name, tc in {
		"a CA of its own": {"document": _document("Cluster", {"o": _own}, []), "denied": set(), "subjects": {_subject}},
		"a CA of its own beside the global one": {"document": _document("Cluster", {"o": _own, "g": _global}, []), "denied": set(), "subjects": {_subject}},
		"the global one only": {"document": _document("Cluster", {"g": _global}, []), "denied": _none(1), "subjects": {_subject}},
		"two global ones": {"document": _document("Cluster", {"g": _global, "h": _global}, []), "denied": _none(2), "subjects": {_subject}},
		"another cluster's and the global one": {"document": _document("Cluster", {"g": _global, "o": object.union(_own, {"clusters": ["ns/other"]})}, []), "denied": _none(1), "subjects": {_subject}},
		"none at all": {"document": _document("Cluster", {}, []), "denied": set(), "subjects": set()},
		"a TanzuKubernetesCluster": {"document": _document("TanzuKubernetesCluster", {"g": _global}, []), "denied": set(), "subjects": set()},
		"the global one only, where a list was refused": {"document": _document("Cluster", {"g": _global}, _refused), "denied": set(), "subjects": set()},
		"a CA of its own, where a list was refused": {"document": _document("Cluster", {"o": _own, "g": _global}, _refused), "denied": set(), "subjects": {_subject}},
		"no kind": {"document": {"clusters": {"ns/demo": {"object": {"name": "demo"}}}, "trust": {"g": _global}}, "denied": set(), "subjects": set()},
		"no cluster": {"document": {"clusters": {}, "trust": {"g": _global}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_finding if {
	some finding in policy.deny with input as _document("Cluster", {"g": _global}, [])
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": ["/clusters/ns~1demo", "/trust/g"]}
}
