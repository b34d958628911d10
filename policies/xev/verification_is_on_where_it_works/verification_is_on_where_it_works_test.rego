package regpolicy.xev.verification_is_on_where_it_works_test

import data.regpolicy.xev.verification_is_on_where_it_works as policy

_subject(registry) := {"kind": "node", "name": "wk-1", "registry": registry}

_ok := {"ok": true, "paths": [["root"]]}

_chain(verdicts) := {"probes": {"collector": {"chain": "c"}}, "chains": {"c": {"name": {"ok": true}, "verdicts": verdicts}}}

_document(hosts) := {
	"collected_at": "2026-11-23T08:00:00Z",
	"certificates": {"root": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}},
	"nodes": {"wk-1": {"read": true, "trust_store": "go:1", "registry_config": {"hosts": hosts}}},
	"endpoints": {"harbor:443": _chain({"go:1": _ok, "go:2": {"ok": false}}), "mirror:5000": _chain({"go:1": {"ok": false}, "go:2": _ok})},
}

_skipping := {"origin": "/x", "skip_verify": true}

_checking := {"origin": "/x", "skip_verify": false}

_told(host) := sprintf("node wk-1 does not verify %s (/x), though its chain would verify there", [host])

_here := _subject("harbor:443")

_there := _subject("mirror:5000")

_toml(endpoints) := {"harbor": object.union(_skipping, {"endpoints": endpoints})}

_renamed := {"endpoints": {"harbor:443": {"chains": {"c": {"name": {"ok": false}}}}}}

test_denials[name] if {
	some name, tc in {
		"skipped": {"document": _document({"harbor:443": _skipping}), "denied": {_told("harbor:443")}, "subjects": {_here}},
		"skipped without a port": {"document": _document({"harbor": _skipping}), "denied": {_told("harbor:443")}, "subjects": {_here}},
		"checked": {"document": _document({"harbor": _checking}), "denied": set(), "subjects": {_here}},
		"skipped, and it would not verify": {"document": _document({"mirror:5000": _skipping}), "denied": set(), "subjects": {_there}},
		"skipped, and it would verify with its own store": {"document": _document({"mirror:5000": object.union(_skipping, {"trust_store": "go:2"})}), "denied": {_told("mirror:5000")}, "subjects": {_there}},
		"skipped for all": {"document": _document({"_default": _skipping}), "denied": {_told("harbor:443")}, "subjects": {_here, _there}},
		"skipped, and the name is another": {"document": object.union(_document({"harbor": _skipping}), _renamed), "denied": set(), "subjects": {_here}},
		"skipped, and expired": {"document": object.union(_document({"harbor": _skipping}), {"at": "2028-01-01T00:00:00Z"}), "denied": set(), "subjects": {_here}},
		"of two chains one would not verify": {
			"document": object.union(_document({"harbor": _skipping}), {"endpoints": {"harbor:443": {"probes": {"other": {"chain": "d"}}, "chains": {"d": {"verdicts": {"go:1": {"ok": false}}}}}}}),
			"denied": set(), "subjects": {_here},
		},
		"skipped for a mirror": {"document": _document(_toml([{"url": "https://mirror:5000/v2", "skip_verify": true, "trust_store": "go:2"}, {"skip_verify": false}])), "denied": {_told("mirror:5000")}, "subjects": {_here, _there}},
		"skipped for the registry under its URL": {"document": _document(_toml([{"url": "https://harbor", "skip_verify": true}])), "denied": {_told("harbor:443")}, "subjects": {_here}},
		"skipped for another only": {"document": _document(_toml([{"url": "https://nowhere", "skip_verify": true}, {"skip_verify": false}])), "denied": set(), "subjects": {_here}},
		"a mirror over plain HTTP": {"document": _document(_toml([{"url": "http://mirror:5000", "skip_verify": true}])), "denied": set(), "subjects": set()},
		"no host listed": {"document": _document(_toml([])), "denied": {_told("harbor:443")}, "subjects": {_here}},
		"no settings": {"document": _document({}), "denied": set(), "subjects": set()},
		"no store": {"document": object.union(_document({"harbor": _skipping}), {"nodes": {"wk-1": {"trust_store": ""}}}), "denied": set(), "subjects": set()},
		"a chain that was not judged": {"document": json.remove(_document({"harbor": _skipping}), ["endpoints/harbor:443/chains/c/verdicts/go:1"]), "denied": set(), "subjects": set()},
		"no chain": {"document": json.remove(_document({"harbor": _skipping}), ["endpoints/harbor:443/probes/collector"]), "denied": set(), "subjects": set()},
		"a node that was not read": {"document": object.union(_document({"harbor": _skipping}), {"nodes": {"wk-1": {"read": false}}}), "denied": set(), "subjects": set()},
		"sections empty": {"document": {"nodes": {}, "endpoints": {}}, "denied": set(), "subjects": set()},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as tc.document
	policy.subjects == tc.subjects with input as tc.document
}

test_evidence_and_subject if {
	policy.deny == {{
		"subject": _here, "msg": _told("harbor:443"),
		"evidence": ["/nodes/wk-1/registry_config", "/endpoints/harbor:443"],
	}} with input as _document({"harbor": _skipping})
}
