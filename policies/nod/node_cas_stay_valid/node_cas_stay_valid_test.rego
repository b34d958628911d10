package regpolicy.nod.node_cas_stay_valid_test

import data.regpolicy.nod.node_cas_stay_valid as policy

_node := {"read": true, "trust_files": {"/etc/ssl/certs/tkg-corp.pem": {"status": "ok", "entry": "corp", "form": "pem", "blocks": [], "certificates": ["f1"]}}}

_subject := {"kind": "certificate", "name": "f1"}

_document(certificates) := {"collected_at": "2026-11-23T08:00:00Z", "certificates": certificates, "nodes": {"wk-1": _node, "wk-2": _node}}

test_verdicts[name] if {
	some name, tc in {
		"far away": {"end": "2030-01-01T00:00:00Z", "denied": set(), "warned": set()},
		"just beyond 90 days": {"end": "2027-02-21T08:00:01Z", "denied": set(), "warned": set()},
		"in 90 days": {"end": "2027-02-21T08:00:00Z", "denied": set(), "warned": {[`"Corp CA" expires at 2027-02-21T08:00:00Z, in 90 days; it lies on wk-1, wk-2`, "low"]}},
		"just beyond 30 days": {"end": "2026-12-23T08:00:01Z", "denied": set(), "warned": {[`"Corp CA" expires at 2026-12-23T08:00:01Z, in 30 days; it lies on wk-1, wk-2`, "low"]}},
		"in 30 days": {"end": "2026-12-23T08:00:00Z", "denied": set(), "warned": {[`"Corp CA" expires at 2026-12-23T08:00:00Z, in 30 days; it lies on wk-1, wk-2`, "medium"]}},
		"now": {"end": "2026-11-23T08:00:00Z", "denied": set(), "warned": {[`"Corp CA" expires at 2026-11-23T08:00:00Z, in 0 days; it lies on wk-1, wk-2`, "medium"]}},
		"a second ago": {"end": "2026-11-23T07:59:59Z", "denied": {`"Corp CA" has expired at 2026-11-23T07:59:59Z; it lies on wk-1, wk-2`}, "warned": set()},
		"malformed": {"end": "soon", "denied": {`the end of the validity of "Corp CA" cannot be read; it lies on wk-1, wk-2`}, "warned": set()},
		"in the year 9999": {"end": "9999-12-31T23:59:59Z", "denied": set(), "warned": set()},
	}
	document := _document({"f1": {"common_name": "Corp CA", "not_after": tc.end}})
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	{[finding.msg, finding.severity] | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == {_subject} with input as document
}

test_a_certificate_that_is_missing_does_not_pass if {
	{finding.msg | some finding in policy.deny} == {`the end of the validity of "a certificate that is not in this document" cannot be read; it lies on wk-1, wk-2`} with input as _document({})
}

test_given_days_count if {
	found := policy.warn with input as _document({"f1": {"common_name": "Corp CA", "not_after": "2027-11-23T08:00:00Z"}}) with data.params as {"RT-NOD-005": {"warn_days": 365, "soon_days": 365}}
	{finding.severity | some finding in found} == {"medium"}
}

test_what_is_not_looked_at[name] if {
	some name, nodes in {
		"a node that was not read": {"wk-1": object.union(_node, {"read": false})},
		"a client certificate": {"wk-1": {"read": true, "trust_files": {"/etc/docker/certs.d/h/client.cert": {"status": "ok", "form": "pem", "blocks": [], "certificates": ["f1"]}}}},
		"no file": {"wk-1": {"read": true}},
		"no node": {},
	}
	document := {"collected_at": "2026-11-23T08:00:00Z", "nodes": nodes}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject[name] if {
	some name, end in {"deny": "2020-01-01T00:00:00Z", "warn": "2026-12-01T00:00:00Z"}
	some finding in policy[name] with input as _document({"f1": {"common_name": "Corp CA", "not_after": end}})
	finding.subject == _subject
	finding.evidence == ["/certificates/f1"]
}

test_repair[name] if {
	some name, tc in {
		"of the configuration": {"files": {"/etc/ssl/certs/tkg-corp.pem": {"entry": "corp"}}, "want": "Get the present certificate of \"Corp CA\" and put it in the place of the one that has expired: under a new entry name in the cluster's trust configuration, from which the old entry is taken away, so that the nodes roll"},
		"by hand": {"files": {"/etc/ssl/certs/corp.pem": {}}, "want": "Replace /etc/ssl/certs/corp.pem on wk-1, wk-2 by the present certificate of \"Corp CA\" as PEM, run `rehash_ca_certificates.sh`, and restart the container runtime (`systemctl restart containerd`)"},
		"by hand for one registry": {"files": {"/etc/containerd/certs.d/h/ca.crt": {"place": "containerd"}}, "want": "Replace /etc/containerd/certs.d/h/ca.crt on wk-1, wk-2 by the present certificate of \"Corp CA\" as PEM; the runtime reads it at the next pull"},
		"both": {"files": {"/etc/ssl/certs/tkg-corp.pem": {"entry": "corp"}, "/etc/ssl/certs/corp.pem": {}}, "want": "Replace /etc/ssl/certs/corp.pem on wk-1, wk-2 by the present certificate of \"Corp CA\" as PEM, run `rehash_ca_certificates.sh`, and restart the container runtime (`systemctl restart containerd`)"},
		"by hand, and another CA's": {"files": {"/etc/ssl/certs/other.pem": {"certificates": ["f2"]}, "/etc/ssl/certs/tkg-corp.pem": {"entry": "corp"}}, "want": "Get the present certificate of \"Corp CA\" and put it in the place of the one that has expired: under a new entry name in the cluster's trust configuration, from which the old entry is taken away, so that the nodes roll"},
	}
	files := {path: object.union({"status": "ok", "form": "pem", "blocks": [], "certificates": ["f1"]}, file) | some path, file in tc.files}
	node := {"read": true, "os_family": "photon", "trust_files": files}
	document := {"collected_at": "2026-11-23T08:00:00Z", "nodes": {"wk-1": node, "wk-2": node}, "certificates": {
		"f1": {"common_name": "Corp CA", "not_after": "2020-01-01T00:00:00Z"},
		"f2": {"common_name": "Other CA", "not_after": "2030-01-01T00:00:00Z"},
	}}
	{finding.remediation | some finding in policy.deny} == {tc.want} with input as document
}
