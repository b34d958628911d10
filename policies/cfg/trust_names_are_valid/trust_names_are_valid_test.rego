package regpolicy.cfg.trust_names_are_valid_test

import data.regpolicy.cfg.trust_names_are_valid as policy

_long(n) := concat("", ["a" | some _ in numbers.range(1, n)])

_entry(name) := {"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": name, "name": name}

test_names[name] if {
	some name, tc in {
		"letters, digits and signs": {"name": "Corp_Root-CA.v2", "denied": false},
		"a leading dot": {"name": ".corp", "denied": false},
		"dots within": {"name": "harbor.corp..443", "denied": false},
		"as long as may be": {"name": _long(253), "denied": false},
		"too long": {"name": _long(254), "denied": true},
		"a space": {"name": "corp root", "denied": true},
		"a slash": {"name": "corp/root", "denied": true},
		"a line end after it": {"name": "corp\n", "denied": true},
		"a dot alone": {"name": ".", "denied": true},
		"two dots first": {"name": "..corp", "denied": true},
		"empty": {"name": "", "denied": true},
	}
	document := {"trust": {"k": _entry(tc.name)}}
	messages := {sprintf("the name %q of a trust entry in Cluster/demo cannot be a key of a secret", [tc.name]) | tc.denied}
	{finding.msg | some finding in policy.deny} == messages with input as document
	policy.subjects == {{"kind": "trust_entry", "namespace": "ns", "name": tc.name, "source": "Cluster/demo"}} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"name missing": {"k": json.remove(_entry("x"), ["name"])},
		"name malformed": {"k": object.union(_entry("x"), {"name": 7})},
	}
	policy.subjects == set() with input as {"trust": trust}
	policy.deny == set() with input as {"trust": trust}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"trust": {"a/b": _entry("x y")}}
	finding.subject == {"kind": "trust_entry", "namespace": "ns", "name": "x y", "source": "Cluster/demo"}
	finding.evidence == ["/trust/a~1b/name"]
	finding.trust_domain == "workload"
}
