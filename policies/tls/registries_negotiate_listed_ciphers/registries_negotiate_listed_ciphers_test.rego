package regpolicy.tls.registries_negotiate_listed_ciphers_test

import data.regpolicy.tls.registries_negotiate_listed_ciphers as policy

_document(tls) := {"endpoints": {"harbor:443": {"probes": {"collector": {"tls": tls}}}}}

_subject(cipher) := {"kind": "registry", "name": "harbor:443", "cipher": cipher}

_gcm := "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"

_rsa := "TLS_RSA_WITH_AES_128_GCM_SHA256"

_cbc := "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"

test_denials[name] if {
	some name, tc in {
		"a listed one": {"tls": {"version": "1.2", "cipher": _gcm}, "denied": set(), "subjects": {_gcm}},
		"CBC": {"tls": {"version": "1.2", "cipher": _cbc}, "denied": set(), "subjects": {_cbc}},
		"RSA key transport": {"tls": {"version": "1.2", "cipher": _rsa}, "denied": {_rsa}, "subjects": {_rsa}},
		"any of TLS 1.3": {"tls": {"version": "1.3", "cipher": "TLS_CHACHA20_POLY1305_SHA256"}, "denied": set(), "subjects": {"TLS_CHACHA20_POLY1305_SHA256"}},
		"one that does not tell its version": {"tls": {"cipher": _rsa}, "denied": {_rsa}, "subjects": {_rsa}},
		"a listed one that does not": {"tls": {"cipher": _gcm}, "denied": set(), "subjects": {_gcm}},
		"cipher empty": {"tls": {"version": "1.2", "cipher": ""}, "denied": set(), "subjects": set()},
		"cipher missing": {"tls": {"version": "1.2"}, "denied": set(), "subjects": set()},
		"cipher malformed": {"tls": {"version": "1.2", "cipher": "aes"}, "denied": {"aes"}, "subjects": {"aes"}},
	}
	denied := {sprintf("harbor:443 negotiates %s, seen from collector, which the profile does not list", [cipher]) | some cipher in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.tls)
	policy.subjects == {_subject(cipher) | some cipher in tc.subjects} with input as _document(tc.tls)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"endpoints": {}}, "no handshake": {"endpoints": {"harbor:443": {"probes": {"collector": {}}}}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_parameters if {
	document := _document({"version": "1.2", "cipher": _cbc})
	{finding.subject | some finding in policy.deny} == {_subject(_cbc)} with input as document with data.params as {"RT-TLS-009": {"ciphers": [_gcm]}}
}

test_evidence_and_subject if {
	probe := {"tls": {"version": "1.2", "cipher": _rsa}}
	policy.deny == {{
		"subject": _subject(_rsa), "msg": concat("", ["harbor:443 negotiates ", _rsa, ", seen from collector, node/wk-1, which the profile does not list"]),
		"evidence": ["/endpoints/harbor:443/probes/collector", "/endpoints/harbor:443/probes/node~1wk-1"],
	}} with input as {"endpoints": {"harbor:443": {"probes": {"node/wk-1": probe, "collector": probe}}}}
}
