package regpolicy.cfg.kapp_trusts_configured_cas_test

import data.regpolicy.cfg.kapp_trusts_configured_cas as policy

_own := {"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp", "clusters": ["ns/demo"], "value": {"certificates": ["f1"]}}

_kapp := {"domain": "kapp", "object": {"kind": "KappControllerConfig", "namespace": "ns", "name": "demo-kapp-controller-package"}, "label": "#0", "clusters": ["ns/demo"], "value": {"certificates": ["f1"]}}

_document(own, kapp) := {
	"certificates": {"f1": {"common_name": "Corp CA"}, "f2": {"common_name": "Lab CA"}},
	"domains": {"kapp": {"entries": ["k" | kapp != {}]}},
	"trust": {key: entry | some key, entry in {"a/b": object.union(_own, own), "k": object.union(_kapp, kapp)}; entry.domain != "none"},
}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_lacks(which, what) := {sprintf(`kapp-controller%s does not trust %s, which is configured in Cluster/demo (entry "corp")`, [which, what])}

_supervisor := {"namespace": "vmware-system-appplatform-operator-system", "name": "kapp-controller-config"}

test_entries[name] if {
	some name, tc in {
		"the same CA": {"own": {}, "kapp": {}, "denied": set(), "subjects": {_subject}},
		"another CA": {"own": {}, "kapp": {"value": {"certificates": ["f2"]}}, "denied": _lacks(" of ns/demo", "Corp CA"), "subjects": {_subject}},
		"one of two": {"own": {"value": {"certificates": ["f1", "f2"]}}, "kapp": {}, "denied": _lacks(" of ns/demo", "Lab CA"), "subjects": {_subject}},
		"neither": {"own": {"value": {"certificates": ["f1", "f2"]}}, "kapp": {"value": {"certificates": []}}, "denied": _lacks(" of ns/demo", "Corp CA, Lab CA"), "subjects": {_subject}},
		"no caCerts at all": {"own": {}, "kapp": {"domain": "none"}, "denied": _lacks(" of ns/demo", "Corp CA"), "subjects": {_subject}},
		"another cluster's": {"own": {}, "kapp": {"clusters": ["ns/other"]}, "denied": _lacks(" of ns/demo", "Corp CA"), "subjects": {_subject}},
		"one of two clusters'": {"own": {"clusters": ["ns/demo", "ns/other"]}, "kapp": {}, "denied": _lacks(" of ns/other", "Corp CA"), "subjects": {_subject}},
		"neither of two clusters'": {"own": {"clusters": ["ns/demo", "ns/other"]}, "kapp": {"clusters": ["ns/third"]}, "denied": _lacks(" of ns/demo, ns/other", "Corp CA"), "subjects": {_subject}},
		"one that tells no cluster": {"own": {}, "kapp": {"clusters": []}, "denied": set(), "subjects": {_subject}},
		"nodes' CA that tells no cluster": {"own": {"clusters": []}, "kapp": {}, "denied": set(), "subjects": {_subject}},
		"nodes' CA that tells no cluster, and another CA": {"own": {"clusters": []}, "kapp": {"value": {"certificates": ["f2"]}}, "denied": _lacks("", "Corp CA"), "subjects": {_subject}},
		"the Supervisor's": {"own": {}, "kapp": {"object": _supervisor}, "denied": set(), "subjects": set()},
		"a setting that reaches no cluster": {"own": {"applies_to_none": true}, "kapp": {"value": {"certificates": []}}, "denied": set(), "subjects": set()},
		"no value": {"own": {"value": {"certificates": []}}, "kapp": {}, "denied": set(), "subjects": set()},
		"the Supervisor's image fetcher's": {"own": {"domain": "supervisor"}, "kapp": {"value": {"certificates": []}}, "denied": set(), "subjects": set()},
	}
	document := _document(tc.own, tc.kapp)
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == tc.subjects with input as document
}

test_no_configuration_was_looked_at if {
	policy.subjects == set() with input as json.remove(_document({}, {"domain": "none"}), ["domains/kapp"])
}

test_a_configuration_without_entries if {
	document := object.union(_document({}, {"domain": "none"}), {"domains": {"kapp": {"entries": []}}})
	count(policy.deny) == 1 with input as document
}

test_the_supervisors_beside_a_clusters if {
	document := object.union(_document({}, {}), {
		"domains": {"kapp": {"entries": ["k", "s"]}},
		"trust": {"s": object.union(_kapp, {"object": _supervisor, "clusters": [], "value": {"certificates": []}})},
	})
	policy.subjects == {_subject} with input as document
	policy.deny == set() with input as document
}

test_the_supervisors_trust_does_not_count if {
	document := object.union(_document({}, {"value": {"certificates": []}}), {
		"domains": {"kapp": {"entries": ["k", "s"]}},
		"trust": {"s": object.union(_kapp, {"object": _supervisor, "clusters": []})},
	})
	count(policy.deny) == 1 with input as document
}

test_what_may_be_there[name] if {
	some name, tc in {
		"a value that is forbidden": {"kapp": {"value": {"certificates": []}, "reason": "forbidden"}, "gaps": [], "subjects": set()},
		"a value that is forbidden, beside the CA": {"kapp": {"reason": "forbidden"}, "gaps": [], "subjects": {_subject}},
		"a list that was refused": {"kapp": {"value": {"certificates": []}}, "gaps": [{"subject": {"kind": "section", "name": "kappcontrollerconfigs"}}], "subjects": set()},
		"a list that was refused, beside the CA": {"kapp": {}, "gaps": [{"subject": {"kind": "section", "name": "kappcontrollerconfigs"}}], "subjects": {_subject}},
		"a file": {"kapp": {"value": {"certificates": []}}, "gaps": [{"subject": {"kind": "file", "name": "a.yaml"}}], "subjects": set()},
		"a configuration": {"kapp": {"value": {"certificates": []}}, "gaps": [{"subject": {"kind": "kapp_controller_config", "name": "x"}}], "subjects": set()},
		"another part of a configuration": {"kapp": {"value": {"certificates": []}}, "gaps": [{"subject": {"kind": "kapp_controller_config", "name": "x"}, "field": "proxy"}], "subjects": {_subject}},
		"a cluster": {"kapp": {"value": {"certificates": []}}, "gaps": [{"subject": {"kind": "cluster", "name": "x"}}], "subjects": {_subject}},
	}
	document := object.union(_document({}, tc.kapp), {"coverage": {"trust": {"gaps": tc.gaps}}})
	policy.subjects == tc.subjects with input as document
}

test_finding if {
	some finding in policy.deny with input as _document({}, {"value": {"certificates": []}})
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": ["/trust/a~1b", "/domains/kapp"]}
}
