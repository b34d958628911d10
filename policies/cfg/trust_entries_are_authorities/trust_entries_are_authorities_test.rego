package regpolicy.cfg.trust_entries_are_authorities_test

import data.regpolicy.cfg.trust_entries_are_authorities as policy

_document(fingerprints, leaves) := {
	"certificates": {
		"ca": {"common_name": "Corp CA", "is_ca": true},
		"leaf": {"common_name": "harbor", "is_ca": false},
		"vague": {"common_name": "vague"},
	},
	"endpoints": {name: {"chains": {"c": {"certificates": [leaf, "ca"]}}} | some name, leaf in leaves},
	"trust": {"a/b": {
		"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
		"value": {"certificates": fingerprints},
	}},
}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_nobody(name) := sprintf(`the value of "corp" in Cluster/demo is %q, which is no CA and which no registry is seen to present`, [name])

_until(names) := sprintf(`the value of "corp" in Cluster/demo is "harbor", the certificate of %s itself and no CA; pulls fail as soon as it is renewed`, [names])

_beside := `the value of "corp" in Cluster/demo holds "harbor" beside a CA, though it is none`

test_entries[name] if {
	some name, tc in {
		"a CA": {"holds": ["ca"], "leaves": {"r:443": "leaf"}, "denied": set(), "warned": set()},
		"a leaf that nobody presents": {"holds": ["leaf"], "leaves": {}, "denied": {_nobody("harbor")}, "warned": set()},
		"a leaf where another one is presented": {"holds": ["leaf"], "leaves": {"r:443": "other"}, "denied": {_nobody("harbor")}, "warned": set()},
		"a certificate that does not tell": {"holds": ["vague"], "leaves": {}, "denied": {_nobody("vague")}, "warned": set()},
		"a leaf that is presented": {"holds": ["leaf"], "leaves": {"r:443": "leaf"}, "denied": set(), "warned": {_until("r:443")}},
		"a leaf that two present": {"holds": ["leaf"], "leaves": {"r:443": "leaf", "q:443": "leaf"}, "denied": set(), "warned": {_until("q:443, r:443")}},
		"a leaf beside its CA": {"holds": ["leaf", "ca"], "leaves": {"r:443": "leaf"}, "denied": set(), "warned": {_beside}},
		"a leaf beside its CA that nobody presents": {"holds": ["leaf", "ca"], "leaves": {}, "denied": set(), "warned": {_beside}},
	}
	document := _document(tc.holds, tc.leaves)
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	{finding.msg | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no entry": object.union(_document([], {}), {"trust": {"a/b": null}}),
		"no certificate": _document([], {}),
		"a certificate that the document lacks": _document(["gone"], {}),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_without_endpoints if {
	findings := policy.deny with input as json.remove(_document(["leaf"], {}), ["endpoints"])
	count(findings) == 1
}

test_finding_of_a_leaf[name] if {
	some name, tc in {
		"that nobody presents": {"document": _document(["leaf"], {})},
		"that is presented": {"document": _document(["leaf"], {"r:443": "leaf"})},
	}
	findings := _findings(tc.document)
	{json.remove(finding, ["msg"]) | some finding in findings} == {{"subject": _subject, "evidence": ["/certificates/leaf/is_ca"], "trust_domain": "workload"}}
}

test_finding_beside_a_ca if {
	some finding in policy.warn with input as _document(["leaf", "ca"], {})
	json.remove(finding, ["msg"]) == {
		"subject": _subject, "evidence": ["/certificates/leaf/is_ca"], "trust_domain": "workload",
		"severity": "low", "remediation": `Leave "harbor" out and keep the CA`,
	}
}

_findings(document) := findings if findings := policy.deny | policy.warn with input as document
