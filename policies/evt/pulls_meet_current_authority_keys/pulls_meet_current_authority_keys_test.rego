package regpolicy.evt.pulls_meet_current_authority_keys_test

import data.regpolicy.evt.pulls_meet_current_authority_keys as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "host": "", "cause": "authority_rekeyed", "candidate": "Corp Root CA", "origin": "kubelet"}

_told := `pod shop/web cannot pull harbor/web:1: the trusted CA "Corp Root CA" has another key than the one that signed the certificate of harbor:443`

_unnamed := "pod shop/web cannot pull harbor/web:1: the trusted CA of that name has another key than the one that signed the certificate of harbor:443"

test_denials[name] if {
	some name, tc in {
		"nothing fails": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "denied": set(), "subjects": {{"kind": "document"}}},
		"a re-keyed authority": {"document": {"pull_failures": {"k": _failure}}, "denied": {[_told, "workload"]}, "subjects": {_web}},
		"a re-keyed authority on the Supervisor": {"document": {"pull_failures": {"k": object.union(_failure, {"origin": "vsphere_pod"})}}, "denied": {[_told, "supervisor"]}, "subjects": {_web}},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unknown_authority"})}}, "denied": set(), "subjects": {_web}},
		"candidate missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["candidate"])}}, "denied": {[_unnamed, "workload"]}, "subjects": {_web}},
		"candidate empty": {"document": {"pull_failures": {"k": object.union(_failure, {"candidate": ""})}}, "denied": {[_unnamed, "workload"]}, "subjects": {_web}},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": 3})}}, "denied": set(), "subjects": {_web}},
		"section empty": {"document": {"pull_failures": {}}, "denied": set(), "subjects": set()},
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
		"on a node": {"failure": object.union(_failure, {"node": "wk-1"}), "want": "Get the present certificate of \"Corp Root CA\", and configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: put it as PEM into /etc/ssl/certs with the suffix .pem, run `rehash_ca_certificates.sh`, and restart the container runtime (`systemctl restart containerd`); take the former one away when no registry needs it"},
		"on an ESXi host": {"failure": object.union(_failure, {"origin": "vsphere_pod"}), "want": ""},
		"of a CA without a name": {"failure": object.union(_failure, {"candidate": ""}), "want": ""},
	}
	{finding.remediation | some finding in policy.deny} == {tc.want} with input as {"pull_failures": {"k": tc.failure}, "nodes": {"wk-1": {"os_family": "photon"}}}
}

test_repair_on_a_node_that_is_not_told if {
	some finding in policy.deny with input as {"pull_failures": {"k": _failure}}
	contains(finding.remediation, "the folder of the operating system")
}
