package regpolicy.xev.registry_cas_have_configured_keys_test

import data.regpolicy.xev.registry_cas_have_configured_keys as policy

_subject := {"kind": "registry", "name": "harbor:443", "domain": "workload", "chain": "c", "issuer": "CN=Root"}

_times := {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}

_leaf := object.union(_times, {"subject": "CN=harbor", "issuer": "CN=Root", "authority_key_id": "new"})

_root := object.union(_times, {"subject": "CN=Root", "issuer": "CN=Root", "common_name": "Root", "subject_key_id": "old", "spki_sha256": "oldkey"})

_no := {"ok": false, "reason": "root_absent"}

_document(verdict, leaf, root) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"leaf": leaf, "anchoranchoranchor": root, "sent": {"subject": "CN=Root", "issuer": "CN=Nobody", "spki_sha256": "newkey"}},
	"views": {"certificates_by_subject": {"CN=Root": ["anchoranchoranchor", "sent"]}, "trust_by_certificate": {"anchoranchoranchor": ["k"]}},
	"registries": {"harbor:443": {"platforms": ["kubelet"]}},
	"domains": {"workload": {"trust_store": "configured:1", "entries": ["k"]}},
	"trust": {"k": {"domain": "workload", "value": {"certificates": ["anchoranchoranchor"]}}},
	"endpoints": {"harbor:443": {"roles": ["registry"], "chains": {"c": {"certificates": ["leaf"], "verdicts": {"configured:1": verdict}}}}},
}

_told := `the workload domain has "Root" (anchoranchoranch...) configured with another key than that which signed the chain of harbor:443; the chain leads to no other CA that is configured`

_rekeyed := _document(_no, _leaf, _root)

_other(verdict) := _document(verdict, object.union(_leaf, {"authority_key_id": ""}), _root)

_sent := {"endpoints": {"harbor:443": {"chains": {"c": {"certificates": ["leaf", "sent"]}}}}}

test_denials[name] if {
	some name, tc in {
		"another key by its id": {"document": _rekeyed, "denied": {_told}, "subjects": {_subject}},
		"the same key by its id": {"document": _document(_no, _leaf, object.union(_root, {"subject_key_id": "new"})), "denied": set(), "subjects": {_subject}},
		"another key by the certificate sent": {"document": object.union(_other(_no), _sent), "denied": {_told}, "subjects": {_subject}},
		"the same key by the certificate sent": {"document": object.union(_document(_no, _leaf, object.union(_root, {"spki_sha256": "newkey"})), _sent), "denied": set(), "subjects": {_subject}},
		"another key by the verdict": {"document": _other({"ok": false, "reason": "issuer_rekeyed"}), "denied": {_told}, "subjects": {_subject}},
		"the same key by the path": {"document": _other({"ok": true, "paths": [["leaf", "anchoranchoranchor"]]}), "denied": set(), "subjects": {_subject}},
		"nothing tells the key": {"document": _other(_no), "denied": set(), "subjects": set()},
		"no key ids at all": {"document": object.union(_document(_no, object.union(_leaf, {"authority_key_id": ""}), object.union(_root, {"subject_key_id": ""})), _sent), "denied": {_told}, "subjects": {_subject}},
		"an issuer of another name": {"document": _document(_no, object.union(_leaf, {"issuer": "CN=Other"}), _root), "denied": set(), "subjects": set()},
		"a CA of that name that is not configured": {"document": object.union(_rekeyed, {"trust": {"k": {"value": {"certificates": ["other"]}}}}), "denied": set(), "subjects": set()},
		"another value may not be read": {"document": object.union(_rekeyed, {"trust": {"l": {"domain": "workload", "reason": "forbidden"}}}), "denied": set(), "subjects": set()},
		"the same key, and another value may not be read": {"document": object.union(_document(_no, _leaf, object.union(_root, {"subject_key_id": "new"})), {"trust": {"l": {"domain": "workload", "reason": "forbidden"}}}), "denied": set(), "subjects": {_subject}},
		"clusters may not be listed": {"document": object.union(_rekeyed, {"coverage": {"trust": {"gaps": [{"subject": {"kind": "cluster", "name": "x"}}]}}}), "denied": set(), "subjects": set()},
		"a token service": {"document": object.union(_rekeyed, {"endpoints": {"harbor:443": {"roles": ["token"]}}}), "denied": set(), "subjects": set()},
		"the certificate is not kept": {"document": json.remove(_rekeyed, ["certificates/leaf"]), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"endpoints": {}, "domains": {}, "trust": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
	count(policy.warn) == 0 with input as tc.document
}

test_another_anchor_makes_it_a_warning if {
	document := object.union(_document({"ok": true, "paths": [["leaf"]]}, _leaf, _root), {"views": {"trust_by_certificate": {"anchoranchoranchor": ["k/1"]}}})
	count(policy.deny) == 0 with input as document
	policy.warn == {{
		"subject": _subject, "severity": "low", "trust_domain": "workload",
		"msg": `the workload domain has "Root" (anchoranchoranch...) configured with another key than that which signed the chain of harbor:443; another configured CA vouches for the chain`,
		"evidence": ["/endpoints/harbor:443/chains/c", "/trust/k~11"],
	}} with input as document
}

test_a_warning_needs_the_whole_domain_too if {
	document := object.union(_document({"ok": true, "paths": [["leaf"]]}, _leaf, _root), {"trust": {"l": {"domain": "workload", "reason": "forbidden"}}})
	count(policy.warn) == 0 with input as document
	policy.subjects == set() with input as document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _subject, "msg": _told, "trust_domain": "workload",
		"evidence": ["/endpoints/harbor:443/chains/c", "/trust/k"],
	}} with input as _rekeyed
}
