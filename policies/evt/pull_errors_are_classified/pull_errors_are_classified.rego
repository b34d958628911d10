# METADATA
# title: Every pull error is classified
# description: >-
#   Every message about a failed pull is one whose cause this program knows. Where it is
#   not, no policy of a cause can judge that pod.
# custom:
#   id: RT-EVT-014
#   severity: low
#   recommended_action: >-
#     Read the runtime's own words in the finding, and send them to the project as a
#     sample, so that they are known next time.
#   tags: [evt, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.evt.pull_errors_are_classified

import data.regpolicy.lib.workloads

# Where nothing was said, there is nothing to classify: the document tells that as a gap.
subjects contains workloads.pod_of(failure) if {
	some failure in input.pull_failures
	not _silent(failure)
}

subjects contains subject if {
	some subject in workloads.candidates
	subject.kind == "document"
}

deny contains {"subject": workloads.pod_of(failure), "msg": msg, "evidence": workloads.evidence(key)} if {
	some key, failure in input.pull_failures
	not _classified(failure)
	not _silent(failure)
	msg := sprintf("%s: no known cause is in the message %q", [
		workloads.cannot_pull(failure), substring(object.get(failure, "message", ""), 0, 300),
	])
}

_classified(failure) if {
	is_string(failure.cause)
	not failure.cause in {"", "unknown"}
}

_silent(failure) if {
	not _classified(failure)
	trim_space(failure.message) == ""
}

_silent(failure) if {
	not _classified(failure)
	startswith(failure.message, "Back-off pulling image")
	not contains(failure.message, ": ")
}
