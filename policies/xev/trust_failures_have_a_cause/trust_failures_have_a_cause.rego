# METADATA
# title: No pull fails on x509 while all trust evidence is sound
# description: >-
#   Where a node's pull fails on the registry's certificate, the certificate is seen to be
#   wrong for that node: its chain leads to no anchor of the node's trust store, or is not
#   valid now, or is of another name. Where it is right in all of that, the message lists
#   what is left to look at, in order, without what this document rules out.
# custom:
#   id: RT-XEV-007
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Go through the candidates in the order in which they are listed; restarting the
#     container runtime on the node is first, since it reads the trust store once.
#   explains: [RT-EVT-001, RT-EVT-002, RT-EVT-003, RT-EVT-004, RT-EVT-005, RT-EVT-006]
#   optional_evidence: [proxies]
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.trust_failures_have_a_cause

import data.regpolicy.lib.chains
import data.regpolicy.lib.clock
import data.regpolicy.lib.nodes
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer
import data.regpolicy.lib.workloads

# Pods that fail for another reason, or none, are none of this policy's business.
subjects contains workloads.pod_of(input.pull_failures[view.failure]) if some view in _judged

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": evidence} if {
	some view in _judged
	not _unsound(view)
	failure := input.pull_failures[view.failure]
	msg := sprintf("%s (%s), though the chain of %s verifies with what that node holds; what is left, in order: %s", [
		workloads.cannot_pull(failure), replace(failure.cause, "_", " "), view.endpoint, _listed(_candidates(failure.node, view.endpoint)),
	])
	evidence := [
		pointer.to(["pull_failures", view.failure]),
		pointer.to(["endpoints", view.endpoint]), pointer.to(["nodes", failure.node]),
	]
}

# _judged is what the node of a failure sees of the host that the failure is about,
# where both were looked at.
_judged contains {"failure": key, "endpoint": endpoint, "store": nodeviews.store(node, endpoint), "keys": keys} if {
	some cause, failures in input.views.failures_by_cause
	cause in _causes
	some key in failures
	failure := input.pull_failures[key]
	failure.origin == "kubelet"
	node := nodes.read[failure.node]
	not _past(failure, node)
	endpoint := nodeviews.endpoint_of(workloads.host(failure))
	keys := nodeviews.seen(input.endpoints[endpoint], failure.node)
	count(keys) > 0
}

# _past tells whether the runtime was restarted since the failure was last seen.
_past(failure, node) if clock.ns(failure.last_seen) < clock.ns(node.runtime.started_at)

_unsound(view) if {
	some key in view.keys
	not _right(input.endpoints[view.endpoint].chains[key], view.store)
}

_right(chain, store) if {
	chains.anchored(chain, store)
	chain.name.ok
}

_candidates(node, endpoint) := array.concat(_runtime(node), array.concat(_configuration(node, endpoint), _proxy(node)))

_listed(candidates) := concat("; ", [sprintf("%d. %s", [i + 1, text]) | some i, text in candidates]) if {
	count(candidates) > 0
} else := "nothing that this document shows: see whether the name leads to another host from that node"

# A runtime that started after the last change of a CA file is no candidate.
_runtime(node) := [sprintf("the runtime started at %s, before %s changed at %s: restart it", [
	input.nodes[node].runtime.started_at, _latest(node).path, _latest(node).at,
])] if {
	clock.ns(input.nodes[node].runtime.started_at) < clock.ns(_latest(node).at)
} else := [] if {
	clock.ns(input.nodes[node].runtime.started_at)
} else := ["the runtime may have started before the CA file was written: restart it"]

_configuration(node, endpoint) := [sprintf("the node has settings of its own for that registry in %s", [settings.origin])] if {
	settings := nodeviews.settings(input.nodes[node], endpoint)
} else := [] if {
	input.nodes[node].registry_config
	not nodes.lacks(node, {"registry_config"})
} else := ["the node's settings for that registry could not be read: look for it below /etc/containerd"]

_proxy(node) := [sprintf("pulls go through the proxy %s, which may show a certificate of its own", [_address(input.nodes[node].proxy)])] if {
	input.nodes[node].proxy != ""
} else := [] if {
	not nodes.lacks(node, {"proxy"})
} else := ["whether pulls go through a proxy could not be read"]

_address(key) := input.proxies[key].https if {
	input.proxies[key].https != ""
} else := key

_latest(node) := sort([{"at": at, "path": path} | some path, at in _written(node)])[count(_written(node)) - 1]

# _written are the times at which what a node trusts was last written, by path.
_written(node) := object.union(
	{path: file.modified_at | some path, file in input.nodes[node].trust_files},
	{bundle.path: bundle.modified_at | bundle := input.nodes[node].bundle},
)

_causes := {
	"unknown_authority", "authority_rekeyed", "issuer_not_ca", "expired", "not_yet_valid",
	"legacy_common_name", "name_mismatch", "ip_mismatch", "wrong_key_usage", "name_constraint",
	"chain_invalid", "weak_signature", "no_system_roots",
}
