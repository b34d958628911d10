package regpolicy.lib.workloads_test

import data.regpolicy.lib.workloads

test_candidates[name] if {
	some name, tc in {
		"every pod that could not pull": {"document": {"pull_failures": {"s/w/a": {"namespace": "s", "pod": "w"}, "s/w/b": {"namespace": "s", "pod": "w"}}}, "want": {{"kind": "pod", "namespace": "s", "name": "w"}}},
		"the document where pods were looked at and none waits": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": true}}}, "want": {{"kind": "document"}}},
		"nothing where only events were, which last an hour": {"document": {"pull_failures": {}, "coverage": {"pods": {"requested": false}}}, "want": set()},
		"nothing without the section": {"document": {"coverage": {"pods": {"requested": true}}}, "want": set()},
	}
	workloads.candidates == tc.want with input as tc.document
}

test_words[name] if {
	some name, tc in {
		"all is known": {"failure": {"namespace": "s", "pod": "w", "image": "i:1", "node": "n", "host": "auth:443", "registry": "h:443"}, "pull": "pod s/w cannot pull i:1 on node n", "host": "auth:443"},
		"the node is not known": {"failure": {"namespace": "s", "pod": "w", "image": "i:1", "node": "", "host": "", "registry": "h:443"}, "pull": "pod s/w cannot pull i:1", "host": "h:443"},
		"hardly anything is known": {"failure": {"namespace": "s", "pod": "w", "image": ""}, "pull": "pod s/w cannot pull an image", "host": "the registry"},
	}
	workloads.cannot_pull(tc.failure) == tc.pull
	workloads.host(tc.failure) == tc.host
}

test_evidence if workloads.evidence("s/w/a") == ["/pull_failures/s~1w~1a"]

test_login[registry] if {
	some registry, server in {"harbor:443": "harbor", "harbor:5000": "harbor:5000", "docker.io:443": "https://index.docker.io/v1/"}
	workloads.login("robot", "shop", registry) == sprintf("`kubectl create secret docker-registry robot -n shop --docker-server=%s --docker-username=USER --docker-password=PASSWORD`", [server])
}
