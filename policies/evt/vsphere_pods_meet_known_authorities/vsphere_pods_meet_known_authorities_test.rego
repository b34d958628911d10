package regpolicy.evt.vsphere_pods_meet_known_authorities_test

import data.regpolicy.evt.vsphere_pods_meet_known_authorities as policy

_web := {"kind": "pod", "namespace": "shop", "name": "web"}

_failure := {"namespace": "shop", "pod": "web", "image": "harbor/web:1", "registry": "harbor:443", "cause": "unknown_authority", "origin": "vsphere_pod", "node": "esx-1"}

_pull := "vSphere pod shop/web cannot pull harbor/web:1 on node esx-1: "

test_denials[name] if {
	some name, tc in {
		"a vSphere Pod that runs": {"document": {"pods": {"shop/web": {"platform": "vsphere_pod"}}, "pull_failures": {}}, "denied": set(), "subjects": {_web}},
		"a pod on a node is not looked at": {"document": {"pods": {"shop/web": {}}, "pull_failures": {"k": object.union(_failure, {"origin": "kubelet"})}}, "denied": set(), "subjects": set()},
		"an authority that the Supervisor lacks": {"document": {"pull_failures": {"k": _failure}}, "denied": {[concat("", [_pull, "the Supervisor does not trust the registry (unknown_authority); trust of workload nodes does not apply"]), ""]}, "subjects": {_web}},
		"a certificate that no trust can help": {
			"document": {"pull_failures": {"k": object.union(_failure, {"cause": "expired"})}},
			"denied": {[concat("", [_pull, "the certificate of harbor:443 is refused (expired), whatever the Supervisor trusts"]), "Let harbor:443 serve a certificate that is valid now, names that host in its SANs and is meant for servers; check the clocks of the ESXi hosts"]},
			"subjects": {_web},
		},
		"another cause": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": "unauthorized"})}}, "denied": set(), "subjects": {_web}},
		"sections empty": {"document": {"pods": {}, "pull_failures": {}}, "denied": set(), "subjects": set()},
		"origin missing": {"document": {"pull_failures": {"k": json.remove(_failure, ["origin"])}}, "denied": set(), "subjects": set()},
		"cause malformed": {"document": {"pull_failures": {"k": object.union(_failure, {"cause": null})}}, "denied": set(), "subjects": {_web}},
	}
	{[finding.msg, object.get(finding, "remediation", "")] | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_every_cause_of_a_certificate_is_denied[cause] if {
	some cause in {
		"authority_rekeyed", "chain_invalid", "expired", "ip_mismatch", "issuer_not_ca", "legacy_common_name", "name_constraint",
		"name_mismatch", "no_system_roots", "not_yet_valid", "unknown_authority", "weak_signature", "wrong_key_usage",
	}
	found := policy.deny with input as {"pull_failures": {"shop/web/app": object.union(_failure, {"cause": cause})}}
	count(found) == 1
	some finding in found
	finding.subject == _web
	finding.evidence == ["/pull_failures/shop~1web~1app"]
}
