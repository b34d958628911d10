package regpolicy.tls.registry_certificates_cover_their_hosts_test

import data.regpolicy.tls.registry_certificates_cover_their_hosts as policy

_subject := {"kind": "registry", "name": "harbor:443", "chain": "c"}

_document(chain) := {
	"certificates": {"leaf": {"common_name": "old"}},
	"endpoints": {"harbor:443": {"host": "harbor", "probes": {"collector": {"chain": "c"}}, "chains": {"c": object.union({"certificates": ["leaf"]}, chain)}}},
}

_mismatch(names) := {"name": {"ok": false, "reason": "name_mismatch", "names": names}}

test_denials[name] if {
	some name, tc in {
		"it covers the host": {"chain": {"name": {"ok": true}}, "denied": set()},
		"another name": {"chain": _mismatch(["old"]), "denied": {"it is good for old"}},
		"five names": {"chain": _mismatch(["a", "b", "c", "d", "e"]), "denied": {"it is good for a, b, c, d, e"}},
		"more": {"chain": _mismatch(["a", "b", "c", "d", "e", "f", "g"]), "denied": {"it is good for a, b, c, d, e and 2 more"}},
		"no name": {"chain": _mismatch([]), "denied": {"it is good for no host"}},
		"another address": {"chain": {"name": {"ok": false, "reason": "ip_mismatch", "names": ["10.0.0.6"]}}, "denied": {"it is good for 10.0.0.6"}},
		"no address": {"chain": {"name": {"ok": false, "reason": "ip_mismatch"}}, "denied": {"it is good for no IP address"}},
		"a common name alone": {"chain": {"name": {"ok": false, "reason": "legacy_common_name", "names": ["old"]}}, "denied": {"it has no subject alternative names, and its common name does not count"}},
		"reason missing": {"chain": {"name": {"ok": false}}, "denied": {"it is good for no host"}},
		"name missing": {"chain": {}, "denied": {"it is good for no host"}},
		"name malformed": {"chain": {"name": {"ok": "yes"}}, "denied": {"it is good for no host"}},
	}
	denied := {concat("", [`the certificate "old" of harbor:443 does not cover the host "harbor": `, why]) | some why in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as _document(tc.chain)
	policy.subjects == {_subject} with input as _document(tc.chain)
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no section": {},
		"no endpoint": {"certificates": {}, "endpoints": {}},
		"no chain": {"certificates": {}, "endpoints": {"harbor:443": {"host": "harbor", "probes": {"collector": {}}, "chains": {}}}},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document(_mismatch([]))
	finding.subject == _subject
	finding.evidence == ["/certificates/leaf", "/endpoints/harbor:443/chains/c"]
}
