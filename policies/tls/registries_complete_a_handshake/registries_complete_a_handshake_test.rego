package regpolicy.tls.registries_complete_a_handshake_test

import data.regpolicy.tls.registries_complete_a_handshake as policy

_subject := {"kind": "endpoint", "name": "harbor:443", "vantage": "node/wk-1"}

test_denials[name] if {
	some name, tc in {
		"a chain was shown": {"probe": {"chain": "c"}, "denied": set()},
		"no chain was": {"probe": {}, "denied": {"it presents no certificate"}},
		"refused": {"probe": {"failure": {"cause": "refused", "detail": "connect: refused."}}, "denied": {"the connection is refused (connect: refused)"}},
		"a chain was shown, and the handshake failed": {"probe": {"chain": "c", "failure": {"cause": "client_certificate_required", "detail": "tls: certificate required"}}, "denied": {"it wants a client certificate (tls: certificate required)"}},
		"a cause without words of its own": {"probe": {"failure": {"cause": "server_error", "detail": "500"}}, "denied": {"server error (500)"}},
		"detail missing": {"probe": {"failure": {"cause": "dns"}}, "denied": {"its name is not known"}},
		"detail empty": {"probe": {"failure": {"cause": "timeout", "detail": ""}}, "denied": {"it does not answer"}},
		"cause missing": {"probe": {"failure": {}}, "denied": {"it fails"}},
		"cause malformed": {"probe": {"failure": {"cause": 7, "detail": "odd"}}, "denied": {"it fails (odd)"}},
	}
	document := {"endpoints": {"harbor:443": {"probes": {"node/wk-1": tc.probe}}}}
	denied := {concat("", ["harbor:443, seen from node/wk-1, completes no TLS handshake: ", why]) | some why in tc.denied}
	{finding.msg | some finding in policy.deny} == denied with input as document
	policy.subjects == {_subject} with input as document
}

test_words_of_causes[cause] if {
	some cause, words in {
		"client_certificate_required": "it wants a client certificate", "dns": "its name is not known", "http_not_https": "the port speaks plain HTTP",
		"proxy": "the proxy lets nothing through", "refused": "the connection is refused", "reset": "the connection is cut",
		"timeout": "it does not answer", "tls_handshake": "the TLS handshake fails",
		"tls_version": "it speaks only versions of TLS that runtimes refuse", "unreachable": "there is no way to it",
	}
	some finding in policy.deny with input as {"endpoints": {"harbor:443": {"probes": {"collector": {"failure": {"cause": cause, "detail": ""}}}}}}
	endswith(finding.msg, concat("", [": ", words]))
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no endpoint": {"endpoints": {}},
		"no probe": {"endpoints": {"harbor:443": {"probes": {}}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"endpoints": {"harbor:443": {"probes": {"node/wk-1": {}}}}}
	finding.subject == _subject
	finding.evidence == ["/endpoints/harbor:443/probes/node~1wk-1"]
}
