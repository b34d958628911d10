package regpolicy.cfg.trust_values_are_pem_test

import data.regpolicy.cfg.trust_values_are_pem as policy

_entry := {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
	"secret": {"namespace": "ns", "name": "s", "key": "corp"},
	"value": {"inner": "pem", "blocks": [{"ok": false}, {"ok": true}]},
}

_valueless := object.union(json.remove(_entry, ["value"]), {"reason": "no_value"})

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

test_denials[name] if {
	some name, tc in {
		"a certificate that can be read": {"entry": _entry, "denied": set()},
		"blocks of which none can be read": {"entry": object.union(_entry, {"value": {"blocks": [{"ok": false}]}}), "denied": {"a PEM file in which no certificate can be read"}},
		"blocks missing": {"entry": json.remove(_entry, ["value/blocks"]), "denied": {"a PEM file in which no certificate can be read"}},
		"damaged, with the reason": {"entry": object.union(_entry, {"value": {"inner": "broken_pem", "reason": "six dashes."}}), "denied": {"a PEM file in which no certificate can be read (six dashes)"}},
		"damaged, without a reason": {"entry": object.union(_entry, {"value": {"inner": "broken_pem", "reason": ""}}), "denied": {"a PEM file in which no certificate can be read"}},
		"something else, with the reason": {"entry": object.union(_entry, {"value": {"inner": "other", "reason": "it is a Java keystore"}}), "denied": {"something else (it is a Java keystore)"}},
		"something else": {"entry": object.union(_entry, {"value": {"inner": "other"}}), "denied": {"something else"}},
		"DER": {"entry": object.union(_entry, {"value": {"inner": "der", "reason": "not told"}}), "denied": {"a DER certificate"}},
		"PKCS#7": {"entry": object.union(_entry, {"value": {"inner": "pkcs7"}}), "denied": {"a PKCS#7 file"}},
		"PKCS#12": {"entry": object.union(_entry, {"value": {"inner": "pkcs12"}}), "denied": {"a PKCS#12 file"}},
		"a request": {"entry": object.union(_entry, {"value": {"inner": "csr"}}), "denied": {"a certificate signing request"}},
		"a key": {"entry": object.union(_entry, {"value": {"inner": "private_key"}}), "denied": {"a private key"}},
		"white space": {"entry": object.union(_entry, {"value": {"inner": "empty"}}), "denied": {"empty"}},
		"a form that is not known": {"entry": object.union(_entry, {"value": {"inner": "new"}}), "denied": {"something else"}},
		"form missing": {"entry": json.remove(_entry, ["value/inner"]), "denied": {"something else"}},
		"nothing under the key": {"entry": _valueless, "denied": {"empty"}},
		"nothing in the field": {"entry": json.remove(_valueless, ["secret"]), "denied": {"empty"}},
	}
	document := {"trust": {"k": tc.entry}}
	denied := {sprintf(`the value of "corp" in Cluster/demo is %s, not a PEM certificate`, [what]) | some what in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"one whose secret was not had": {"k": object.union(_valueless, {"reason": "forbidden"})},
		"one whose key does not exist": {"k": object.union(_valueless, {"reason": "key_not_found"})},
		"one that names no secret": {"k": object.union(_valueless, {"secret": {"name": ""}})},
		"reason missing": {"k": json.remove(_valueless, ["reason"])},
	}
	policy.subjects == set() with input as {"trust": trust}
	policy.deny == set() with input as {"trust": trust}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"trust": {"a/b": _valueless}}
	finding.subject == _subject
	finding.evidence == ["/trust/a~1b"]
	finding.trust_domain == "workload"
}
