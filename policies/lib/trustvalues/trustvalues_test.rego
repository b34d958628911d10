package regpolicy.lib.trustvalues_test

import data.regpolicy.lib.trustvalues

_entry := {"domain": "workload", "object": {"kind": "Cluster", "namespace": "ns", "name": "demo"}, "label": "corp"}

_document := {
	"certificates": {"f1": {"common_name": "one"}},
	"trust": {
		"without": _entry,
		"empty": object.union(_entry, {"value": {"certificates": []}}),
		"foreign": object.union(_entry, {"value": {"certificates": ["gone"]}}),
		"bundle": object.union(_entry, {"value": {"certificates": ["f1", "gone"]}}),
	},
}

test_held if object.keys(trustvalues.held) == {"bundle", "empty", "foreign"} with input as _document

test_certificates if trustvalues.certificates == {"bundle": {"f1": {"common_name": "one"}}} with input as _document

test_words if trustvalues.of(_entry) == `the value of "corp" in Cluster/demo`
