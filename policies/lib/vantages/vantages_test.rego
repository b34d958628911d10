package regpolicy.lib.vantages_test

import data.regpolicy.lib.vantages

test_listed[name] if {
	some name, tc in {
		"one": {"names": {"collector"}, "want": "collector"},
		"three, sorted": {"names": {"node/b", "collector", "node/a"}, "want": "collector, node/a, node/b"},
		"more": {"names": {"node/b", "collector", "node/a", "node/d", "node/c"}, "want": "collector, node/a, node/b and 2 more"},
		"none": {"names": set(), "want": ""},
	}
	vantages.listed(tc.names) == tc.want
}

test_showing if {
	document := {"endpoints": {"h:443": {"probes": {"collector": {"chain": "c"}, "node/a": {"chain": "d"}, "node/b": {"chain": "c"}, "node/c": {}}}}}
	vantages.showing("h:443", "c") == {"collector", "node/b"} with input as document
	vantages.showing("h:443", "e") == set() with input as document
	vantages.showing("other:443", "c") == set() with input as document
}
