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
#   explains: [RT-EVT-001, RT-EVT-002, RT-EVT-003, RT-EVT-004, RT-EVT-005, RT-EVT-006]
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
	failure.cause in _untrusted
	msg := sprintf("vSphere %s: the Supervisor does not trust the registry (%s); trust of workload nodes does not apply", [
		workloads.cannot_pull(failure), failure.cause,
	])
}

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key), "remediation": remediation} if {
	some key, failure in input.pull_failures
	failure.origin == "vsphere_pod"
	failure.cause in _faulty
	msg := sprintf("vSphere %s: the certificate of %s is refused (%s), whatever the Supervisor trusts", [
		workloads.cannot_pull(failure), workloads.host(failure), failure.cause,
	])
	remediation := sprintf("Let %s serve a certificate that is valid now, names that host in its SANs and is meant for servers; check the clocks of the ESXi hosts", [workloads.host(failure)])
}

# No anchor that the Supervisor trusts leads to the certificate.
_untrusted := {"authority_rekeyed", "chain_invalid", "issuer_not_ca", "no_system_roots", "unknown_authority"}

# The certificate would be refused with every anchor.
_faulty := {
	"expired", "ip_mismatch", "legacy_common_name", "name_constraint", "name_mismatch", "not_yet_valid",
	"weak_signature", "wrong_key_usage",
}
