package regpolicy.nod.trust_files_hold_no_keys_test

import data.regpolicy.nod.trust_files_hold_no_keys as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_file(mode) := {"status": "ok", "place": "system", "form": "pem", "has_private_key": true, "mode": mode}

_document(file) := {"nodes": {"wk-1": {"read": true, "trust_files": {_path: file}}}}

_told(readers) := sprintf("/etc/ssl/certs/tkg-corp.pem on node wk-1 holds a private key%s", [readers])

test_denials[name] if {
	some name, tc in {
		"no key": {"file": object.union(_file("0644"), {"has_private_key": false}), "denied": set()},
		"a key that all can read": {"file": _file("0644"), "denied": {_told(", readable by everybody (mode 0644)")}},
		"a key that some can read": {"file": _file("0640"), "denied": {_told("")}},
		"a key and an unknown mode": {"file": json.remove(_file(""), ["mode"]), "denied": {_told("")}},
		"it is not told": {"file": json.remove(_file("0600"), ["has_private_key"]), "denied": {_told("")}},
		"malformed": {"file": object.union(_file("0600"), {"has_private_key": "no"}), "denied": {_told("")}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.file)
	policy.subjects == {_subject} with input as _document(tc.file)
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a file that could not be read": _document(object.union(_file("0600"), {"form": "unreadable"})),
		"a link that leads nowhere": _document(object.union(_file("0600"), {"status": "dangling"})),
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: _file("0644")}}}},
		"no file": {"nodes": {"wk-1": {"read": true}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document(_file("0644"))
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
