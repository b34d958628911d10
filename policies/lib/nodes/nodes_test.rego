package regpolicy.lib.nodes_test

import data.regpolicy.lib.nodes

test_only_read_nodes_count if {
	found := nodes.read with input as {"nodes": {"a": {"read": true}, "b": {"read": false}, "c": {}}}
	object.keys(found) == {"a"}
}

test_lacks[name] if {
	some name, tc in {
		"the whole node": {"gap": {"subject": {"kind": "node", "name": "a"}, "reason": "refused"}, "lacks": true},
		"one of the fields": {"gap": {"subject": {"kind": "node", "name": "a"}, "field": "trust_files"}, "lacks": true},
		"another field": {"gap": {"subject": {"kind": "node", "name": "a"}, "field": "clock"}, "lacks": false},
		"another node": {"gap": {"subject": {"kind": "node", "name": "b"}}, "lacks": false},
		"a thing of that name that is no node": {"gap": {"subject": {"kind": "pod", "name": "a"}}, "lacks": false},
	}
	_lacks({"coverage": {"nodes": {"gaps": [tc.gap]}}}) == tc.lacks
}

test_without_coverage_nothing_is_lacking if not _lacks({}) == true

default _lacks(_) := false

_lacks(document) if nodes.lacks("a", {"trust_files"}) with input as document

test_trusted[name] if {
	some name, tc in {
		"what the store and the files hold": {"node": {"read": true, "trust_store": "go:1", "trust_files": {"/a": {"form": "pem", "certificates": ["f1"]}}}, "want": {"f1", "s1"}},
		"no file that still is base64": {"node": {"read": true, "trust_store": "go:1", "trust_files": {"/a": {"form": "base64_of_pem", "certificates": ["f1"]}}}, "want": {"s1"}},
		"files alone where the store is not known": {"node": {"read": true, "trust_files": {"/a": {"form": "pem", "certificates": ["f1", "f2"]}}}, "want": {"f1", "f2"}},
		"nothing where the store is not in the document": {"node": {"read": true, "trust_store": "go:2"}, "want": set()},
	}
	found := {fingerprint | some fingerprint in ["f1", "f2", "s1"]; _trusts(tc.node, fingerprint)}
	found == tc.want
}

_trusts(node, fingerprint) if nodes.trusts(node, fingerprint) with input as {"trust_stores": {"go:1": {"anchors": ["s1"]}}}

test_stores if {
	found := nodes.stores with input as {"trust_stores": {"go:1": {"anchors": ["b", "a"]}, "go:2": {}}}
	found == {"go:1": {"a", "b"}, "go:2": set()}
}

test_holds[name] if {
	some name, tc in {
		"a file of the entry": {"files": {"/a": {"entry": "corp", "status": "ok"}}, "holds": true},
		"a link that leads nowhere": {"files": {"/a": {"entry": "corp", "status": "dangling"}}, "holds": false},
		"a file of another entry": {"files": {"/a": {"entry": "corp2", "status": "ok"}}, "holds": false},
		"no file": {"files": {}, "holds": false},
	}
	_holds(tc.files) == tc.holds
}

default _holds(_) := false

_holds(files) if nodes.holds({"trust_files": files}, "corp")

test_ca_files[name] if {
	some name, tc in {
		"a PEM file": {"path": "/etc/ssl/certs/a.pem", "file": {"status": "ok", "form": "pem", "blocks": [{"label": "CERTIFICATE"}]}, "ca": true},
		"a DER file without blocks": {"path": "/etc/ssl/certs/a.crt", "file": {"status": "ok", "form": "der", "blocks": []}, "ca": true},
		"a damaged file of the configuration, whatever it holds": {"path": "/etc/ssl/certs/tkg-a.pem", "file": {"status": "ok", "entry": "a", "form": "private_key", "blocks": [{"label": "PRIVATE KEY"}]}, "ca": true},
		"PKCS#7 in a PEM label": {"path": "/etc/ssl/certs/a.cer", "file": {"status": "ok", "form": "pkcs7", "blocks": [{"label": "PKCS7"}]}, "ca": true},
		"a trusted certificate, which Go skips": {"path": "/etc/ssl/certs/a.cer", "file": {"status": "ok", "form": "broken_pem", "blocks": [{"label": "TRUSTED CERTIFICATE"}]}, "ca": true},
		"parameters": {"path": "/etc/ssl/certs/dh.pem", "file": {"status": "ok", "form": "broken_pem", "blocks": [{"label": "DH PARAMETERS"}]}, "ca": false},
		"a key": {"path": "/etc/containerd/a.pem", "file": {"status": "ok", "form": "private_key", "blocks": [{"label": "EC PARAMETERS"}, {"label": "EC PRIVATE KEY"}]}, "ca": false},
		"a client certificate": {"path": "/etc/docker/certs.d/h/client.cert", "file": {"status": "ok", "form": "pem", "blocks": []}, "ca": false},
		"one that could not be read": {"path": "/etc/ssl/certs/a.pem", "file": {"status": "ok", "form": "unreadable", "blocks": []}, "ca": false},
		"a dangling link": {"path": "/etc/ssl/certs/a.pem", "file": {"status": "dangling", "form": "pem", "blocks": []}, "ca": false},
	}
	_ca_file(tc.path, tc.file) == tc.ca
}

default _ca_file(_, _) := false

_ca_file(path, file) if nodes.ca_file(path, file)

test_lacking if {
	gaps := [
		{"subject": {"kind": "node", "name": "wk-1"}, "field": "trust_store", "reason": "permission_denied"},
		{"subject": {"kind": "node", "name": "wk-2"}, "reason": "unreachable"},
		{"subject": {"kind": "node", "name": "wk-3"}, "field": "clock", "reason": "permission_denied"},
		{"subject": {"kind": "section", "name": "nodes"}, "reason": "forbidden"},
	]
	nodes.lacking({"trust_store"}) == {"wk-1", "wk-2"} with input as {"coverage": {"nodes": {"gaps": gaps}}}
	nodes.lacking({"trust_store"}) == set() with input as {}
}
