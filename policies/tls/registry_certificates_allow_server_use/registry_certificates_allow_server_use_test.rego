package regpolicy.tls.registry_certificates_allow_server_use_test

import data.regpolicy.tls.registry_certificates_allow_server_use as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(usage) := {
	"certificates": {"leaf": object.union({"common_name": "harbor"}, usage)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"]}}}},
}

_usage(key, extended) := {"key_usage": key, "extended_key_usage": extended}

_server := ["server_auth"]

_signature := ["digital_signature"]

_eku(usage) := concat("", [`the certificate "harbor" of harbor:443 does not allow serverAuth: its extended key usage is `, usage])

_ku(usage) := concat("", [`the certificate "harbor" of harbor:443 does not allow digitalSignature: its key usage is `, usage])

_absent(what) := sprintf(`the certificate "harbor" of harbor:443 has no %s; clients accept that, profiles for servers want it`, [what])

test_findings[name] if {
	some name, tc in {
		"a server's": {"usage": _usage(["digital_signature", "key_encipherment"], ["client_auth", "server_auth"]), "denied": set(), "warned": set()},
		"any purpose": {"usage": _usage(_signature, ["any"]), "denied": set(), "warned": set()},
		"a client's": {"usage": _usage(_signature, ["client_auth", "1.2.3"]), "denied": {_eku("client_auth, 1.2.3")}, "warned": set()},
		"key transport alone": {"usage": _usage(["key_encipherment"], _server), "denied": {_ku("key_encipherment")}, "warned": set()},
		"neither": {"usage": _usage(["key_encipherment"], ["client_auth"]), "denied": {_ku("key_encipherment"), _eku("client_auth")}, "warned": set()},
		"no key usage": {"usage": _usage([], _server), "denied": set(), "warned": {_absent("key usage")}},
		"no extended key usage": {"usage": _usage(_signature, []), "denied": set(), "warned": {_absent("extended key usage")}},
		"no extension": {"usage": _usage([], []), "denied": set(), "warned": {_absent("key usage and no extended key usage")}},
		"fields missing": {"usage": {}, "denied": {_ku("not known"), _eku("not known")}, "warned": set()},
		"fields malformed": {"usage": _usage("digital_signature", 7), "denied": {_ku("not known"), _eku("not known")}, "warned": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.usage)
	{finding.msg | some finding in policy.warn} == tc.warned with input as _document(tc.usage)
	policy.subjects == {_subject} with input as _document(tc.usage)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject if {
	evidence := ["/certificates/leaf", "/endpoints/harbor:443/chains/c"]
	policy.deny == {
		{"subject": _subject, "msg": _ku("not known"), "evidence": evidence},
		{"subject": _subject, "msg": _eku("not known"), "evidence": evidence},
	} with input as _document({})
	policy.warn == {{"subject": _subject, "msg": _absent("key usage"), "severity": "low", "evidence": evidence}} with input as _document(_usage([], _server))
}
