package regpolicy.lib.pulls_test

import data.regpolicy.lib.pulls

_failure := {"namespace": "s", "pod": "w", "image": "i:1", "host": "auth:443", "cause": "dns"}

test_says if {
	pulls.says(_failure, {"dns": "nobody knows %s"}) == "pod s/w cannot pull i:1: nobody knows auth:443"
	not pulls.says(_failure, {"reset": "%s hangs up"})
	not pulls.says(json.remove(_failure, ["cause"]), {"dns": "nobody knows %s"})
}

test_quoted[name] if {
	some name, tc in {
		"the verifier's words to their end": {"message": "Head \"https://h/v2/\": tls: failed to verify certificate: x509: certificate is valid for a, b, not h", "want": " (x509: certificate is valid for a, b, not h)"},
		"without what another attempt said": {"message": "Get \"https://h/v2/\": x509: too old.; artifact err: x509: again", "want": " (x509: too old)"},
		"not beyond a line": {"message": "x509: one \nx509: two", "want": " (x509: one)"},
		"not without end": {"message": concat("", ["x509: ", concat("", ["y" | some _ in numbers.range(1, 201)])]), "want": sprintf(" (x509: %s)", [concat("", ["y" | some _ in numbers.range(1, 200)])])},
		"none": {"message": "timeout", "want": ""},
		"malformed": {"message": 7, "want": ""},
	}
	pulls.quoted({"message": tc.message}) == tc.want
}

test_nothing_is_quoted_without_a_message if pulls.quoted({}) == ""

test_trust_domain if {
	pulls.trust_domain({"origin": "vsphere_pod"}) == "supervisor"
	pulls.trust_domain({"origin": "kubelet"}) == "workload"
	pulls.trust_domain({}) == "workload"
}
