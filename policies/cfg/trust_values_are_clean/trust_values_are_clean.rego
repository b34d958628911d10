# METADATA
# title: Trust values are free of whitespace faults, BOM and glued PEM
# description: >-
#   A byte order mark, spaces inside base64, indented or escaped lines, or two
#   certificates glued together without a line end between them make a PEM file that
#   some or all programs read as empty. Line ends inside base64 are read by most and are
#   an early warning; Windows line ends are harmless and told for information.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc7468#section-2
# custom:
#   id: RT-CFG-020
#   severity: medium
#   recommended_action: >-
#     Write the PEM file anew (`openssl x509 -in ca.crt -out clean.crt` for each
#     certificate of it) and encode it without line ends (`base64 -w0`).
#   explains: [RT-CFG-002, RT-NOD-002, RT-NOD-014, RT-XEV-001, RT-XEV-003]
#   tags: [cfg, preflight]
package regpolicy.cfg.trust_values_are_clean

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(entry) if {
	some entry in trustvalues.held
	_examined(entry.value)
}

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain} if {
	some key, entry in trustvalues.held
	_examined(entry.value)
	faults := _faults(entry.value)
	count(faults) > 0
	msg := sprintf("%s has %s", [trustvalues.of(entry), concat(", ", faults)])
}

warn contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value"])], "trust_domain": entry.domain, "severity": severity} if {
	some key, entry in trustvalues.held
	_examined(entry.value)
	some [severity, what] in _blemishes(entry.value)
	msg := sprintf("%s has %s", [trustvalues.of(entry), what])
}

_examined(value) if {
	every flag in ["bom", "crlf", "escaped_newlines", "glued"] {
		is_boolean(value[flag])
	}
	is_array(value.whitespace)
}

_faults(value) := {text | some flag, text in _flags; value[flag]} | {_word(fault) |
	some fault in value.whitespace
	fault != "newline_in_base64"
}

_flags := {
	"bom": "a byte order mark before it",
	"escaped_newlines": "\\n in letters where lines should end",
	"glued": "certificates glued together without a line end between them",
}

_word(fault) := _words[fault] if {
	_words[fault]
} else := sprintf("a fault of white space (%v)", [fault])

_words := {
	"indented": "indented lines",
	"space_in_base64": "spaces inside its base64",
	"trailing_space": "spaces at the end of its lines",
}

_blemishes(value) := {blemish |
	some blemish, there in {
		["low", "line ends inside its base64; encode it with `base64 -w0`"]: "newline_in_base64" in value.whitespace,
		["info", "Windows line ends, which do no harm"]: value.crlf,
	}
	there
}
