# METADATA
# title: Every registry answers TLS on the port that pulls use
# description: >-
#   No runtime met a port that speaks plain HTTP, asked a TLS port by plain HTTP, or
#   could not complete a handshake. A pass says only that no such failure was seen.
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
#     description: containerd, registry configuration
# custom:
#   id: RT-EVT-007
#   severity: medium
#   recommended_action: >-
#     Let the registry, or the load balancer before it, serve TLS 1.2 or newer on the
#     port that the image references name, or name the port that does.
#   explains: [RT-EVT-001]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_meet_tls

import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {
	"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key),
	"trust_domain": pulls.trust_domain(failure), "remediation": object.get(_remediations, failure.cause, ""),
} if {
	some key, failure in input.pull_failures
	msg := pulls.says(failure, _words)
}

_words := {
	"client_certificate_required": "%s wants a client certificate",
	"http_not_https": "%s speaks plain HTTP where the runtime asks by HTTPS",
	"https_not_http": "%s speaks HTTPS where the runtime asks by plain HTTP",
	"tls_handshake": "the TLS handshake with %s fails",
	"tls_version": "%s speaks only versions of TLS that the runtime refuses",
}

# Where the cause is none of these, the policy's own repair holds.
_remediations := {
	"client_certificate_required": "Give the nodes a client certificate and key for that host (client in hosts.toml), or let the registry do without",
	"http_not_https": "Enable TLS on that port, or name the port in the image reference that has it; a plain_http host entry on the nodes is the last resort",
	"https_not_http": "Let the host entry of the runtime configuration name the registry by https://",
}
