package regpolicy.evt.pulls_meet_tls_test

import data.regpolicy.evt.pulls_meet_tls as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "origin": "kubelet", "cause": "client_certificate_required"}

_told(words) := concat("", ["pod shop/web cannot pull harbor/web:1: ", words])

test_words_of_causes[cause] if {
	some cause, want in {
		"client_certificate_required": {"words": "auth:443 wants a client certificate", "repair": "Give the nodes a client certificate and key for that host (client in hosts.toml), or let the registry do without"},
		"http_not_https": {"words": "auth:443 speaks plain HTTP where the runtime asks by HTTPS", "repair": "Enable TLS on that port, or name the port in the image reference that has it; a plain_http host entry on the nodes is the last resort"},
		"https_not_http": {"words": "auth:443 speaks HTTPS where the runtime asks by plain HTTP", "repair": "Let the host entry of the runtime configuration name the registry by https://"},
		"tls_handshake": {"words": "the TLS handshake with auth:443 fails", "repair": ""},
		"tls_version": {"words": "auth:443 speaks only versions of TLS that the runtime refuses", "repair": ""},
	}
	document := {"pull_failures": {"shop/web/app": object.union(_failure, {"cause": cause})}}
	some finding in policy.deny with input as document
	finding.msg == _told(want.words)
	finding.remediation == want.repair
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}

test_subjects[name] if {
	some name, tc in {
		"nothing fails": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "denied": 0, "subjects": {{"kind": "document"}}},
		"section empty, and only events were asked for": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": false}}}, "denied": 0, "subjects": set()},
		"one of the causes": {"document": {"pull_failures": {"k": _failure}}, "denied": 1, "subjects": {_web}},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "not_found"})}}, "denied": 0, "subjects": {_web}},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": 0, "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": ["x"]})}}, "denied": 0, "subjects": {_web}},
	}
	count(policy.deny) == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_trust_domain if {
	some finding in policy.deny with input as {"pull_failures": {"k": object.union(_failure, {"origin": "vsphere_pod"})}}
	finding.trust_domain == "supervisor"
}
