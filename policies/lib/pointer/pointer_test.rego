package regpolicy.lib.pointer_test

import data.regpolicy.lib.pointer

test_pointers[name] if {
	some name, tc in {
		"plain tokens": {"tokens": ["nodes", "wk-1"], "want": "/nodes/wk-1"},
		"a path as a token": {"tokens": ["nodes", "wk-1", "trust_files", "/etc/ssl/a.pem"], "want": "/nodes/wk-1/trust_files/~1etc~1ssl~1a.pem"},
		"a tilde before a slash (RFC 6901 section 4)": {"tokens": ["~/1"], "want": "/~0~11"},
		"an empty token": {"tokens": ["verdicts", ""], "want": "/verdicts/"},
		"no token": {"tokens": [], "want": ""},
	}
	pointer.to(tc.tokens) == tc.want
}
