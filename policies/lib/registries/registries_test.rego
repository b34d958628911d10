package regpolicy.lib.registries_test

import data.regpolicy.lib.registries

_document(host, chains) := {
	"public_store": "public:1",
	"registries": {"r:443": {"host": host}},
	"endpoints": {"r:443": {"chains": chains}},
}

test_private[name] if {
	some name, tc in {
		"a registry of one's own": {"host": "harbor.corp.example", "chains": {}, "private": {"r:443"}},
		"a well-known one": {"host": "docker.io", "chains": {}, "private": set()},
		"one below a well-known domain": {"host": "eu.gcr.io", "chains": {}, "private": set()},
		"one with a public chain": {"host": "harbor.corp.example", "chains": {"c": {"verdicts": {"public:1": {"ok": true}}}}, "private": set()},
		"one with a chain of its own": {"host": "harbor.corp.example", "chains": {"c": {"verdicts": {"public:1": {"ok": false}}}}, "private": {"r:443"}},
		"a well-known one seen through a proxy": {"host": "docker.io", "chains": {"c": {"verdicts": {"public:1": {"ok": false}}}}, "private": set()},
	}
	object.keys(registries.private) == tc.private with input as _document(tc.host, tc.chains)
}

test_the_run_tells_what_is_public if {
	own := {"RT-CFG-004": {"public_registries": ["*.corp.example"]}}
	registries.private == {} with input as _document("harbor.corp.example", {}) with data.params as own
	object.keys(registries.private) == {"r:443"} with input as _document("docker.io", {}) with data.params as own
}
