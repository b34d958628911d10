package regpolicy.cfg.supervisor_trusts_registries_test

import data.regpolicy.cfg.supervisor_trusts_registries as policy

_registry := {"host": "harbor.corp.example", "port": 443, "platforms": ["vsphere_pod"]}

_document(registry, verdicts, entry) := {
	"public_store": "public:1",
	"registries": {"harbor.corp.example:443": object.union(_registry, registry)},
	"endpoints": {"harbor.corp.example:443": {"chains": {store: {"verdicts": {store: {"ok": ok}}} | some store, ok in verdicts}}},
	"domains": {"supervisor": {"trust_store": "configured:1", "entries": ["e"]}},
	"trust": {"e": object.union({"domain": "supervisor", "object": {"kind": "ConfigMap", "name": "x"}, "label": "#0", "value": {"certificates": ["f1"]}}, entry)},
}

_subject := {"kind": "registry", "name": "harbor.corp.example:443", "domain": "supervisor"}

_nothing := {"vSphere Pods use the registry harbor.corp.example:443, and the Supervisor is told to trust no certificate at all"}

_nowhere := {"vSphere Pods use the registry harbor.corp.example:443, and its chain leads to no certificate that the Supervisor is told to trust"}

_none := {"value": {"certificates": []}}

test_registries[name] if {
	some name, tc in {
		"a chain to the bundle": {"registry": {}, "verdicts": {"configured:1": true}, "entry": {}, "denied": set(), "subjects": {_subject}},
		"a chain that leads nowhere": {"registry": {}, "verdicts": {"configured:1": false}, "entry": {}, "denied": _nowhere, "subjects": {_subject}},
		"a chain that another domain trusts": {"registry": {}, "verdicts": {"configured:1": false, "configured:2": true}, "entry": {}, "denied": _nowhere, "subjects": {_subject}},
		"a chain that was not judged": {"registry": {}, "verdicts": {"configured:2": true}, "entry": {}, "denied": set(), "subjects": set()},
		"not probed": {"registry": {}, "verdicts": {}, "entry": {}, "denied": set(), "subjects": set()},
		"not probed, and an empty bundle": {"registry": {}, "verdicts": {}, "entry": _none, "denied": _nothing, "subjects": {_subject}},
		"probed, and an empty bundle": {"registry": {}, "verdicts": {"configured:1": false}, "entry": _none, "denied": _nothing, "subjects": {_subject}},
		"a verdict of a bundle that is empty": {"registry": {}, "verdicts": {"configured:1": true}, "entry": _none, "denied": _nothing, "subjects": {_subject}},
		"pods of the nodes": {"registry": {"platforms": ["kubelet"]}, "verdicts": {"configured:1": false}, "entry": {}, "denied": set(), "subjects": set()},
		"pods of both": {"registry": {"platforms": ["kubelet", "vsphere_pod"]}, "verdicts": {"configured:1": false}, "entry": {}, "denied": _nowhere, "subjects": {_subject}},
		"a well-known registry": {"registry": {"host": "docker.io"}, "verdicts": {"configured:1": false}, "entry": {}, "denied": set(), "subjects": set()},
		"a public chain": {"registry": {}, "verdicts": {"configured:1": false, "public:1": true}, "entry": {}, "denied": set(), "subjects": set()},
		"a bundle that is forbidden": {"registry": {}, "verdicts": {"configured:1": false}, "entry": {"reason": "forbidden"}, "denied": set(), "subjects": set()},
		"a bundle in part forbidden, and trusted": {"registry": {}, "verdicts": {"configured:1": true}, "entry": {"reason": "forbidden"}, "denied": set(), "subjects": {_subject}},
	}
	document := _document(tc.registry, tc.verdicts, tc.entry)
	{finding.msg | some finding in policy.deny} == tc.denied with input as document
	policy.subjects == tc.subjects with input as document
}

test_what_is_not_looked_at[name] if {
	some name, document in {
		"no Supervisor": json.remove(_document({}, {"configured:1": false}, {}), ["domains/supervisor"]),
		"no platforms": json.remove(_document({}, {"configured:1": false}, {}), ["registries/harbor.corp.example:443/platforms"]),
		"a bundle that may not be read": object.union(_document({}, {"configured:1": false}, {}), {"coverage": {"trust": {"gaps": [{"subject": {"kind": "config_map", "name": "image-fetcher-ca-bundle"}, "field": "entries"}]}}}),
	}
	policy.subjects == set() with input as document
	policy.deny == set() with input as document
}

test_finding if {
	some finding in policy.deny with input as _document({}, {"configured:1": false}, {})
	json.remove(finding, ["msg", "remediation"]) == {"subject": _subject, "evidence": ["/registries/harbor.corp.example:443", "/domains/supervisor"]}
}

test_repair[name] if {
	some name, tc in {
		"not probed": {"endpoints": {}, "want": "Get the certificate of the CA that signed the registry's certificate (`openssl s_client -connect harbor.corp.example:443 -showcerts` shows the chain), compare its fingerprint with its owner, and append it to the key ca-bundle on the Supervisor (`kubectl -n kube-system edit configmap image-fetcher-ca-bundle`; keep what is there), or register the registry with its certificate chain in the Supervisor's settings"},
		"probed": {"endpoints": _presenting(["leaf"]), "want": "Get the certificate of the CA \"CN=Root\" at the end of the registry's chain ("},
		"two chains": {"endpoints": _presenting(["leaf", "other"]), "want": "Get the certificate of the CA that signed the registry's certificate ("},
	}
	document := object.union(_document({}, {}, {}), {
		"domains": {"supervisor": {"trust_store": "configured:1", "entries": []}}, "trust": {},
		"certificates": {"leaf": {"issuer": "CN=Root"}, "other": {"issuer": "CN=Other"}},
		"endpoints": tc.endpoints,
	})
	some finding in policy.deny with input as document
	startswith(finding.remediation, tc.want)
}

_presenting(leaves) := {"harbor.corp.example:443": {"chains": {leaf: {"certificates": [leaf], "verdicts": {}} | some leaf in leaves}}}
