package regpolicy.nod.ca_files_are_clean_test

import data.regpolicy.nod.ca_files_are_clean as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_file := {"status": "ok", "place": "system", "entry": "corp", "form": "pem", "blocks": [], "glued": false, "bom": false, "escaped_newlines": false, "crlf": false}

_document(file) := {"nodes": {"wk-1": {"read": true, "trust_files": {_path: file}}}}

_glued := "/etc/ssl/certs/tkg-corp.pem on node wk-1 holds certificates that are glued together, without a line end between them: neither is read"

_bom := "/etc/ssl/certs/tkg-corp.pem on node wk-1 begins with a byte order mark: its first certificate is not read"

_escaped := `/etc/ssl/certs/tkg-corp.pem on node wk-1 has \n in place of line ends: no certificate in it is read`

_crlf := "/etc/ssl/certs/tkg-corp.pem on node wk-1 has Windows line ends, which do no harm"

_repair := "Write the certificates of /etc/ssl/certs/tkg-corp.pem on wk-1 anew (`openssl x509 -in ca.crt` prints a clean one), and restart the container runtime, which reads its trust store when it starts"

test_verdicts[name] if {
	some name, tc in {
		"clean": {"file": _file, "denied": set(), "warned": set()},
		"glued": {"file": object.union(_file, {"glued": true, "form": "broken_pem"}), "denied": {[_glued, ""]}, "warned": set()},
		"glued by hand": {"file": json.remove(object.union(_file, {"glued": true}), ["entry"]), "denied": {[_glued, _repair]}, "warned": set()},
		"a byte order mark": {"file": object.union(_file, {"bom": true}), "denied": {[_bom, ""]}, "warned": set()},
		"escapes": {"file": object.union(_file, {"escaped_newlines": true}), "denied": {[_escaped, ""]}, "warned": set()},
		"Windows line ends": {"file": object.union(_file, {"crlf": true}), "denied": set(), "warned": {[_crlf, "info"]}},
		"flags missing": {"file": json.remove(_file, ["glued", "bom", "escaped_newlines", "crlf"]), "denied": {[_glued, ""], [_bom, ""], [_escaped, ""]}, "warned": {[_crlf, "info"]}},
		"flags malformed": {"file": object.union(_file, {"glued": "no", "crlf": 1}), "denied": {[_glued, ""]}, "warned": {[_crlf, "info"]}},
	}
	{[finding.msg, finding.remediation] | some finding in policy.deny} == tc.denied with input as _document(tc.file)
	{[finding.msg, finding.severity] | some finding in policy.warn} == tc.warned with input as _document(tc.file)
	policy.subjects == {_subject} with input as _document(tc.file)
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a file that could not be read": _document(object.union(_file, {"form": "unreadable", "glued": true, "crlf": true})),
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: object.union(_file, {"glued": true, "crlf": true})}}}},
		"no file": {"nodes": {"wk-1": {"read": true}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
	policy.warn == set() with input as document
}

test_evidence_and_subject[rule] if {
	some rule in ["deny", "warn"]
	some finding in policy[rule] with input as _document(object.union(_file, {"bom": true, "crlf": true}))
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
