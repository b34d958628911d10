package regpolicy.evt.pulls_meet_certificates_for_the_host_test

import data.regpolicy.evt.pulls_meet_certificates_for_the_host as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "origin": "kubelet", "cause": "ip_mismatch"}

_told(words) := concat("", ["pod shop/web cannot pull harbor/web:1: ", words])

test_words_of_causes[cause] if {
	some cause, want in {
		"ip_mismatch": {"words": "the certificate of auth:443 does not hold that IP address as a SAN", "repair": "Re-issue the certificate with the address as a SAN of type iPAddress (a DNS name that looks like one does not count), or let image references use the host's name"},
		"legacy_common_name": {"words": "the certificate of auth:443 has its name in the CN alone, which runtimes do not read", "repair": ""},
		"name_mismatch": {"words": "the certificate of auth:443 is for other names", "repair": ""},
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
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unknown_authority"})}}, "denied": 0, "subjects": {_web}},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": 0, "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": ["x"]})}}, "denied": 0, "subjects": {_web}},
	}
	count(policy.deny) == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_the_verifier_is_quoted if {
	some finding in policy.deny with input as {"pull_failures": {"k": object.union(_failure, {"message": "Head: x509: so it is"})}}
	endswith(finding.msg, " (x509: so it is)")
}

test_trust_domain if {
	some finding in policy.deny with input as {"pull_failures": {"k": object.union(_failure, {"origin": "vsphere_pod"})}}
	finding.trust_domain == "supervisor"
}
