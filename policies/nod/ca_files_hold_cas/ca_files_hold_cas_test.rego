package regpolicy.nod.ca_files_hold_cas_test

import data.regpolicy.nod.ca_files_hold_cas as policy

_path := "/etc/ssl/certs/tkg-corp.pem"

_subject := {"kind": "trust_file", "node": "wk-1", "path": _path}

_file := {"status": "ok", "entry": "corp", "place": "system", "form": "pem", "blocks": [], "certificates": ["leaf"]}

_certificates := {"ca": {"common_name": "Corp CA", "is_ca": true}, "leaf": {"common_name": "harbor.corp.example", "is_ca": false}, "bare": {"common_name": "bare"}}

_told(name) := sprintf(`/etc/ssl/certs/tkg-corp.pem on node wk-1 holds no CA certificate: %q is no CA, and trusting it ends when it is renewed`, [name])

_repair := "Replace what /etc/ssl/certs/tkg-corp.pem on wk-1 holds by the certificate of the CA that issued it"

test_denials[name] if {
	some name, tc in {
		"a CA": {"file": object.union(_file, {"certificates": ["ca"]}), "denied": set()},
		"a CA behind a leaf": {"file": object.union(_file, {"certificates": ["leaf", "ca"]}), "denied": set()},
		"a leaf": {"file": _file, "denied": {[_told("harbor.corp.example"), ""]}},
		"leaves": {"file": object.union(_file, {"certificates": ["leaf", "bare"]}), "denied": {[_told("harbor.corp.example"), ""]}},
		"a leaf that was laid there by hand": {"file": json.remove(_file, ["entry"]), "denied": {[_told("harbor.corp.example"), _repair]}},
		"is_ca missing": {"file": object.union(_file, {"certificates": ["bare"]}), "denied": {[_told("bare"), ""]}},
		"certificate missing": {"file": object.union(_file, {"certificates": ["gone"]}), "denied": {[_told("a certificate that is not in this document"), ""]}},
	}
	document := {"certificates": _certificates, "nodes": {"wk-1": {"read": true, "trust_files": {_path: tc.file}}}}
	{[finding.msg, finding.remediation] | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == {_subject} with input as document
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"a node that was not read": {"nodes": {"wk-1": {"read": false, "trust_files": {_path: _file}}}},
		"a file without certificates": {"nodes": {"wk-1": {"read": true, "trust_files": {_path: object.union(_file, {"certificates": []})}}}},
		"a file that is another policy's": {"nodes": {"wk-1": {"read": true, "trust_files": {_path: object.union(_file, {"form": "base64_of_pem"})}}}},
		"no file": {"nodes": {"wk-1": {"read": true}}},
		"no section": {},
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_evidence_and_subject if {
	some finding in policy.deny with input as {"nodes": {"wk-1": {"read": true, "trust_files": {_path: _file}}}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/trust_files/~1etc~1ssl~1certs~1tkg-corp.pem"]
}
