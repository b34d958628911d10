package regpolicy.nod.runtimes_keep_the_trust_store_test

import data.regpolicy.nod.runtimes_keep_the_trust_store as policy

_subject := {"kind": "node", "name": "wk-1"}

_file(place) := {"status": "ok", "place": place, "form": "pem", "blocks": [], "certificates": ["f1"]}

_node(environment, store) := {"read": true, "access": {"method": "ssh"}, "trust_store": store, "environment": environment, "trust_files": {"/etc/ssl/certs/tkg-corp.pem": _file("system")}}

_document(node) := {
	"certificates": {"f1": {"common_name": "Corp CA"}, "f2": {"common_name": "Corp CA 2"}},
	"trust_stores": {"go:all": {"anchors": ["f1", "p"]}, "go:none": {"anchors": ["p"]}},
	"nodes": {"wk-1": node},
}

_file_set := {"SSL_CERT_FILE": "/opt/ca.pem"}

_lacks(variables) := sprintf(`the container runtime of node wk-1 does not trust all that lies in CA files there ("Corp CA"): its unit sets %s`, [variables])

_info(variables) := sprintf("the container runtime of node wk-1 does not use the system's trust store: its unit sets %s", [variables])

test_verdicts[name] if {
	some name, tc in {
		"nothing is set": {"node": _node({}, "go:all"), "denied": set(), "warned": set()},
		"no environment": {"node": json.remove(_node({}, "go:all"), ["environment"]), "denied": set(), "warned": set()},
		"nothing is set, and a CA is lacking": {"node": _node({}, "go:none"), "denied": set(), "warned": set()},
		"it hides nothing": {"node": _node(_file_set, "go:all"), "denied": set(), "warned": {_info("SSL_CERT_FILE=/opt/ca.pem")}},
		"it hides a CA": {"node": _node(_file_set, "go:none"), "denied": {_lacks("SSL_CERT_FILE=/opt/ca.pem")}, "warned": {_info("SSL_CERT_FILE=/opt/ca.pem")}},
		"it hides two CAs": {
			"node": object.union(_node(_file_set, "go:none"), {"trust_files": {"/etc/ssl/certs/b.pem": object.union(_file("system"), {"certificates": ["f2"]})}}),
			"denied": {`the container runtime of node wk-1 does not trust all that lies in CA files there ("Corp CA", "Corp CA 2"): its unit sets SSL_CERT_FILE=/opt/ca.pem`},
			"warned": {_info("SSL_CERT_FILE=/opt/ca.pem")},
		},
		"both": {"node": _node(object.union(_file_set, {"SSL_CERT_DIR": "/opt/c"}), "go:none"), "denied": {_lacks("SSL_CERT_DIR=/opt/c and SSL_CERT_FILE=/opt/ca.pem")}, "warned": {_info("SSL_CERT_DIR=/opt/c and SSL_CERT_FILE=/opt/ca.pem")}},
		"a store that is not in the document": {"node": _node(_file_set, "go:gone"), "denied": {_lacks("SSL_CERT_FILE=/opt/ca.pem")}, "warned": {_info("SSL_CERT_FILE=/opt/ca.pem")}},
		"a registry's CA is not hidden by it": {"node": object.union(_node(_file_set, "go:none"), {"trust_files": {"/etc/ssl/certs/tkg-corp.pem": _file("containerd")}}), "denied": set(), "warned": {_info("SSL_CERT_FILE=/opt/ca.pem")}},
		"a file that cannot be used": {"node": object.union(_node(_file_set, "go:none"), {"trust_files": {"/etc/ssl/certs/tkg-corp.pem": {"form": "der"}}}), "denied": set(), "warned": {_info("SSL_CERT_FILE=/opt/ca.pem")}},
		"a copy of files that tells it": {"node": object.union(_node(_file_set, "go:all"), {"access": {"method": "tree"}}), "denied": set(), "warned": {_info("SSL_CERT_FILE=/opt/ca.pem")}},
	}
	{finding.msg | some finding in policy.deny; finding.severity == "high"} == tc.denied with input as _document(tc.node)
	{finding.msg | some finding in policy.warn; finding.severity == "info"} == tc.warned with input as _document(tc.node)
	policy.subjects == {_subject} with input as _document(tc.node)
}

test_what_is_not_looked_at[name] if {
	some name, node in {
		"a copy of files without units": object.union(_node({}, "go:none"), {"access": {"method": "tree"}}),
		"access missing": json.remove(_node({}, "go:none"), ["access"]),
		"a trust store that is not known": json.remove(_node(_file_set, ""), ["trust_store"]),
		"a node that was not read": object.union(_node(_file_set, "go:none"), {"read": false}),
	}
	policy.subjects == set() with input as _document(node)
	policy.deny == set() with input as _document(node)
	policy.warn == set() with input as _document(node)
}

test_evidence_and_subject[rule] if {
	some rule in ["deny", "warn"]
	some finding in policy[rule] with input as _document(_node(_file_set, "go:none"))
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1/environment"]
}
