package regpolicy.evt.cached_images_hide_nothing_test

import data.regpolicy.evt.cached_images_hide_nothing as policy

_harbor := {"kind": "registry", "name": "harbor:443"}

_registries := {"harbor:443": {"images": ["harbor/web:1", "harbor/log:1"]}, "quay:443": {"images": ["quay/a:1"]}}

_pod := {"observed": true, "images": ["harbor/web:1"]}

_told(cached, all) := sprintf("%d of the %d pods with images of registry harbor:443 may run from a cached image, and nothing looked at its certificate", [cached, all])

test_warnings[name] if {
	some name, tc in {
		"a cached image, and no probe": {"pods": {"shop/web": _pod}, "endpoints": {}, "warned": {_told(1, 1)}, "subjects": {_harbor}},
		"a cached image, and a probe of another registry": {"pods": {"shop/web": _pod}, "endpoints": {"quay:443": {"probes": {"collector": {"chain": "c"}}}}, "warned": {_told(1, 1)}, "subjects": {_harbor}},
		"a cached image, and a probe": {"pods": {"shop/web": _pod}, "endpoints": {"harbor:443": {"probes": {"collector": {"chain": "c"}}}}, "warned": set(), "subjects": {_harbor}},
		"a probe that showed no certificate": {"pods": {"shop/web": _pod}, "endpoints": {"harbor:443": {"probes": {"collector": {"failure": {"cause": "refused"}}}}}, "warned": {_told(1, 1)}, "subjects": {_harbor}},
		"a pod that always pulls": {"pods": {"shop/web": object.union(_pod, {"always_pulls": true})}, "endpoints": {}, "warned": set(), "subjects": {_harbor}},
		"some pods that always pull": {
			"pods": {"shop/web": object.union(_pod, {"always_pulls": true}), "shop/log": object.union(_pod, {"images": ["harbor/web:1", "harbor/log:1"], "always_pulls": false})},
			"endpoints": {}, "warned": {_told(1, 2)}, "subjects": {_harbor},
		},
		"the policy malformed": {"pods": {"shop/web": object.union(_pod, {"always_pulls": null})}, "endpoints": {}, "warned": {_told(1, 1)}, "subjects": {_harbor}},
		"a pod that a manifest declares": {"pods": {"shop/web": object.union(_pod, {"observed": false})}, "endpoints": {}, "warned": set(), "subjects": set()},
		"an image of no registry": {"pods": {"shop/web": object.union(_pod, {"images": ["other/web:1"]})}, "endpoints": {}, "warned": set(), "subjects": set()},
		"no pod": {"pods": {}, "endpoints": {}, "warned": set(), "subjects": set()},
	}
	document := {"pods": tc.pods, "registries": _registries, "endpoints": tc.endpoints}
	{finding.msg | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == tc.subjects with input as document
}

test_evidence_and_subject if {
	some finding in policy.warn with input as {"pods": {"shop/web": _pod}, "registries": _registries}
	finding.subject == _harbor
	finding.evidence == ["/registries/harbor:443"]
}
