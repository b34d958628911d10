package regpolicy.cfg.tls_verification_stays_on_test

import data.regpolicy.cfg.tls_verification_stays_on as policy

_switch := {"domain": "kapp", "object": {"kind": "Secret", "namespace": "tkg-system", "name": "kapp-controller-config"}, "field": "data[x]", "off": true}

_subject := {"kind": "verification", "name": "Secret/a"}

test_switches[name] if {
	some name, tc in {
		"on": {"switch": {"off": false}, "denied": set()},
		"off": {"switch": {}, "denied": {"Secret tkg-system/kapp-controller-config switches TLS verification off at data[x], for all registries"}},
		"off for all, as a list": {"switch": {"hosts": []}, "denied": {"Secret tkg-system/kapp-controller-config switches TLS verification off at data[x], for all registries"}},
		"off for two": {"switch": {"hosts": ["a:5000", "b"]}, "denied": {"Secret tkg-system/kapp-controller-config switches TLS verification off at data[x], for a:5000, b"}},
		"off in an object without namespace": {"switch": {"object": {"kind": "Image", "namespace": "", "name": "cluster"}}, "denied": {"Image cluster switches TLS verification off at data[x], for all registries"}},
	}
	document := {"verification": {"Secret/a": object.union(_switch, tc.switch)}}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_subject} with input as document
}

test_an_object_that_tells_no_namespace if {
	some finding in policy.deny with input as {"verification": {"Secret/a": json.remove(_switch, ["object/namespace"])}}
	startswith(finding.msg, "Secret kapp-controller-config switches")
}

test_what_is_not_looked_at[name] if {
	some name, switches in {
		"no switch": {},
		"a switch that does not tell": {"a": json.remove(_switch, ["off"])},
		"a malformed one": {"a": object.union(_switch, {"off": "yes"})},
	}
	policy.subjects == set() with input as {"verification": switches}
	policy.deny == set() with input as {"verification": switches}
}

test_finding if {
	some finding in policy.deny with input as {"verification": {"Secret/a": _switch}}
	json.remove(finding, ["msg"]) == {"subject": _subject, "evidence": ["/verification/Secret~1a"], "trust_domain": "kapp"}
}
