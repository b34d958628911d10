package regpolicy.tls.presented_cas_have_ca_profiles_test

import data.regpolicy.tls.presented_cas_have_ca_profiles as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_ca := {
	"common_name": "CA", "is_ca": true, "basic_constraints_critical": true, "key_usage": ["cert_sign", "crl_sign"],
	"subject_key_id": "aa", "authority_key_id": "bb", "self_issued": false, "self_signed": false,
}

_document(ca, chain) := {
	"certificates": {"leaf": {"common_name": "harbor"}, "ca": ca, "low": object.union(_ca, {"common_name": "low"}), "same": object.union(_ca, {"self_issued": true})},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": object.union({"certificates": ["leaf", "ca"], "order_wrong": false}, chain)}}},
}

_with(more) := object.union(_ca, more)

_short := {"certificates": ["leaf", "low", "same", "ca"]}

test_denials[name] if {
	some name, tc in {
		"a CA": {"ca": _ca, "chain": {}, "denied": set()},
		"no CA": {"ca": _with({"is_ca": false}), "chain": {}, "denied": {"is no CA"}},
		"basic constraints not critical": {"ca": _with({"basic_constraints_critical": false}), "chain": {}, "denied": {"has basic constraints that are not critical"}},
		"no keyCertSign": {"ca": _with({"key_usage": ["digital_signature"]}), "chain": {}, "denied": {"lacks the key usage keyCertSign"}},
		"no key usage": {"ca": _with({"key_usage": []}), "chain": {}, "denied": {"lacks the key usage keyCertSign"}},
		"no subject key id": {"ca": _with({"subject_key_id": ""}), "chain": {}, "denied": {"has no subject key identifier"}},
		"no authority key id": {"ca": _with({"authority_key_id": ""}), "chain": {}, "denied": {"has no authority key identifier"}},
		"a root without authority key id": {"ca": _with({"authority_key_id": "", "self_signed": true}), "chain": {}, "denied": set()},
		"path length 0 over the leaf": {"ca": _with({"path_length": 0}), "chain": {}, "denied": set()},
		"path length 1 over one CA and a self-issued one": {"ca": _with({"path_length": 1}), "chain": _short, "denied": set()},
		"path length 0 over one CA": {"ca": _with({"path_length": 0}), "chain": _short, "denied": {"allows 0 CA(s) below it, and there are more"}},
		"path length 0 over one CA, out of order": {"ca": _with({"path_length": 0}), "chain": object.union(_short, {"order_wrong": true}), "denied": set()},
		"path length malformed": {"ca": _with({"path_length": "none"}), "chain": {}, "denied": {"allows none CA(s) below it, and there are more"}},
		"several faults": {"ca": _with({"is_ca": false, "key_usage": []}), "chain": {}, "denied": {"is no CA, lacks the key usage keyCertSign"}},
		"all missing": {"ca": {"common_name": "CA"}, "chain": {}, "denied": {"has basic constraints that are not critical, has no authority key identifier, has no subject key identifier, is no CA, lacks the key usage keyCertSign"}},
	}
	denied := {concat("", [`harbor:443 sends "CA", which `, faults]) | some faults in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.ca, tc.chain)
	policy.subjects == {_subject} with input as _document(tc.ca, tc.chain)
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}},
		"the leaf alone": _document(_ca, {"certificates": ["leaf"]}),
		"the leaf twice": _document(_ca, {"certificates": ["leaf", "leaf"]}),
		"a CA that is not in the document": _document(_ca, {"certificates": ["leaf", "gone"]}),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": `harbor:443 sends "CA", which is no CA`, "evidence": ["/certificates/ca"]}} with input as _document(_with({"is_ca": false}), {})
}
