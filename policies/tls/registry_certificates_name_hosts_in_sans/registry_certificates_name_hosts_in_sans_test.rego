package regpolicy.tls.registry_certificates_name_hosts_in_sans_test

import data.regpolicy.tls.registry_certificates_name_hosts_in_sans as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_told := `the certificate "harbor" of harbor:443 has neither a DNS name nor an IP address among its subject alternative names`

_document(names) := {
	"certificates": {"leaf": object.union({"common_name": "harbor"}, names)},
	"endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"certificates": ["leaf"]}}}},
}

test_denials[name] if {
	some name, tc in {
		"a DNS name": {"names": {"dns_names": ["harbor"], "ip_addresses": []}, "denied": set()},
		"an address": {"names": {"dns_names": [], "ip_addresses": ["10.0.0.5"]}, "denied": set()},
		"neither": {"names": {"dns_names": [], "ip_addresses": []}, "denied": {_told}},
		"an empty name": {"names": {"dns_names": [""], "ip_addresses": []}, "denied": {_told}},
		"fields missing": {"names": {}, "denied": {_told}},
		"fields malformed": {"names": {"dns_names": 7, "ip_addresses": "10.0.0.5"}, "denied": {_told}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.names)
	policy.subjects == {_subject} with input as _document(tc.names)
}

test_what_is_not_looked_at[name] if {
	some name, document in {"no section": {}, "no endpoint": {"certificates": {}, "endpoints": {}}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	policy.deny == {{"subject": _subject, "msg": _told, "evidence": ["/certificates/leaf", "/endpoints/harbor:443/chains/c"]}} with input as _document({"dns_names": [], "ip_addresses": []})
}
