# METADATA
# title: No image pull fails on network, DNS or proxy
# description: >-
#   No runtime failed to get through to the registry: its name was known, the port
#   answered, the proxy let it through, and the download went on. A pass says only that
#   no such failure was seen.
# custom:
#   id: RT-EVT-010
#   severity: medium
#   recommended_action: >-
#     Try the way from the node to the host and port of the message: route and firewall,
#     the node's resolver, the proxy and its noProxy list.
#   explains: [RT-EVT-001, RT-EVT-013]
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pulls_reach_registries

import data.regpolicy.lib.pulls
import data.regpolicy.lib.workloads

subjects contains subject if some subject in workloads.candidates

deny contains {
	"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key),
	"remediation": object.get(_remediations, failure.cause, ""),
} if {
	some key, failure in input.pull_failures
	msg := pulls.says(failure, _words)
}

_words := {
	"dns": "the name of %s is not known there",
	"proxy": "the proxy does not let it through (%s)",
	"refused": "%s refuses the connection",
	"reset": "%s cuts the connection",
	"stalled": "the download from %s made no progress",
	"timeout": "%s does not answer in time",
	"unreachable": "there is no way to %s",
}

# Where the cause is none of these, the policy's own repair holds.
_remediations := {
	"dns": "Let the node's resolver know the registry's name, or correct the name in the image reference",
	"proxy": "Correct the proxy's address and its credentials, or add the registry to noProxy where the node has a way of its own",
}
