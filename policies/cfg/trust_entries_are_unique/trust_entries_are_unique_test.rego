package regpolicy.cfg.trust_entries_are_unique_test

import data.regpolicy.cfg.trust_entries_are_unique as policy

_entry := {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"},
	"name": "corp", "label": "corp", "field": "cas[0]", "value": {"certificates": ["f1"]}, "provenance": {"source": "s"},
}

_second := object.union(_entry, {"name": "lab", "label": "lab", "field": "cas[1]", "value": {"certificates": ["f2"]}})

_certificates := {"f1": {"common_name": "Corp CA"}, "f2": {"common_name": "Lab CA"}}

_name_twice := `Cluster/demo has the name "corp" more than once, at cas[0] and cas[1]`

_certificate_twice := `the value of "lab" in Cluster/demo holds the certificate of "Corp CA", which "corp" holds, too`

test_entries[name] if {
	some name, tc in {
		"of their own": {"second": {}, "denied": set()},
		"with one name": {"second": {"name": "corp"}, "denied": {_name_twice}},
		"with one certificate": {"second": {"value": {"certificates": ["f2", "f1"]}}, "denied": {_certificate_twice}},
		"with one name and one certificate": {"second": {"name": "corp", "value": {"certificates": ["f1"]}}, "denied": {_name_twice, _certificate_twice}},
		"with one certificate, in another object": {"second": {"object": {"name": "other"}, "name": "corp", "value": {"certificates": ["f1"]}}, "denied": set()},
		"with one certificate, in another domain": {"second": {"domain": "kapp", "name": "corp", "value": {"certificates": ["f1"]}}, "denied": set()},
		"told by two sources": {"second": {"provenance": {"source": "t"}, "name": "corp", "value": {"certificates": ["f1"]}}, "denied": set()},
		"with a certificate twice in one value": {"second": {"value": {"certificates": ["f2", "f3", "f2"]}}, "denied": {`the value of "lab" in Cluster/demo holds the certificate of "Lab CA" more than once`}},
	}
	document := {"certificates": _certificates, "trust": {"a/1": _entry, "a/2": object.union(_second, tc.second)}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	count(policy.subjects) == 2 with input as document
}

test_what_is_missing[name] if {
	some name, without in {
		"no names": ["name"],
		"no values": ["value"],
		"no provenance": ["provenance"],
	}
	document := {"trust": {"a/1": json.remove(_entry, [without]), "a/2": json.remove(_second, [without])}}
	policy.deny == set() with input as document
	count(policy.subjects) == 2 with input as document
}

test_no_entry if policy.subjects == set() with input as {"trust": {}}

test_a_third_one_is_told_against_the_second if {
	third := object.union(_second, {"name": "corp", "label": "corp#3", "value": {"certificates": []}})
	findings := policy.deny with input as {"trust": {"a/1": _entry, "a/2": object.union(third, {"label": "corp#2"}), "a/3": third}}
	{finding.evidence | some finding in findings} == {["/trust/a~12/name", "/trust/a~11/name"], ["/trust/a~13/name", "/trust/a~12/name"]}
}

test_findings[name] if {
	some name, tc in {
		"a name": {"second": {"name": "corp"}, "evidence": ["/trust/a~12/name", "/trust/a~11/name"]},
		"a certificate": {"second": {"value": {"certificates": ["f1"]}}, "evidence": ["/trust/a~12/value", "/trust/a~11/value"]},
		"a certificate within a value": {"second": {"value": {"certificates": ["f2", "f2"]}}, "evidence": ["/trust/a~12/value"]},
	}
	some finding in policy.deny with input as {"trust": {"a/1": _entry, "a/2": object.union(_second, tc.second)}}
	json.remove(finding, ["msg"]) == {
		"subject": {"kind": "trust_entry", "namespace": "ns", "name": "lab", "source": "Cluster/demo"},
		"evidence": tc.evidence, "trust_domain": "workload",
	}
}
