package regpolicy.cfg.configured_cas_are_strong_test

import data.regpolicy.cfg.configured_cas_are_strong as policy

_ca := {"common_name": "Corp CA", "key_algorithm": "RSA", "key_bits": 4096, "signature_algorithm": "SHA256-RSA", "self_signed": false}

_document(certificate) := {
	"certificates": {"f1": certificate},
	"trust": {"a": {
		"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
		"value": {"certificates": ["f1"]},
	}},
}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_key(what) := sprintf(`"Corp CA" in Cluster/demo (entry "corp") has %s; wanted are 2048 bits of RSA or 256 of an elliptic curve`, [what])

_signed(how) := sprintf(`"Corp CA" in Cluster/demo (entry "corp") is signed with %s, which is too weak`, [how])

test_certificates[name] if {
	some name, tc in {
		"RSA, long": {"with": {}, "denied": set()},
		"RSA at the limit": {"with": {"key_bits": 2048}, "denied": set()},
		"RSA below it": {"with": {"key_bits": 2047}, "denied": {_key("an RSA key of 2047 bits")}},
		"ECDSA at the limit": {"with": {"key_algorithm": "ECDSA", "key_bits": 256}, "denied": set()},
		"ECDSA, longer": {"with": {"key_algorithm": "ECDSA", "key_bits": 384}, "denied": set()},
		"ECDSA below it": {"with": {"key_algorithm": "ECDSA", "key_bits": 255}, "denied": {_key("an ECDSA key of 255 bits")}},
		"Ed25519": {"with": {"key_algorithm": "Ed25519", "key_bits": 256, "signature_algorithm": "Ed25519"}, "denied": set()},
		"Ed25519 below the limit": {"with": {"key_algorithm": "Ed25519", "key_bits": 128}, "denied": {_key("an Ed25519 key of 128 bits")}},
		"an algorithm of the past": {"with": {"key_algorithm": "DSA", "key_bits": 4096}, "denied": {_key("an DSA key of 4096 bits")}},
		"PSS": {"with": {"signature_algorithm": "SHA512-RSAPSS"}, "denied": set()},
		"ECDSA's signature": {"with": {"signature_algorithm": "ECDSA-SHA384"}, "denied": set()},
		"SHA-1": {"with": {"signature_algorithm": "SHA1-RSA"}, "denied": {_signed("SHA1-RSA")}},
		"MD5": {"with": {"signature_algorithm": "MD5-RSA"}, "denied": {_signed("MD5-RSA")}},
		"a weak key and a weak signature": {"with": {"key_bits": 1024, "signature_algorithm": "ECDSA-SHA1"}, "denied": {_key("an RSA key of 1024 bits"), _signed("ECDSA-SHA1")}},
		"bits that are no number": {"with": {"key_bits": "4096"}, "denied": {_key("a key of unknown strength")}},
	}
	document := _document(object.union(_ca, tc["with"]))
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.warn == set() with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_missing[name] if {
	some name, tc in {
		"bits": {"without": "key_bits", "denied": {_key("a key of unknown strength")}},
		"key algorithm": {"without": "key_algorithm", "denied": {_key("a key of unknown strength")}},
		"signature algorithm": {"without": "signature_algorithm", "denied": {_signed("an unknown algorithm")}},
		"whether it is self-signed": {"without": "self_signed", "denied": set()},
	}
	document := _document(json.remove(_ca, [tc.without]))
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
}

test_a_root_with_a_weak_signature if {
	document := _document(object.union(_ca, {"signature_algorithm": "SHA1-RSA", "self_signed": true}))
	policy.deny == set() with input as document
	policy.warn == {{
		"subject": _subject, "evidence": ["/certificates/f1/signature_algorithm"], "trust_domain": "workload", "severity": "info",
		"msg": `"Corp CA" in Cluster/demo (entry "corp") is signed with SHA1-RSA, which is too weak, though nobody verifies a root's own signature`,
	}} with input as document
}

test_a_strong_root if {
	policy.warn == set() with input as _document(object.union(_ca, {"self_signed": true}))
}

test_findings[name] if {
	some name, tc in {
		"key": {"with": {"key_bits": 1024}, "evidence": ["/certificates/f1/key_bits"]},
		"signature": {"with": {"signature_algorithm": "SHA1-RSA"}, "evidence": ["/certificates/f1/signature_algorithm"]},
	}
	some finding in policy.deny with input as _document(object.union(_ca, tc["with"]))
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": tc.evidence, "trust_domain": "workload"}
}

test_parameters if {
	document := _document(object.union(_ca, {"key_bits": 2048}))
	findings := policy.deny with input as document with data.params as {"RT-CFG-008": {"min_rsa_bits": 3000}}
	count(findings) == 1
}

test_what_is_not_looked_at if {
	policy.subjects == set() with input as json.remove(_document(_ca), ["certificates/f1"])
}
