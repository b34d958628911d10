package regpolicy.nod.ca_files_are_pem_test

import data.regpolicy.nod.ca_files_are_pem as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_good := {"status": "ok", "entry": "corp", "place": "system", "form": "pem", "base64_layers": 0, "blocks": [{"label": "CERTIFICATE", "ok": false}, {"label": "CERTIFICATE", "ok": true}]}

_skipped := "it is skipped without a word, and the CA is not trusted"

_repair := "Replace /etc/ssl/certs/tkg-corp.pem on wk-1 by the CA's certificate as PEM, run `rehash_ca_certificates.sh`, and restart the container runtime (`systemctl restart containerd`)"

_at_a_pull := "Replace /etc/ssl/certs/tkg-corp.pem on wk-1 by the CA's certificate as PEM; the runtime reads it at the next pull"

test_denials[name] if {
	some name, tc in {
		"one block can be read": {"file": _good, "denied": set()},
		"no block can be read": {"file": object.union(_good, {"blocks": [{"label": "CERTIFICATE", "ok": false}]}), "denied": {["no certificate in it can be read", _skipped, ""]}},
		"there is no block": {"file": object.union(_good, {"blocks": []}), "denied": {["no certificate in it can be read", _skipped, ""]}},
		"blocks missing": {"file": json.remove(_good, ["blocks"]), "denied": {["no certificate in it can be read", _skipped, ""]}},
		"a DER file, laid there by hand": {"file": object.union(json.remove(_good, ["entry"]), {"form": "der", "blocks": []}), "denied": {["der", _skipped, _repair]}},
		"damaged": {"file": object.union(_good, {"form": "broken_pem"}), "denied": {["broken pem", _skipped, ""]}},
		"empty": {"file": object.union(_good, {"form": "empty", "base64_layers": null}), "denied": {["empty", _skipped, ""]}},
		"base64": {"file": object.union(_good, {"form": "base64_of_pem", "base64_layers": 2}), "denied": {["base64 text, 2 layer(s) around it", _skipped, ""]}},
		"layers missing": {"file": object.union(json.remove(_good, ["base64_layers"]), {"form": "other"}), "denied": {["other", _skipped, ""]}},
		"a registry's CA file": {"file": object.union(json.remove(_good, ["entry"]), {"form": "der", "place": "containerd"}), "denied": {["der", "a registry that is configured with it cannot be pulled from", _at_a_pull]}},
		"a registry's CA file for docker": {"file": object.union(json.remove(_good, ["entry"]), {"form": "der", "place": "docker"}), "denied": {["der", "a registry that is configured with it cannot be pulled from", _at_a_pull]}},
	}
	document := {"nodes": {"wk-1": {"read": true, "os_family": "photon", "trust_files": {_path: tc.file}}}}
	denied := {[sprintf("%s on node wk-1 is no PEM certificate (%s): %s", [_path, d[0], d[1]]), d[2]] | some d in tc.denied}
	{[finding.msg, finding.remediation] | some finding in policy.deny} == denied with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: object.union(_good, {"form": "der"})}}}},
		"a file that could not be read": {"nodes": {"wk-1": {"read": true, "trust_files": {_path: object.union(_good, {"status": "unreadable", "form": "unreadable"})}}}},
		"no file": {"nodes": {"wk-1": {"read": true}}},
		"no node": {"nodes": {}},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": {"read": true, "trust_files": {_path: object.union(_good, {"form": "der"})}}}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}

test_a_link_is_the_file_that_it_leads_to if {
	file := object.union(json.remove(_good, ["entry"]), {"form": "der"})
	document := {"nodes": {"wk-1": {"read": true, "trust_files": {
		"/usr/local/share/ca-certificates/corp.crt": file,
		_path: object.union(file, {"real_path": "/usr/local/share/ca-certificates/corp.crt"}),
	}}}}
	{subject.path | some subject in policy.subjects} == {"/usr/local/share/ca-certificates/corp.crt"} with input as document
	{finding.subject.path | some finding in policy.deny} == {"/usr/local/share/ca-certificates/corp.crt"} with input as document
}
