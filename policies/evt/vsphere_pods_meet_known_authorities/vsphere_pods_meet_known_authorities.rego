# METADATA
# title: No vSphere Pod fails on registry trust
# description: >-
#   vSphere Pods run on ESXi hosts, and the Supervisor pulls their images by a trust
#   of its own. What workload clusters and their nodes trust does not count for them.
# custom:
#   id: RT-EVT-012
#   severity: high
#   trust_domain: supervisor
#   recommended_action: >-
#     Append the registry's CA to the key ca-bundle of the ConfigMap
#     kube-system/image-fetcher-ca-bundle on the Supervisor (do not replace what is
#     there), or register the registry with its certificate chain in the Supervisor's
#     container registry settings.
#   explains: [RT-EVT-001, RT-EVT-002, RT-EVT-003]
#   optional_evidence: [pods]
#   tags: [seed, evt]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.vsphere_pods_meet_known_authorities

import data.regpolicy.lib.workloads

subjects contains {"kind": "pod", "namespace": parts[0], "name": parts[1]} if {
	some key, pod in input.pods
	pod.platform == "vsphere_pod"
	parts := split(key, "/")
}

subjects contains workloads.pod_of(failure) if {
	some failure in input.pull_failures
	failure.origin == "vsphere_pod"
}

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key)} if {
	some key, failure in input.pull_failures
	failure.origin == "vsphere_pod"
	failure.cause in _x509
	msg := sprintf("vSphere Pod %s/%s cannot pull %s: the Supervisor does not trust the registry (%s); trust of workload nodes does not apply", [
		failure.namespace, failure.pod, failure.image, failure.cause,
	])
}

_x509 := {
	"authority_rekeyed", "chain_invalid", "expired", "ip_mismatch", "issuer_not_ca", "legacy_common_name",
	"name_constraint", "name_mismatch", "no_system_roots", "not_yet_valid", "unknown_authority",
	"weak_signature", "wrong_key_usage",
}
