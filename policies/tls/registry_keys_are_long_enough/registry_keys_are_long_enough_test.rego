package regpolicy.tls.registry_keys_are_long_enough_test

import data.regpolicy.tls.registry_keys_are_long_enough as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_wanted := "RSA of 2048 bits or elliptic curves of 256 are the least"

_document(leaf, ca) := {
	"certificates": {"leaf": object.union({"common_name": "harbor"}, leaf), "ca": object.union({"common_name": "CA"}, ca)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf", "ca", "gone"]}}}},
}

_p256 := {"key_algorithm": "ECDSA", "key_bits": 256}

test_denials[name] if {
	some name, tc in {
		"P-256": {"leaf": _p256, "denied": set()},
		"RSA, exactly": {"leaf": {"key_algorithm": "RSA", "key_bits": 2048}, "denied": set()},
		"RSA, a bit less": {"leaf": {"key_algorithm": "RSA", "key_bits": 2047}, "denied": {"RSA of 2047 bits"}},
		"P-224": {"leaf": {"key_algorithm": "ECDSA", "key_bits": 224}, "denied": {"ECDSA of 224 bits"}},
		"bits missing": {"leaf": {"key_algorithm": "RSA"}, "denied": {"of an unknown kind"}},
		"kind malformed": {"leaf": {"key_algorithm": 7, "key_bits": 2048}, "denied": {"of an unknown kind"}},
	}
	denied := {sprintf(`the key of the certificate "harbor" of harbor:443 is %s, and %s`, [key, _wanted]) | some key in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.leaf, _p256)
	policy.subjects == {_subject} with input as _document(tc.leaf, _p256)
	policy.warn == set() with input as _document(tc.leaf, _p256)
}

test_warnings if {
	document := _document(_p256, {"key_algorithm": "RSA", "key_bits": 1024})
	policy.deny == set() with input as document
	policy.warn == {{
		"subject": _subject, "severity": "medium", "evidence": ["/certificates/ca"],
		"msg": concat("", [`the key of "CA", which harbor:443 sends along, is RSA of 1024 bits, and `, _wanted]),
	}} with input as document
}

test_parameters if {
	document := _document({"key_algorithm": "RSA", "key_bits": 2048}, _p256)
	{finding.msg | some finding in policy.deny} == {`the key of the certificate "harbor" of harbor:443 is RSA of 2048 bits, and RSA of 3000 bits or elliptic curves of 256 are the least`} with input as document
		with data.params as {"RT-TLS-010": {"min_rsa_bits": 3000}}
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document({}, _p256)
	finding.subject == _subject
	finding.evidence == ["/certificates/leaf", "/endpoints/harbor:443/chains/c"]
}
