# METADATA
# title: No image pull meets a trusted CA of the same name with another key
# description: >-
#   The node trusts a CA of the right name whose key did not sign the certificate:
#   the CA was re-keyed or re-issued, and the node still holds the old one.
# custom:
#   id: RT-EVT-003
#   severity: high
#   recommended_action: >-
#     Put the CA's new certificate into the trust configuration under a new entry name,
#     so that the nodes roll, and remove the old one afterwards.
#   explains: [RT-EVT-001]
#   optional_evidence: [nodes]
#   tags: [seed, evt]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_meet_current_authority_keys

import data.regpolicy.lib.installing
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key), "trust_domain": _domain(failure), "remediation": _repair(failure)} if {
	some key, failure in input.pull_failures
	failure.cause == "authority_rekeyed"
	msg := sprintf("%s: %s has another key than the one that signed the certificate of %s", [
		workloads.cannot_pull(failure), _candidate(failure), workloads.host(failure),
	])
}

default _candidate(_) := "the trusted CA of that name"

_candidate(failure) := sprintf("the trusted CA %q", [failure.candidate]) if failure.candidate != ""

default _domain(_) := "workload"

_domain(failure) := "supervisor" if failure.origin == "vsphere_pod"

# The recommended action is for vSphere Pods, and for what is not known.
default _repair(_) := ""

_repair(failure) := sprintf("Get the present certificate of %q, and %s; take the former one away when no registry needs it", [failure.candidate, installing.steps({object.get(failure, "node", "")})]) if {
	failure.candidate != ""
	failure.origin == "kubelet"
}
