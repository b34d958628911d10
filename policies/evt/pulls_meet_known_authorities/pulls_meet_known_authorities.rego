# METADATA
# title: No image pull fails on an unknown certificate authority
# description: >-
#   The runtime found no authority in its trust store that signed the registry's
#   certificate. The text "x509: certificate signed by unknown authority" says so for
#   a missing CA, a missing intermediate and a self-signed certificate alike; the
#   TLS policies tell them apart.
# custom:
#   id: RT-EVT-002
#   severity: critical
#   recommended_action: >-
#     Add the CA of the host that answered to the right trust domain and roll the
#     nodes: the cluster's additionalTrustedCAs for workload nodes, the
#     image-fetcher-ca-bundle for vSphere Pods.
#   explains: [RT-EVT-001]
#   optional_evidence: [nodes]
#   tags: [seed, evt]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_meet_known_authorities

import data.regpolicy.lib.installing
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key), "trust_domain": _domain(failure), "remediation": _repair(failure)} if {
	some key, failure in input.pull_failures
	failure.cause == "unknown_authority"
	msg := sprintf("%s: the certificate of %s is signed by an authority that is not trusted there", [
		workloads.cannot_pull(failure), workloads.host(failure),
	])
}

default _domain(_) := "workload"

_domain(failure) := "supervisor" if failure.origin == "vsphere_pod"

# The recommended action is for vSphere Pods, and for what is not known.
default _repair(_) := ""

_repair(failure) := sprintf("Get the certificate of the CA at the end of the chain that %s shows (`openssl s_client -connect %s -showcerts`), and %s", [
	failure.host, failure.host, installing.steps({object.get(failure, "node", "")}),
]) if {
	failure.host != ""
	failure.origin == "kubelet"
}
