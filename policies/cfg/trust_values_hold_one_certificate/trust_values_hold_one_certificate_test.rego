package regpolicy.cfg.trust_values_hold_one_certificate_test

import data.regpolicy.cfg.trust_values_hold_one_certificate as policy

_trust(labels) := {"a/b": {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
	"value": {"blocks": [{"label": label, "ok": true} | some label in labels]},
}}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_many(n) := sprintf(`the value of "corp" in Cluster/demo holds %d certificates in one file; OpenSSL makes no hash link to such a file`, [n])

test_values[name] if {
	some name, tc in {
		"one": {"labels": ["CERTIFICATE"], "warned": set()},
		"two": {"labels": ["CERTIFICATE", "CERTIFICATE"], "warned": {_many(2)}},
		"three with other labels": {"labels": ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"], "warned": {_many(3)}},
		"one and something else": {"labels": ["CERTIFICATE", "DH PARAMETERS"], "warned": set()},
	}
	document := {"trust": _trust(tc.labels)}
	{finding.msg | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"no value": json.remove(_trust(["CERTIFICATE", "CERTIFICATE"]), ["a~1b/value"]),
		"no certificate": _trust(["PRIVATE KEY"]),
		"nobody looked for blocks": json.remove(_trust(["CERTIFICATE", "CERTIFICATE"]), ["a~1b/value/blocks"]),
		"a bundle": {"a": object.union(_trust(["CERTIFICATE", "CERTIFICATE"])["a/b"], {"domain": "supervisor"})},
	}
	document := {"trust": trust}
	policy.subjects == set() with input as document
	policy.warn == set() with input as document
}

test_finding if {
	some finding in policy.warn with input as {"trust": _trust(["CERTIFICATE", "CERTIFICATE"])}
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": ["/trust/a~1b/value/blocks"]}
}
