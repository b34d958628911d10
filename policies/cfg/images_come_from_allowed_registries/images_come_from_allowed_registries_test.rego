package regpolicy.cfg.images_come_from_allowed_registries_test

import data.regpolicy.cfg.images_come_from_allowed_registries as policy

_name := "harbor.corp.example:5000"

_document(images) := {"registries": {_name: {"host": "harbor.corp.example", "port": 5000, "images": images}}}

_image(reference) := {"kind": "registry", "name": _name, "image": reference}

_registry := {"kind": "registry", "name": _name}

test_references[name] if {
	some name, tc in {
		"a tag": {"image": "harbor.corp.example:5000/lib/app:1.0", "pinned": true},
		"a digest": {"image": "harbor.corp.example:5000/lib/app@sha256:0123abcd", "pinned": true},
		"both": {"image": "harbor.corp.example:5000/lib/app:1.0@sha256:0123abcd", "pinned": true},
		"a port only": {"image": "harbor.corp.example:5000/lib/app", "pinned": false},
		"a name only": {"image": "nginx", "pinned": false},
		"a name and a tag": {"image": "nginx:1", "pinned": true},
		"an empty tag": {"image": "nginx:", "pinned": false},
	}
	denied := policy.deny with input as _document([tc.image])
	{finding.msg | some finding in denied} == {sprintf("the image %q has neither tag nor digest", [tc.image]) | not tc.pinned}
	policy.subjects == {_image(tc.image)} with input as _document([tc.image])
}

test_allowed_registries[name] if {
	some name, tc in {
		"none is listed": {"allowed": [], "denied": set(), "subjects": {_image("a:1"), _image("b:1")}},
		"the host": {"allowed": ["quay.io", "harbor.corp.example"], "denied": set(), "subjects": {_registry, _image("a:1"), _image("b:1")}},
		"the host and port": {"allowed": ["harbor.corp.example:5000"], "denied": set(), "subjects": {_registry, _image("a:1"), _image("b:1")}},
		"a pattern": {"allowed": ["*.example"], "denied": set(), "subjects": {_registry, _image("a:1"), _image("b:1")}},
		"another port": {"allowed": ["harbor.corp.example:443"], "denied": {_not_listed}, "subjects": {_registry, _image("a:1"), _image("b:1")}},
		"another host": {"allowed": ["quay.io"], "denied": {_not_listed}, "subjects": {_registry, _image("a:1"), _image("b:1")}},
	}
	document := _document(["a:1", "b:1"])
	given := {"RT-CFG-022": {"allowed_registries": tc.allowed}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document with data.params as given
	policy.subjects == tc.subjects with input as document with data.params as given
}

_not_listed := "the registry harbor.corp.example:5000, which 2 image(s) come from, is not on the list of allowed ones"

test_finding_of_a_registry if {
	some finding in policy.deny with input as _document(["a:1"]) with data.params as {"RT-CFG-022": {"allowed_registries": ["quay.io"]}}
	json.remove(finding, ["msg"]) == {"subject": _registry, "evidence": ["/registries/harbor.corp.example:5000"]}
}

test_finding_of_an_image[name] if {
	some name, tc in {
		"no pod is known": {"pods": {}, "msg": `the image "app" has neither tag nor digest`, "evidence": ["/registries/harbor.corp.example:5000/images"]},
		"a pod uses it": {"pods": {"ns/a": {"images": ["app", "x:1"]}}, "msg": `the image "app" of pod ns/a has neither tag nor digest`, "evidence": ["/registries/harbor.corp.example:5000/images", "/pods/ns~1a"]},
		"two pods use it": {"pods": {"ns/b": {"images": ["app"]}, "ns/a": {"images": ["app"]}}, "msg": `the image "app" of pod ns/a has neither tag nor digest`, "evidence": ["/registries/harbor.corp.example:5000/images", "/pods/ns~1a", "/pods/ns~1b"]},
		"a pod uses another": {"pods": {"ns/a": {"images": ["x:1"]}}, "msg": `the image "app" has neither tag nor digest`, "evidence": ["/registries/harbor.corp.example:5000/images"]},
	}
	findings := policy.deny with input as object.union(_document(["app"]), {"pods": tc.pods})
	findings == {{"subject": _image("app"), "msg": tc.msg, "evidence": tc.evidence}}
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no registry": {"registries": {}},
		"a registry without images": json.remove(_document(["app"]), [["registries", _name, "images"]]),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}
