package regpolicy.cfg.trust_values_hold_no_keys_test

import data.regpolicy.cfg.trust_values_hold_no_keys as policy

_value := {"inner": "pem", "has_private_key": false, "blocks": [{"label": "CERTIFICATE", "ok": true}]}

_trust(value) := {"a/b": {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
	"value": value,
}}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

test_values[name] if {
	some name, tc in {
		"a certificate": {"value": {}, "denied": set()},
		"a key beside a certificate": {"value": {"has_private_key": true}, "denied": {`the value of "corp" in Cluster/demo holds a private key; what it protects counts as disclosed`}},
		"a key alone": {"value": {"has_private_key": true, "inner": "private_key", "blocks": []}, "denied": {`the value of "corp" in Cluster/demo holds a private key; what it protects counts as disclosed`}},
		"PKCS#12": {"value": {"inner": "pkcs12", "blocks": []}, "denied": {`the value of "corp" in Cluster/demo holds a PKCS#12 file; what it protects counts as disclosed`}},
		"a request": {"value": {"inner": "csr", "blocks": []}, "denied": {`the value of "corp" in Cluster/demo holds a certificate signing request, which vouches for nothing`}},
		"a request beside a certificate": {"value": {"blocks": [{"label": "CERTIFICATE"}, {"label": "NEW CERTIFICATE REQUEST"}]}, "denied": {`the value of "corp" in Cluster/demo holds a certificate signing request, which vouches for nothing`}},
	}
	document := {"trust": _trust(object.union(_value, tc.value))}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"no value": json.remove(_trust(_value), ["a~1b/value"]),
		"nobody looked for keys": _trust(json.remove(_value, ["has_private_key"])),
		"a request of which no more is known": _trust({"inner": "csr"}),
		"a malformed flag": _trust(object.union(_value, {"has_private_key": "yes"})),
		"no form": _trust(json.remove(_value, ["inner"])),
		"no blocks": _trust(json.remove(_value, ["blocks"])),
	}
	document := {"trust": trust}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_findings[name] if {
	some name, tc in {
		"a key": {"value": {"has_private_key": true}, "want": {}},
		"a request": {"value": {"inner": "csr"}, "want": {"severity": "medium", "remediation": "Give the certificate of the CA in place of the request"}},
	}
	some finding in policy.deny with input as {"trust": _trust(object.union(_value, tc.value))}
	json.remove(finding, ["msg"]) == object.union(tc.want, {"subject": _subject, "evidence": ["/trust/a~1b/value"], "trust_domain": "workload"})
}
