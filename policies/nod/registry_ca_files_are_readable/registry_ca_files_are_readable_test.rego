package regpolicy.nod.registry_ca_files_are_readable_test

import data.regpolicy.nod.registry_ca_files_are_readable as policy

_path := "/etc/containerd/certs.d/h/ca.crt"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_good := {"status": "ok", "place": "containerd", "form": "pem", "blocks": [{"label": "CERTIFICATE", "ok": false}, {"label": "CERTIFICATE", "ok": true}]}

_node(file) := {"read": true, "trust_files": {_path: file}, "registry_config": {"hosts": {"h": {"ca_files": [_path]}, "g": {"ca_files": ["/distribution.crt", _path]}, "f": {}}}}

test_denials[name] if {
	some name, tc in {
		"PEM": {"file": _good, "denied": set()},
		"absent": {"file": object.union(_good, {"status": "absent"}), "denied": {"is not there"}},
		"dangling": {"file": object.union(_good, {"status": "dangling"}), "denied": {"is a link to nothing"}},
		"a loop": {"file": object.union(_good, {"status": "loop"}), "denied": {"is a link that leads back to itself"}},
		"a folder": {"file": object.union(_good, {"status": "directory"}), "denied": {"is a folder"}},
		"a device": {"file": object.union(_good, {"status": "not_regular"}), "denied": {"is no regular file"}},
		"another form": {"file": object.union(_good, {"form": "broken_pem"}), "denied": {"is no PEM certificate (broken pem)"}},
		"no good block": {"file": object.union(_good, {"blocks": [{"label": "CERTIFICATE", "ok": false}]}), "denied": {"holds no certificate that can be read"}},
		"blocks missing": {"file": json.remove(_good, ["blocks"]), "denied": {"holds no certificate that can be read"}},
		"status malformed": {"file": object.union(_good, {"status": 1}), "denied": {"holds no certificate that can be read"}},
	}
	{finding.msg | some finding in policy.deny} == {sprintf("/etc/containerd/certs.d/h/ca.crt on node wk-1, the CA of g, h, %s", [why]) | some why in tc.denied} with input as {"nodes": {"wk-1": _node(tc.file)}}
	policy.subjects == {_subject} with input as {"nodes": {"wk-1": _node(tc.file)}}
}

test_what_is_not_looked_at[name] if {
	some name, node in {
		"a file that may not be read": _node(object.union(_good, {"status": "unreadable", "form": "unreadable"})),
		"a file that is too large": _node(object.union(_good, {"status": "too_large", "form": "unreadable"})),
		"a link out of what was collected": _node(object.union(_good, {"status": "escapes", "form": "unreadable"})),
		"a file that nothing names": object.union(_node(object.union(_good, {"status": "absent"})), {"registry_config": {"hosts": {"h": {"ca_files": []}, "g": {"ca_files": []}}}}),
		"a node that was not read": object.union(_node(object.union(_good, {"status": "absent"})), {"read": false}),
		"no configuration": {"read": true},
	}
	policy.subjects == set() with input as {"nodes": {"wk-1": node}}
	policy.deny == set() with input as {"nodes": {"wk-1": node}}
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": _node(object.union(_good, {"status": "absent"}))}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1containerd~1certs.d~1h~1ca.crt"]
}

test_repair if {
	node := object.union(_node(object.union(_good, {"status": "absent"})), {"registry_config": {"hosts": {
		"h": {"ca_files": [_path], "origin": "/etc/containerd/certs.d/h/hosts.toml"},
		"g": {"ca_files": [_path], "origin": "/etc/containerd/certs.d/g/hosts.toml"},
		"f": {"ca_files": [], "origin": "/etc/containerd/certs.d/f/hosts.toml"},
	}}})
	some finding in policy.deny with input as {"nodes": {"wk-1": node}}
	finding.remediation == "Put the CA of g, h as PEM at /etc/containerd/certs.d/h/ca.crt on wk-1, or correct the path in /etc/containerd/certs.d/g/hosts.toml, /etc/containerd/certs.d/h/hosts.toml; what hosts.toml names is read at the next pull, without a restart"
}
