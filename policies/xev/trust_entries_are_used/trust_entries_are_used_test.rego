package regpolicy.xev.trust_entries_are_used_test

import data.regpolicy.xev.trust_entries_are_used as policy

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_entry := {"domain": "workload", "name": "corp", "label": "corp", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "value": {"certificates": ["root"]}}

_document(entry, path) := {
	"public_store": "public:1",
	"trust": {"k/1": entry},
	"domains": {"workload": {"trust_store": "configured:1"}},
	"registries": {"harbor:443": {}},
	"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"configured:1": {"ok": true, "paths": [path]}}}}}},
}

_told := `none of the 1 registry chain(s) seen leads by a certificate of the trust entry "corp" of Cluster/demo`

_unused := _document(_entry, ["leaf", "other"])

test_warnings[name] if {
	some name, tc in {
		"used": {"document": _document(_entry, ["leaf", "root"]), "told": set(), "subjects": {_subject}},
		"unused": {"document": _unused, "told": {_told}, "subjects": {_subject}},
		"used in another domain's store": {"document": object.union(_unused, {"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"configured:2": {"paths": [["root"]]}}}}}}}), "told": {_told}, "subjects": {_subject}},
		"one of two is used": {"document": _document(object.union(_entry, {"value": {"certificates": ["more", "root"]}}), ["leaf", "root"]), "told": set(), "subjects": {_subject}},
		"no path": {"document": object.union(_unused, {"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"configured:1": {"ok": false, "paths": []}, "public:1": {"ok": true}}}}}}}), "told": {_told}, "subjects": {_subject}},
		"a chain that leads nowhere": {"document": object.union(_unused, {"endpoints": {"quay.io:443": {"chains": {"c": {"verdicts": {"configured:1": {"ok": false}, "go:1": {"ok": true}}}}}}}), "told": set(), "subjects": set()},
		"used, and a chain that leads nowhere": {"document": object.union(_document(_entry, ["leaf", "root"]), {"endpoints": {"quay.io:443": {"chains": {"c": {"verdicts": {"configured:1": {"ok": false}}}}}}}), "told": set(), "subjects": {_subject}},
		"never judged": {"document": object.union(json.remove(_unused, ["endpoints/harbor:443/chains/c/verdicts/configured:1"]), {"endpoints": {"harbor:443": {"chains": {"c": {"verdicts": {"public:1": {"ok": true}}}}}}}), "told": set(), "subjects": set()},
		"unused, and a registry was not seen": {"document": object.union(_unused, {"registries": {"quay.io:443": {}}}), "told": set(), "subjects": set()},
		"used, and a registry was not seen": {"document": object.union(_document(_entry, ["leaf", "root"]), {"registries": {"quay.io:443": {}}}), "told": set(), "subjects": {_subject}},
		"unused, and a registry showed nothing": {"document": object.union(_unused, {"registries": {"quay.io:443": {}}, "endpoints": {"quay.io:443": {"chains": {}}}}), "told": set(), "subjects": set()},
		"unused, and Docker Hub was seen": {
			"document": object.union(_unused, {"registries": {"docker.io:443": {}}, "endpoints": {"registry-1.docker.io:443": {"chains": {"d": {"verdicts": {"public:1": {"ok": true}}}}}}}),
			"told": {replace(_told, "1", "2")}, "subjects": {_subject},
		},
		"for a proxy": {"document": _document(object.union(_entry, {"name": "proxy"}), ["leaf"]), "told": set(), "subjects": set()},
		"without a name": {"document": _document(json.remove(_entry, ["name"]), ["leaf"]), "told": {_told}, "subjects": {_subject}},
		"for no cluster": {"document": _document(object.union(_entry, {"applies_to_none": true}), ["leaf"]), "told": set(), "subjects": set()},
		"value empty": {"document": _document(object.union(_entry, {"value": {"certificates": []}}), ["leaf"]), "told": set(), "subjects": set()},
		"value missing": {"document": _document(json.remove(_entry, ["value"]), ["leaf"]), "told": set(), "subjects": set()},
		"sections empty": {"document": {"trust": {}, "endpoints": {}, "registries": {}, "domains": {}}, "told": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.warn} == tc.told with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_other_names if {
	policy.subjects == set() with input as _unused with data.params as {"RT-XEV-015": {"exempt_entry_names": ["co*"]}}
	policy.subjects == set() with input as _document(object.union(_entry, {"name": "co.rp"}), ["leaf"]) with data.params as {"RT-XEV-015": {"exempt_entry_names": ["co*"]}}
}

test_evidence_and_subject if {
	policy.warn == {{"subject": _subject, "msg": _told, "severity": "info", "evidence": ["/trust/k~11"]}} with input as _unused
}
