package regpolicy.evt.pulls_meet_known_authorities_test

import data.regpolicy.evt.pulls_meet_known_authorities as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "auth:443", "cause": "unknown_authority", "origin": "kubelet"}

_told := "pod shop/web cannot pull harbor/web:1: the certificate of auth:443 is signed by an authority that is not trusted there"

test_denials[name] if {
	some name, tc in {
		"nothing fails": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "denied": set(), "subjects": {{"kind": "document"}}},
		"an unknown authority on a node": {"document": {"pull_failures": {"k": _failure}}, "denied": {[_told, "workload"]}, "subjects": {_web}},
		"an unknown authority on the Supervisor": {"document": {"pull_failures": {"k": object.union(_failure, {"origin": "vsphere_pod"})}}, "denied": {[_told, "supervisor"]}, "subjects": {_web}},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "not_found"})}}, "denied": set(), "subjects": {_web}},
		"section empty, and only events were asked for": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": false}}}, "denied": set(), "subjects": set()},
		"fields missing": {"document": {"pull_failures": {"k": {"namespace": "shop", "pod": "web", "cause": "unknown_authority"}}}, "denied": {["pod shop/web cannot pull an image: the certificate of the registry is signed by an authority that is not trusted there", "workload"]}, "subjects": {_web}},
		"cause missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["cause"])}}, "denied": set(), "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": ["unknown_authority"]})}}, "denied": set(), "subjects": {_web}},
	}
	{[finding.msg, finding.trust_domain] | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"pull_failures": {"shop/web/app": _failure}}
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}

test_repair[name] if {
	some name, tc in {
		"on a node": {"failure": object.union(_failure, {"node": "wk-1"}), "want": "Get the certificate of the CA at the end of the chain that auth:443 shows (`openssl s_client -connect auth:443 -showcerts`), and configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: put it as PEM into /etc/pki/ca-trust/source/anchors with the suffix .crt, run `update-ca-trust extract`, and restart the container runtime (`systemctl restart containerd`)"},
		"on an ESXi host": {"failure": object.union(_failure, {"origin": "vsphere_pod"}), "want": ""},
		"of a host that is not told": {"failure": object.union(_failure, {"host": ""}), "want": ""},
	}
	{finding.remediation | some finding in policy.deny} == {tc.want} with input as {"pull_failures": {"k": tc.failure}, "nodes": {"wk-1": {"os_family": "rhel"}}}
}

test_repair_on_a_node_that_is_not_told if {
	some finding in policy.deny with input as {"pull_failures": {"k": _failure}}
	contains(finding.remediation, "the folder of the operating system")
}
