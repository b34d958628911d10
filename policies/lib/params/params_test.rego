package regpolicy.lib.params_test

import data.regpolicy.lib.params

_chain := [
	{"path": ["p", "limits"], "annotations": {"scope": "rule", "custom": {"params": {"days": 1}}}},
	{"path": ["p"], "annotations": {"scope": "package", "custom": {"params": {"days": 30, "names": ["a"]}}}},
]

test_of[name] if {
	some name, tc in {
		"nothing is given": {"given": {}, "want": {"days": 30, "names": ["a"]}},
		"another policy is given": {"given": {"X-2": {"days": 7}}, "want": {"days": 30, "names": ["a"]}},
		"one is given": {"given": {"X-1": {"days": 7}}, "want": {"days": 7, "names": ["a"]}},
		"a list replaces a list": {"given": {"X-1": {"names": []}}, "want": {"days": 30, "names": []}},
	}
	params.of("X-1", _chain) == tc.want with data.params as tc.given
}
