# METADATA
# title: The event window covers the waiting pods
# description: >-
#   The events that were read are recent enough to tell of the pods that wait for an
#   image. Events live about an hour and their list may be an old one; without them the
#   pod's status alone tells why, and older kubelets keep that short.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
#     description: kube-apiserver, --event-ttl
# custom:
#   id: RT-EVT-015
#   severity: low
#   recommended_action: >-
#     Collect pods and events at the same time, of all namespaces, while the pods still
#     wait; delete a waiting pod of a controller to see its pull fail anew.
#   tags: [evt, audit]
#   params: {max_age_minutes: 60}
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.event_windows_cover_waiting_pods

import data.regpolicy.lib.clock
import data.regpolicy.lib.params
import data.regpolicy.lib.workloads

_params := params.of("RT-EVT-015", rego.metadata.chain())

subjects contains workloads.pod_of(failure) if some failure in input.pull_failures

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key)} if {
	some key, failure in input.pull_failures
	not _covered(failure)
	msg := sprintf("pod %s/%s waits for an image, and %s", [failure.namespace, failure.pod, _gap(failure)])
}

_covered(failure) if {
	some moment in _moments(failure)
	_age_ns(moment) <= (_params.max_age_minutes * 60) * 1000000000
}

# The latest times that events tell: of the pod's own failure, of its namespace.
_moments(failure) := {moment |
	some moment in [object.get(failure, "last_seen", null), object.get(_newest, failure.namespace, null)]
	is_string(moment)
}

_newest[namespace] := window.newest if some namespace, window in input.event_windows

# How old an event is was settled when it was read: --at moves certificates, not events.
_age_ns(moment) := clock.ns(input.collected_at) - clock.ns(moment)

_gap(failure) := "no event of its namespace was read" if {
	count(_moments(failure)) == 0
} else := sprintf("the newest event of its namespace is of %s, %d minutes before the document", [newest, floor(_age_ns(newest) / 60000000000)]) if {
	newest := max(_moments(failure))
}
