package regpolicy.cfg.configured_cas_stay_valid_test

import data.regpolicy.cfg.configured_cas_stay_valid as policy

_entry := {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
	"value": {"certificates": ["ca"]},
}

_document(not_after) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"ca": {"common_name": "Corp CA", "not_after": not_after}},
	"trust": {"a/b": _entry},
}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_says(what) := sprintf(`the CA "Corp CA" in Cluster/demo (entry "corp") %s`, [what])

test_time[name] if {
	some name, tc in {
		"for years": {"not_after": "2036-01-01T00:00:00Z", "denied": set(), "warned": set()},
		"without an end (RFC 5280 4.1.2.5)": {"not_after": "9999-12-31T23:59:59Z", "denied": set(), "warned": set()},
		"for exactly 90 days": {"not_after": "2027-02-21T08:00:00Z", "denied": set(), "warned": set()},
		"for less": {"not_after": "2027-02-21T07:59:59Z", "denied": set(), "warned": {[_says("expires at 2027-02-21T07:59:59Z, in less than 90 days"), "low"]}},
		"for exactly 30 days": {"not_after": "2026-12-23T08:00:00Z", "denied": set(), "warned": {[_says("expires at 2026-12-23T08:00:00Z, in less than 90 days"), "low"]}},
		"for less than those": {"not_after": "2026-12-23T07:59:59Z", "denied": {[_says("expires at 2026-12-23T07:59:59Z, in less than 30 days"), "medium"]}, "warned": {[_says("expires at 2026-12-23T07:59:59Z, in less than 90 days"), "low"]}},
		"to this very second": {"not_after": "2026-11-23T08:00:00Z", "denied": {[_says("expires at 2026-11-23T08:00:00Z, in less than 30 days"), "medium"]}, "warned": {[_says("expires at 2026-11-23T08:00:00Z, in less than 90 days"), "low"]}},
		"no more": {"not_after": "2026-11-23T07:59:59Z", "denied": {[_says("has expired at 2026-11-23T07:59:59Z"), "high"]}, "warned": {[_says("expires at 2026-11-23T07:59:59Z, in less than 90 days"), "low"]}},
		"malformed": {"not_after": "soon", "denied": {[_says("has a validity that cannot be read"), "high"]}, "warned": {[_says("expires at soon, in less than 90 days"), "low"]}},
	}
	document := _document(tc.not_after)
	{[finding.msg, finding.severity] | some finding in policy.deny} == tc.denied with input as document
	{[finding.msg, finding.severity] | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == {_subject} with input as document
}

test_the_run_may_ask_for_another_moment if {
	findings := policy.deny with input as object.union(_document("2036-01-01T00:00:00Z"), {"at": "2036-01-01T00:00:01Z"})
	count(findings) == 1
}

test_a_missing_end if {
	findings := policy.deny with input as json.remove(_document(""), ["certificates/ca/not_after"])
	{finding.msg | some finding in findings} == {_says("has a validity that cannot be read")}
}

test_parameters if {
	document := _document("2027-02-01T00:00:00Z")
	denied := policy.deny with input as document with data.params as {"RT-CFG-007": {"min_days": 100}}
	count(denied) == 1
	warned := policy.warn with input as document with data.params as {"RT-CFG-007": {"warn_days": 60}}
	warned == set()
}

_paths(paths, leaf, another) := object.union(_document("2028-01-01T00:00:00Z"), {
	"certificates": {
		"leaf": {"common_name": "harbor", "not_after": leaf},
		"other": {"common_name": "Other CA", "not_after": another},
	},
	"domains": {"workload": {"trust_store": "configured:1"}, "kapp": {"trust_store": "configured:2"}},
	"endpoints": {"harbor:443": {"chains": {"c": {"certificates": ["leaf"], "verdicts": {"configured:1": {"ok": true, "paths": paths}}}}}},
})

_before := _says("expires at 2028-01-01T00:00:00Z, before the certificate of harbor:443, which is valid to 2028-01-01T00:00:01Z")

test_leaves[name] if {
	some name, tc in {
		"that ends before its CA": {"paths": [["leaf", "ca"]], "leaf": "2027-12-31T00:00:00Z", "another": "2027-01-01T00:00:00Z", "denied": set()},
		"that ends with its CA": {"paths": [["leaf", "ca"]], "leaf": "2028-01-01T00:00:00Z", "another": "2027-01-01T00:00:00Z", "denied": set()},
		"that outlives its CA": {"paths": [["leaf", "ca"]], "leaf": "2028-01-01T00:00:01Z", "another": "2027-01-01T00:00:00Z", "denied": {_before}},
		"that outlives one of two CAs": {"paths": [["leaf", "ca"], ["leaf", "i", "other"]], "leaf": "2028-01-01T00:00:01Z", "another": "2030-01-01T00:00:00Z", "denied": set()},
		"that outlives both CAs": {"paths": [["leaf", "ca"], ["leaf", "i", "other"]], "leaf": "2028-01-01T00:00:01Z", "another": "2027-01-01T00:00:00Z", "denied": {_before}},
		"that leads elsewhere": {"paths": [["leaf", "other"]], "leaf": "2028-01-01T00:00:01Z", "another": "2027-01-01T00:00:00Z", "denied": set()},
		"that leads nowhere": {"paths": [], "leaf": "2028-01-01T00:00:01Z", "another": "2027-01-01T00:00:00Z", "denied": set()},
		"that leads to what the document lacks": {"paths": [["leaf", "gone"], ["leaf", "ca"]], "leaf": "2028-01-01T00:00:01Z", "another": "2027-01-01T00:00:00Z", "denied": set()},
	}
	document := _paths(tc.paths, tc.leaf, tc.another)
	{[finding.msg, finding.severity] | some finding in policy.deny} == {[text, "medium"] | some text in tc.denied} with input as document
}

test_a_leaf_of_another_domain if {
	document := object.union(_paths([["leaf", "ca"]], "2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), {"trust": {"a/b": {"domain": "kapp"}}})
	policy.deny == set() with input as document
}

test_a_leaf_of_an_expired_ca_adds_nothing if {
	findings := policy.deny with input as object.union(_paths([["leaf", "ca"]], "2028-01-01T00:00:01Z", "2030-01-01T00:00:00Z"), {"at": "2028-01-01T00:00:02Z"})
	{finding.msg | some finding in findings} == {_says("has expired at 2028-01-01T00:00:00Z")}
}

test_a_leaf_of_a_ca_on_its_last_day if {
	findings := policy.deny with input as object.union(_paths([["leaf", "ca"]], "2028-01-01T00:00:01Z", "2030-01-01T00:00:00Z"), {"at": "2028-01-01T00:00:00Z"})
	{finding.msg | some finding in findings} == {_before, _says("expires at 2028-01-01T00:00:00Z, in less than 30 days")}
}

test_what_is_not_looked_at if {
	document := json.remove(_document("2020-01-01T00:00:00Z"), ["certificates/ca"])
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_finding if {
	some finding in policy.deny with input as _document("2020-01-01T00:00:00Z")
	json.remove(finding, ["msg"]) == {
		"subject": _subject, "evidence": ["/certificates/ca/not_after", "/trust/a~1b"], "trust_domain": "workload", "severity": "high",
	}
}
