package regpolicy.nod.ca_links_resolve_test

import data.regpolicy.nod.ca_links_resolve as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_link(status) := {"status": status, "place": "system", "link_target": "/usr/local/share/ca-certificates/tkg-corp.crt"}

_document(file) := {"nodes": {"wk-1": {"read": true, "trust_files": {_path: file}}}}

test_denials[name] if {
	some name, tc in {
		"it resolves": {"status": "ok", "denied": set()},
		"nothing there": {"status": "dangling", "denied": {"which is not there"}},
		"nothing there, and it is configured": {"status": "absent", "denied": {"which is not there"}},
		"a loop": {"status": "loop", "denied": {"and that leads back to it"}},
		"a folder": {"status": "directory", "denied": {"which is a folder"}},
		"a device": {"status": "not_regular", "denied": {"which is no regular file"}},
	}
	{finding.msg | some finding in policy.deny} == {sprintf("%s on node wk-1 is a link to /usr/local/share/ca-certificates/tkg-corp.crt, %s", [_path, why]) | some why in tc.denied} with input as _document(_link(tc.status))
	policy.subjects == {_subject} with input as _document(_link(tc.status))
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a file": _document({"status": "ok", "place": "system"}),
		"a link without a target": _document(object.union(_link("dangling"), {"link_target": ""})),
		"a link out of what was collected": _document(_link("escapes")),
		"a link to what may not be read": _document(_link("unreadable")),
		"status malformed": _document(_link(1)),
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: _link("dangling")}}}},
		"no file": {"nodes": {"wk-1": {"read": true}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document(_link("dangling"))
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
