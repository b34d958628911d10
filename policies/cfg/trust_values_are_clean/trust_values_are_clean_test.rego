package regpolicy.cfg.trust_values_are_clean_test

import data.regpolicy.cfg.trust_values_are_clean as policy

_value := {"bom": false, "crlf": false, "escaped_newlines": false, "glued": false, "whitespace": []}

_trust(value) := {"a/b": {
	"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp",
	"value": value,
}}

_subject := {"kind": "trust_entry", "namespace": "ns", "name": "corp", "source": "Cluster/demo"}

_has(what) := concat(" ", [`the value of "corp" in Cluster/demo has`, what])

test_values[name] if {
	some name, tc in {
		"clean": {"value": {}, "denied": set(), "warned": set()},
		"byte order mark": {"value": {"bom": true}, "denied": {_has("a byte order mark before it")}, "warned": set()},
		"escaped line ends": {"value": {"escaped_newlines": true}, "denied": {_has(`\n in letters where lines should end`)}, "warned": set()},
		"glued": {"value": {"glued": true}, "denied": {_has("certificates glued together without a line end between them")}, "warned": set()},
		"indented": {"value": {"whitespace": ["indented"]}, "denied": {_has("indented lines")}, "warned": set()},
		"space inside": {"value": {"whitespace": ["space_in_base64"]}, "denied": {_has("spaces inside its base64")}, "warned": set()},
		"space at the end": {"value": {"whitespace": ["trailing_space"]}, "denied": {_has("spaces at the end of its lines")}, "warned": set()},
		"a fault that has no words yet": {"value": {"whitespace": ["form_feed"]}, "denied": {_has("a fault of white space (form_feed)")}, "warned": set()},
		"several": {"value": {"bom": true, "whitespace": ["indented", "newline_in_base64"]}, "denied": {_has("a byte order mark before it, indented lines")}, "warned": {_has("line ends inside its base64; encode it with `base64 -w0`")}},
		"lines of base64": {"value": {"whitespace": ["newline_in_base64"]}, "denied": set(), "warned": {_has("line ends inside its base64; encode it with `base64 -w0`")}},
		"Windows line ends": {"value": {"crlf": true}, "denied": set(), "warned": {_has("Windows line ends, which do no harm")}},
	}
	document := {"trust": _trust(object.union(_value, tc.value))}
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	{finding.msg | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == {_subject} with input as document
}

_all := {"bom": true, "crlf": true, "escaped_newlines": true, "glued": true, "whitespace": ["newline_in_base64"]}

test_what_is_not_looked_at[name] if {
	some name, trust in {
		"no entry": {},
		"no value": json.remove(_trust(_all), ["a~1b/value"]),
		"a missing flag": _trust(json.remove(_all, ["glued"])),
		"a missing list": _trust(json.remove(_all, ["whitespace"])),
		"a malformed flag": _trust(object.union(_all, {"crlf": 1})),
	}
	document := {"trust": trust}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_findings if {
	document := {"trust": _trust(object.union(_value, {"bom": true, "crlf": true, "whitespace": ["newline_in_base64"]}))}
	where := {"subject": _subject, "evidence": ["/trust/a~1b/value"], "trust_domain": "workload"}
	{json.remove(finding, ["msg"]) | some finding in policy.deny} == {where} with input as document
	{json.remove(finding, ["msg"]) | some finding in policy.warn} == {object.union(where, {"severity": "low"}), object.union(where, {"severity": "info"})} with input as document
}
