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

subjects contains workloads.pod_of(failure) if {
	some failure in input.pull_failures
	not _undated(failure)
}

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key)} if {
	some key, failure in input.pull_failures
	not _covered(failure)
	not _undated(failure)
	not _partly_read
	msg := sprintf("pod %s/%s waits for an image, and %s", [failure.namespace, failure.pod, _gap(failure)])
}

_covered(failure) if _recent(failure, _read_at)

# Files that do not say when they were saved were not saved before the newest event
# that they hold: what was fresh then may have been fresh when they were saved.
_undated(failure) if {
	not _dated
	not _covered(failure)
	_recent(failure, _newest_of_all)
}

_recent(failure, at) if {
	some moment in _moments(failure)
	at - clock.ns(moment) <= _max_age_ns
}

_max_age_ns := (_params.max_age_minutes * 60) * 1000000000

# What could not be read may hold the newer events: the engine says so.
_partly_read if {
	some gap in input.coverage.events.gaps
	gap.subject.kind in {"section", "file"}
}

# The latest times that events tell: of the pod's own failure, of its namespace.
_moments(failure) := {moment |
	some moment in [object.get(failure, "last_seen", null), object.get(_newest, failure.namespace, null)]
	is_string(moment)
}

_newest[namespace] := window.newest if some namespace, window in input.event_windows

_newest_of_all := max({clock.ns(moment) | some moment in _newest; is_string(moment)})

# When events were read: --at moves certificates, not events; and a bundle that says
# when it was made may be judged long after.
_read_at := max({clock.ns(source.collected_at) | some source in _files}) if {
	_dated
} else := clock.ns(input.collected_at)

_dated if every source in _files { is_string(source.collected_at) }

# The files that events may stem from, where no cluster was asked for them. Manifests
# beside what was gathered hold none.
_files contains source if {
	every other in input.sources { not other.kind in {"archive", "capture", "cluster"} }
	some source in input.sources
	source.kind == "manifests"
}

_files contains source if {
	every other in input.sources { other.kind != "cluster" }
	some source in input.sources
	source.kind in {"archive", "capture"}
}

_gap(failure) := "no event of its namespace was read" if {
	count(_moments(failure)) == 0
} else := sprintf("the newest event of its namespace is of %s, %d minutes before %s", [newest, floor((_last - clock.ns(newest)) / 60000000000), _of]) if {
	newest := max(_moments(failure))
}

_last := _read_at if {
	_dated
} else := _newest_of_all

_of := "the evidence was gathered" if {
	_dated
} else := "the newest event of all"
