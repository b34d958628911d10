package regpolicy.nod.ca_files_are_decoded_test

import data.regpolicy.nod.ca_files_are_decoded as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_encoded := {"status": "ok", "entry": "corp", "form": "base64_of_pem", "base64_layers": 2}

_repair := "Decode /etc/ssl/certs/tkg-corp.pem on wk-1 once for each layer (`base64 -d`), run `rehash_ca_certificates.sh`, and restart the container runtime (`systemctl restart containerd`)"

test_denials[name] if {
	some name, tc in {
		"PEM": {"file": object.union(_encoded, {"form": "pem", "base64_layers": 0}), "denied": set()},
		"another fault is another policy's": {"file": object.union(_encoded, {"form": "der", "base64_layers": 0}), "denied": set()},
		"base64 of PEM": {"file": _encoded, "denied": {[2, ""]}},
		"base64 of DER": {"file": object.union(_encoded, {"form": "base64_of_der"}), "denied": {[2, ""]}},
		"a file that no configuration made": {"file": json.remove(_encoded, ["entry"]), "denied": {[2, _repair]}},
		"layers missing": {"file": json.remove(_encoded, ["base64_layers"]), "denied": {[1, ""]}},
		"form malformed": {"file": object.union(_encoded, {"form": 1}), "denied": set()},
	}
	document := {"nodes": {"wk-1": {"read": true, "os_family": "photon", "trust_files": {_path: tc.file}}}}
	denied := {[sprintf("%s on node wk-1 is base64 text, not PEM: %d layer(s) must still come off", [_path, d[0]]), d[1]] | some d in tc.denied}
	{[finding.msg, finding.remediation] | some finding in policy.deny} == denied with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: _encoded}}}},
		"a client certificate": {"nodes": {"wk-1": {"read": true, "trust_files": {"/etc/docker/certs.d/h/client.cert": _encoded}}}},
		"no file": {"nodes": {"wk-1": {"read": true, "trust_files": {}}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": {"read": true, "trust_files": {_path: _encoded}}}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}

test_a_link_is_the_file_that_it_leads_to if {
	file := _encoded
	document := {"nodes": {"wk-1": {"read": true, "trust_files": {
		"/usr/local/share/ca-certificates/corp.crt": file,
		_path: object.union(file, {"real_path": "/usr/local/share/ca-certificates/corp.crt"}),
	}}}}
	{subject.path | some subject in policy.subjects} == {"/usr/local/share/ca-certificates/corp.crt"} with input as document
	{finding.subject.path | some finding in policy.deny} == {"/usr/local/share/ca-certificates/corp.crt"} with input as document
}
