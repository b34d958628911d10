package regpolicy.xev.failing_images_use_probed_hosts_test

import data.regpolicy.xev.failing_images_use_probed_hosts as policy

_subject(name) := {"kind": "registry", "name": name}

_document(failing, endpoint) := {
	"views": {"failures_by_registry": {failing: ["ns/pod/a", "ns/pod/b"]}},
	"certificates": {"leaf": {"dns_names": ["harbor.corp.example", "registry.corp.example"], "ip_addresses": ["10.0.0.9"]}},
	"endpoints": {"harbor.corp.example:443": object.union({
		"host": "harbor.corp.example", "probes": {"collector": {"address": "10.0.0.5:443"}},
		"chains": {"c": {"certificates": ["leaf"]}},
	}, endpoint)},
}

_told(name, how) := sprintf("images that cannot be pulled name %s; what was probed is harbor.corp.example:443, which %s", [name, how])

test_denials[name] if {
	some name, tc in {
		"the same": {"document": _document("harbor.corp.example:443", {}), "denied": set(), "subjects": {_subject("harbor.corp.example:443")}},
		"another port": {"document": _document("harbor.corp.example:5000", {}), "denied": {_told("harbor.corp.example:5000", "is the same host on another port")}, "subjects": {_subject("harbor.corp.example:5000")}},
		"a short name": {"document": _document("harbor:443", {}), "denied": {_told("harbor:443", "is its full name")}, "subjects": {_subject("harbor:443")}},
		"the beginning of a name": {"document": _document("har:443", {}), "denied": set(), "subjects": set()},
		"an address": {"document": _document("10.0.0.5:443", {}), "denied": {_told("10.0.0.5:443", "has that address")}, "subjects": {_subject("10.0.0.5:443")}},
		"the beginning of an address": {"document": _document("10.0.0:443", {}), "denied": set(), "subjects": set()},
		"another name": {"document": _document("registry.corp.example:443", {}), "denied": {_told("registry.corp.example:443", "shows a certificate with that name, too")}, "subjects": {_subject("registry.corp.example:443")}},
		"another address": {"document": _document("10.0.0.9:443", {}), "denied": {_told("10.0.0.9:443", "shows a certificate with that name, too")}, "subjects": {_subject("10.0.0.9:443")}},
		"nothing alike": {"document": _document("quay.io:443", {}), "denied": set(), "subjects": set()},
		"address missing": {"document": json.remove(_document("10.0.0.5:443", {}), ["endpoints/harbor.corp.example:443/probes/collector/address"]), "denied": set(), "subjects": set()},
		"alike, and not probed": {"document": json.remove(_document("harbor:443", {}), ["endpoints/harbor.corp.example:443/probes"]), "denied": set(), "subjects": set()},
		"alike, and without a probe": {"document": json.remove(_document("harbor:443", {}), ["endpoints/harbor.corp.example:443/probes/collector"]), "denied": set(), "subjects": set()},
		"known, and not probed": {
			"document": object.union(_document("harbor:443", {}), {"endpoints": {"harbor:443": {"host": "harbor", "probes": {}}}}),
			"denied": {_told("harbor:443", "is its full name")}, "subjects": {_subject("harbor:443")},
		},
		"Docker Hub": {
			"document": object.union(_document("docker.io:443", {}), {"endpoints": {"registry-1.docker.io:443": {"host": "registry-1.docker.io", "probes": {"collector": {}}}}}),
			"denied": set(), "subjects": {_subject("docker.io:443")},
		},
		"sections empty": {"document": {"views": {"failures_by_registry": {}}, "endpoints": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject("harbor:443"), "msg": _told("harbor:443", "is its full name"),
		"evidence": ["/pull_failures/ns~1pod~1a", "/endpoints/harbor.corp.example:443"],
	}} with input as _document("harbor:443", {})
}
