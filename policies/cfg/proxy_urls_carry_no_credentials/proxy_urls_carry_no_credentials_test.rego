package regpolicy.cfg.proxy_urls_carry_no_credentials_test

import data.regpolicy.cfg.proxy_urls_carry_no_credentials as policy

_proxy := {"http": "http://proxy:3128", "has_credentials": false, "scope": "cluster/ns/demo"}

_subject := {"kind": "proxy", "name": "cluster/ns/demo", "cluster": "demo"}

test_proxies[name] if {
	some name, tc in {
		"without credentials": {"proxy": {}, "denied": set()},
		"with credentials": {"proxy": {"has_credentials": true}, "denied": {{
			"subject": _subject, "evidence": ["/proxies/cluster~1ns~1demo/has_credentials"],
			"msg": "the proxy URL of cluster ns/demo carries a user or password",
		}}},
	}
	document := {"proxies": {"cluster/ns/demo": object.union(_proxy, tc.proxy)}}
	policy.deny == tc.denied with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, proxies in {
		"no proxy": {},
		"the collector's own": {"collector": {"scope": "collector", "has_credentials": true}},
		"one that does not tell": {"service": {"scope": "service"}},
		"a malformed one": {"service": {"scope": "service", "has_credentials": "yes"}},
	}
	policy.subjects == set() with input as {"proxies": proxies}
	policy.deny == set() with input as {"proxies": proxies}
}
