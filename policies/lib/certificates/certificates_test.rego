package regpolicy.lib.certificates_test

import data.regpolicy.lib.certificates

_document := {
	"certificates": {"leaf": {"common_name": "harbor"}, "other": {"subject": "O=Corp"}, "ca": {"common_name": "CA"}},
	"endpoints": {
		"one:443": {"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf", "ca", "leaf"]}}},
		"two:443": {"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "d"}}, "chains": {"c": {"certificates": ["leaf"]}, "d": {"certificates": ["other"]}}},
		"odd:443": {"probes": {}, "chains": {"c": {"certificates": ["gone"]}, "d": {"certificates": []}}},
	},
}

_view(endpoint, key, leaf) := {"subject": {"kind": "registry", "name": endpoint, "chain": key}, "endpoint": endpoint, "key": key, "leaf": leaf}

test_each_chain_is_presented_once if {
	certificates.presented == {_view("one:443", "c", "leaf"), _view("two:443", "c", "leaf"), _view("two:443", "d", "other")} with input as _document
}

test_nothing_is_presented_without_endpoints if {
	certificates.presented == set() with input as {}
	certificates.presented == set() with input as {"endpoints": {}, "certificates": {}}
}

test_parts_of_a_view if {
	view := _view("one:443", "c", "leaf")
	certificates.chain(view).certificates == ["leaf", "ca", "leaf"] with input as _document
	certificates.leaf(view) == {"common_name": "harbor"} with input as _document
	certificates.issuers(view) == ["ca"] with input as _document
	certificates.issuers(_view("two:443", "d", "other")) == [] with input as _document
	certificates.evidence(view) == ["/certificates/leaf", "/endpoints/one:443/chains/c"] with input as _document
}

test_labels if {
	certificates.label(_view("one:443", "c", "leaf")) == `the certificate "harbor" of one:443` with input as _document
	certificates.label(_view("two:443", "d", "other")) == `the certificate "O=Corp" of two:443 (seen from node/a)` with input as _document
}

_limits := {"min_rsa_bits": 3000, "min_ec_bits": 250}

test_long_enough[name] if {
	some name, tc in {
		"RSA": {"certificate": {"key_algorithm": "RSA", "key_bits": 3072}, "is": true, "key": "RSA of 3072 bits"},
		"RSA, exactly": {"certificate": {"key_algorithm": "RSA", "key_bits": 3000}, "is": true, "key": "RSA of 3000 bits"},
		"RSA, too short": {"certificate": {"key_algorithm": "RSA", "key_bits": 2999}, "is": false, "key": "RSA of 2999 bits"},
		"ECDSA, exactly": {"certificate": {"key_algorithm": "ECDSA", "key_bits": 250}, "is": true, "key": "ECDSA of 250 bits"},
		"ECDSA, too short": {"certificate": {"key_algorithm": "ECDSA", "key_bits": 224}, "is": false, "key": "ECDSA of 224 bits"},
		"Ed25519": {"certificate": {"key_algorithm": "Ed25519", "key_bits": 256}, "is": true, "key": "Ed25519 of 256 bits"},
		"another kind": {"certificate": {"key_algorithm": "DSA", "key_bits": 3072}, "is": false, "key": "DSA of 3072 bits"},
		"bits missing": {"certificate": {"key_algorithm": "RSA"}, "is": false, "key": "of an unknown kind"},
		"bits malformed": {"certificate": {"key_algorithm": "RSA", "key_bits": "4096"}, "is": false, "key": "of an unknown kind"},
		"kind missing": {"certificate": {"key_bits": 4096}, "is": false, "key": "of an unknown kind"},
	}
	_long_enough(tc.certificate) == tc.is
	certificates.key(tc.certificate) == tc.key
}

default _long_enough(_) := false

_long_enough(certificate) if certificates.long_enough(certificate, _limits)

test_signed_soundly[name] if {
	some name, tc in {
		"SHA256-RSA": {"is": true}, "SHA384-RSAPSS": {"is": true}, "ECDSA-SHA512": {"is": true}, "DSA-SHA256": {"is": true}, "Ed25519": {"is": true},
		"SHA1-RSA": {"is": false}, "ECDSA-SHA1": {"is": false}, "MD5-RSA": {"is": false}, "MD2-RSA": {"is": false}, "unknown": {"is": false},
		"Ed25519x": {"is": false},
	}
	_sound({"signature_algorithm": name}) == tc.is
}

test_signatures_that_cannot_be_read if {
	not _sound({}) == true
	not _sound({"signature_algorithm": 7}) == true
}

default _sound(_) := false

_sound(certificate) if certificates.signed_soundly(certificate)
