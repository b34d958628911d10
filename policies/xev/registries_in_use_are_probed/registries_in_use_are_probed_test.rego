package regpolicy.xev.registries_in_use_are_probed_test

import data.regpolicy.xev.registries_in_use_are_probed as policy

_subject := {"kind": "registry", "name": "harbor:443"}

_told := "harbor:443 is used by 2 pod(s) and 1 manifest(s) and was not probed: its certificate is not known"

_document(endpoints) := {
	"registries": {"harbor:443": {"host": "harbor", "pods": 2, "workloads": ["Deployment/ns/a"]}},
	"endpoints": endpoints,
}

_gap(name) := {"coverage": {"tls": {"gaps": [{"subject": {"kind": "endpoint", "name": name, "vantage": "collector"}}]}}}

_probes := {"probes": {"collector": {}}}

test_denials[name] if {
	some name, tc in {
		"probed": {"document": _document({"harbor:443": _probes}), "denied": set(), "subjects": {_subject}},
		"probed on another port": {"document": _document({"harbor:5000": _probes}), "denied": {_told}, "subjects": {_subject}},
		"not probed": {"document": _document({}), "denied": {_told}, "subjects": {_subject}},
		"numbers missing": {"document": json.remove(_document({}), ["registries/harbor:443/workloads", "registries/harbor:443/pods"]), "denied": {"harbor:443 is used by 0 pod(s) and 0 manifest(s) and was not probed: its certificate is not known"}, "subjects": {_subject}},
		"without a probe": {"document": _document({"harbor:443": {"probes": {}}}), "denied": {_told}, "subjects": {_subject}},
		"probes missing": {"document": _document({"harbor:443": {}}), "denied": {_told}, "subjects": {_subject}},
		"tried": {"document": object.union(_document({"harbor:443": {"probes": {}}}), _gap("harbor:443")), "denied": set(), "subjects": set()},
		"tried from two places, once to no avail": {"document": object.union(_document({"harbor:443": _probes}), _gap("harbor:443")), "denied": set(), "subjects": {_subject}},
		"another was tried": {"document": object.union(_document({}), _gap("harbor:5000")), "denied": {_told}, "subjects": {_subject}},
		"Docker Hub": {"document": {"registries": {"docker.io:443": {"host": "docker.io", "pods": 1}}, "endpoints": {"registry-1.docker.io:443": _probes}}, "denied": set(), "subjects": {{"kind": "registry", "name": "docker.io:443"}}},
		"sections empty": {"document": {"registries": {}, "endpoints": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_exempt if {
	policy.subjects == set() with input as _document({}) with data.params as {"RT-XEV-009": {"exempt_registries": ["other", "har*"]}}
	policy.subjects == set() with input as object.union(_document({}), {"registries": {"harbor:443": {"host": "harbor.corp.example"}}}) with data.params as {"RT-XEV-009": {"exempt_registries": ["har*"]}}
	policy.subjects == {_subject} with input as _document({}) with data.params as {"RT-XEV-009": {"exempt_registries": ["har"]}}
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told, "evidence": ["/registries/harbor:443"]}} with input as _document({})
}
