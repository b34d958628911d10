package regpolicy.lib.pullsecrets_test

import data.regpolicy.lib.pullsecrets

_failure := {"namespace": "shop", "pod": "web", "registry": "harbor.corp:443"}

test_secrets[name] if {
	some name, tc in {
		"the pod is not known": {"pods": {}, "secrets": {}, "absent": [], "foreign": {}},
		"none is named": {"names": [], "secrets": {}, "absent": [], "foreign": {}},
		"secrets were not read": {"names": ["a"], "secrets": {}, "absent": [], "foreign": {}},
		"it does not exist": {"names": ["a"], "secrets": {"shop/a": {"missing": true}}, "absent": ["a"], "foreign": {}},
		"one of another namespace": {"names": ["a"], "secrets": {"infra/a": {"missing": true}}, "absent": [], "foreign": {}},
		"it is for the registry": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io", "harbor.corp"]}}, "absent": [], "foreign": {}},
		"it names the port": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["harbor.corp:443"]}}, "absent": [], "foreign": {}},
		"it is for all of a domain": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["*.corp"]}}, "absent": [], "foreign": {}},
		"of another domain": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["*.example"]}}, "absent": [], "foreign": {"a": ["*.example"]}},
		"a * is one label": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["*"]}}, "absent": [], "foreign": {"a": ["*"]}},
		"what is no pattern": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["*[x"]}}, "absent": [], "foreign": {"a": ["*[x"]}},
		"it is for another registry": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io"]}}, "absent": [], "foreign": {"a": ["ghcr.io"]}},
		"it is for another port": {"names": ["a"], "secrets": {"shop/a": {"missing": false, "registries": ["harbor.corp:5000"]}}, "absent": [], "foreign": {"a": ["harbor.corp:5000"]}},
		"what it is for is not known": {"names": ["a"], "secrets": {"shop/a": {"missing": false}}, "absent": [], "foreign": {}},
		"one is for another, one for it": {"names": ["a", "b"], "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io"]}, "shop/b": {"missing": false, "registries": ["harbor.corp"]}}, "absent": [], "foreign": {}},
		"one is for another, one is not known": {"names": ["a", "b"], "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io"]}}, "absent": [], "foreign": {}},
		"one is for another, one is missing": {"names": ["a", "b"], "secrets": {"shop/a": {"missing": false, "registries": ["ghcr.io"]}, "shop/b": {"missing": true}}, "absent": ["b"], "foreign": {"a": ["ghcr.io"]}},
	}
	document := {"pods": {"shop/web": {"pull_secrets": names} | names := tc.names}, "secrets": tc.secrets}
	pullsecrets.absent(_failure) == tc.absent with input as document
	pullsecrets.foreign(_failure) == tc.foreign with input as document
}
