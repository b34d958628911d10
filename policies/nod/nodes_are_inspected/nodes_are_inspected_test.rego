package regpolicy.nod.nodes_are_inspected_test

import data.regpolicy.nod.nodes_are_inspected as policy

_subject := {"kind": "node", "name": "wk-1"}

_told := "node wk-1 was not inspected, as its files were not asked for: what holds on other nodes need not hold there"

test_warnings[name] if {
	some name, tc in {
		"read": {"node": {"read": true}, "warned": set(), "subjects": {_subject}},
		"not read": {"node": {"read": false}, "warned": {_told}, "subjects": {_subject}},
		"read missing": {"node": {}, "warned": {_told}, "subjects": {_subject}},
		"an ESXi host": {"node": {"read": false, "os_family": "esxi"}, "warned": set(), "subjects": set()},
		"an agent of a Supervisor": {"node": {"read": false, "role": "agent"}, "warned": set(), "subjects": set()},
		"a worker of Photon": {"node": {"read": false, "role": "worker", "os_family": "photon"}, "warned": {_told}, "subjects": {_subject}},
	}
	document := {"nodes": {"wk-1": tc.node}}
	{finding.msg | some finding in policy.warn} == tc.warned with input as document
	policy.subjects == tc.subjects with input as document
}

test_no_node if {
	policy.subjects == set() with input as {"nodes": {}}
	policy.warn == set() with input as {"nodes": {}}
}

test_evidence_and_subject if {
	some finding in policy.warn with input as {"nodes": {"wk-1": {"read": false}}}
	finding.subject == _subject
	finding.evidence == ["/nodes/wk-1"]
}
