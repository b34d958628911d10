package regpolicy.nod.cas_are_known_to_openssl_test

import data.regpolicy.nod.cas_are_known_to_openssl as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_file := {"status": "ok", "place": "system", "entry": "corp", "form": "pem", "blocks": [], "certificates": ["f1"]}

_node(go, openssl, file) := {"read": true, "trust_store": go, "openssl_store": openssl, "trust_files": {_path: file}}

_document(node) := {
	"certificates": {"f1": {"common_name": "Corp CA"}, "f2": {"common_name": "Corp CA 2"}},
	"trust_stores": {"go:1": {"anchors": ["f1", "f2"]}, "openssl:1": {"anchors": ["f1"]}, "openssl:0": {"anchors": []}, "go:1b": {"anchors": ["f1"]}},
	"nodes": {"wk-1": node},
}

_told(names, effect) := sprintf("/etc/ssl/certs/tkg-corp.pem on node wk-1 is a loose file: neither the system's bundle nor a hash link has %s, so %s", [names, effect])

_go := "containerd trusts it, curl and openssl do not"

_none := "nothing on the node trusts it"

test_denials[name] if {
	some name, tc in {
		"known": {"node": _node("go:1", "openssl:1", _file), "denied": set()},
		"loose, and Go reads it": {"node": _node("go:1", "openssl:0", _file), "denied": {_told(`"Corp CA"`, _go)}},
		"loose, where Go does not read it": {"node": _node("go:0", "openssl:0", object.union(_file, {"place": "debian"})), "denied": {_told(`"Corp CA"`, _none)}},
		"the second of two": {"node": _node("go:1", "openssl:1", object.union(_file, {"certificates": ["f1", "f2"]})), "denied": {_told(`"Corp CA 2"`, _go)}},
		"two, of which Go knows one": {"node": _node("go:1b", "openssl:0", object.union(_file, {"certificates": ["f1", "f2"]})), "denied": {_told(`"Corp CA", "Corp CA 2"`, _none)}},
		"a store that is not in the document": {"node": _node("go:1", "openssl:2", object.union(_file, {"place": "rhel"})), "denied": {_told(`"Corp CA"`, _go)}},
	}
	{finding.msg | some finding in policy.deny} == tc.denied with input as _document(tc.node)
	policy.subjects == {_subject} with input as _document(tc.node)
}

test_what_is_not_looked_at[name] if {
	some name, node in {
		"a node of which it is not known what OpenSSL trusts": json.remove(_node("go:1", "", _file), ["openssl_store"]),
		"a node that was not read": object.union(_node("go:1", "openssl:0", _file), {"read": false}),
		"a CA for one registry": _node("go:1", "openssl:0", object.union(_file, {"place": "containerd"})),
		"a file that is another policy's": _node("go:1", "openssl:0", object.union(_file, {"form": "der"})),
		"no file": {"read": true, "openssl_store": "openssl:0"},
	}
	policy.subjects == set() with input as _document(node)
	policy.deny == set() with input as _document(node)
}

test_evidence_and_subject if {
	some finding in policy.deny with input as _document(_node("go:1", "openssl:0", _file))
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
