package regpolicy.nod.trust_files_are_roots_alone_test

import data.regpolicy.nod.trust_files_are_roots_alone as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_file(mode, owner) := {"status": "ok", "place": "system", "mode": mode, "owner": owner}

_document(file) := {"nodes": {"wk-1": {"read": true, "trust_files": {_path: file}}}}

_told(mode, owner) := sprintf("/etc/ssl/certs/tkg-corp.pem on node wk-1 can be changed by others than root: mode %s, owner %v", [mode, owner])

test_denials[name] if {
	some name, tc in {
		"0644": {"file": _file("0644", 0), "denied": set()},
		"0444": {"file": _file("0444", 0), "denied": set()},
		"0755": {"file": _file("0755", 0), "denied": set()},
		"0600": {"file": _file("0600", 0), "denied": set()},
		"0711": {"file": _file("0711", 0), "denied": set()},
		"the group may write": {"file": _file("0664", 0), "denied": {_told("0664", 0)}},
		"the group may only write": {"file": _file("0624", 0), "denied": {_told("0624", 0)}},
		"others may write": {"file": _file("0646", 0), "denied": {_told("0646", 0)}},
		"others may do everything": {"file": _file("0607", 0), "denied": {_told("0607", 0)}},
		"another's file": {"file": _file("0644", 1000), "denied": {_told("0644", 1000)}},
		"owner missing": {"file": json.remove(_file("0644", 0), ["owner"]), "denied": {_told("0644", "not known")}},
		"mode malformed": {"file": _file("rw-r--r--", 0), "denied": {_told("rw-r--r--", 0)}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.file)
	policy.subjects == {_subject} with input as _document(tc.file)
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a file whose mode is not known": _document(json.remove(_file("", 0), ["mode"])),
		"a link that leads nowhere": _document(object.union(_file("0777", 0), {"status": "dangling"})),
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: _file("0666", 0)}}}},
		"no file": {"nodes": {"wk-1": {"read": true}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document(_file("0666", 0))
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
