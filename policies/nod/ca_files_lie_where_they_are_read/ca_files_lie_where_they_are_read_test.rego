package regpolicy.nod.ca_files_lie_where_they_are_read_test

import data.regpolicy.nod.ca_files_lie_where_they_are_read as policy

_certificates := {"ca": {"is_ca": true}, "client": {"is_ca": false}}

_file(place) := {"status": "ok", "place": place, "form": "pem", "certificates": ["ca"]}

_node(family, path, file) := {"read": true, "os_family": family, "trust_files": {path: file}, "registry_config": {"hosts": {"h": {"ca_files": ["/etc/containerd/certs.d/h/named.pem", "/etc/containerd/certs.d/h/named.cert"]}}}}

_suffix := "update-ca-certificates takes only files whose names end in .crt"

_client := "a .cert is taken for a client certificate, and pulls from that registry fail without its key"

_only := "of the files in a registry's folder only *.crt are CAs"

_stranger(family) := sprintf("the operating system (%s) does not read that folder", [family])

test_denials[name] if {
	some name, tc in {
		"Ubuntu's folder": {"family": "debian", "path": "/usr/local/share/ca-certificates/a.crt", "place": "debian", "denied": set()},
		"Ubuntu's folder, .pem": {"family": "debian", "path": "/usr/local/share/ca-certificates/a.pem", "place": "debian", "denied": {_suffix}},
		"Ubuntu's folder on RHEL": {"family": "rhel", "path": "/usr/local/share/ca-certificates/a.crt", "place": "debian", "denied": {_stranger("rhel")}},
		"Ubuntu's folder on Photon": {"family": "photon", "path": "/usr/local/share/ca-certificates/a.crt", "place": "debian", "denied": {_stranger("photon")}},
		"Ubuntu's folder on another system": {"family": "other", "path": "/usr/local/share/ca-certificates/a.crt", "place": "debian", "denied": set()},
		"RHEL's folder, .pem": {"family": "rhel", "path": "/etc/pki/ca-trust/source/anchors/a.pem", "place": "rhel", "denied": set()},
		"RHEL's folder on Ubuntu": {"family": "debian", "path": "/etc/pki/ca-trust/source/anchors/a.crt", "place": "rhel", "denied": {_stranger("debian")}},
		"RHEL's folder on Photon": {"family": "photon", "path": "/etc/pki/ca-trust/source/anchors/a.crt", "place": "rhel", "denied": {_stranger("photon")}},
		"a registry's folder": {"family": "photon", "path": "/etc/docker/certs.d/h/ca.crt", "place": "docker", "denied": set()},
		"a registry's folder, .cert": {"family": "photon", "path": "/etc/docker/certs.d/h/ca.cert", "place": "docker", "denied": {_client}},
		"a registry's folder, .pem": {"family": "photon", "path": "/etc/containerd/certs.d/h/ca.pem", "place": "containerd", "denied": {_only}},
		"a file that hosts.toml names": {"family": "photon", "path": "/etc/containerd/certs.d/h/named.pem", "place": "containerd", "denied": set()},
		"a .cert that hosts.toml names": {"family": "photon", "path": "/etc/containerd/certs.d/h/named.cert", "place": "containerd", "denied": set()},
	}
	document := {"certificates": _certificates, "nodes": {"wk-1": _node(tc.family, tc.path, _file(tc.place))}}
	{finding.msg | some finding in policy.deny} == {sprintf("%s on node wk-1 is not read as a CA: %s", [tc.path, fault]) | some fault in tc.denied} with input as document
	policy.subjects == {{"kind": "trust_file", "node": "wk-1", "path": tc.path}} with input as document
}

test_fields_that_are_missing if {
	node := {"read": true, "trust_files": {"/usr/local/share/ca-certificates/a.pem": _file("debian"), "/etc/docker/certs.d/h/ca.cert": _file("docker"), "/usr/local/share/ca-certificates/b.crt": _file("debian")}}
	found := policy.deny with input as {"certificates": _certificates, "nodes": {"wk-1": node}}
	{finding.subject.path | some finding in found} == {"/usr/local/share/ca-certificates/a.pem", "/etc/docker/certs.d/h/ca.cert"}
}

test_what_is_not_looked_at[name] if {
	some name, tc in {
		"a file in /etc/ssl/certs": {"path": "/etc/ssl/certs/a.txt", "file": _file("system")},
		"a client certificate": {"path": "/etc/docker/certs.d/h/client.cert", "file": object.union(_file("docker"), {"certificates": ["client"]})},
		"a certificate that is not in the document": {"path": "/etc/docker/certs.d/h/client.cert", "file": object.union(_file("docker"), {"certificates": ["gone"]})},
		"a file beside certs.d": {"path": "/etc/containerd/ca.pem", "file": _file("containerd")},
		"a file without certificates": {"path": "/usr/local/share/ca-certificates/README.pem", "file": object.union(_file("debian"), {"certificates": []})},
		"a link that leads nowhere": {"path": "/usr/local/share/ca-certificates/a.pem", "file": object.union(_file("debian"), {"status": "dangling"})},
		"a registry's file that could not be read": {"path": "/etc/docker/certs.d/h/ca.cert", "file": object.union(_file("docker"), {"status": "unreadable"})},
	}
	document := {"certificates": _certificates, "nodes": {"wk-1": _node("debian", tc.path, tc.file)}}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": _node("debian", "/a.pem", _file("debian"))}}
	finding.subject == {"kind": "trust_file", "node": "wk-1", "path": "/a.pem"}
	finding.evidence == ["/nodes/wk-1/trust_files/~1a.pem"]
}
