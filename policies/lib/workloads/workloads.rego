# METADATA
# title: Pods and what they could not pull
package regpolicy.lib.workloads

import data.regpolicy.lib.pointer

# pod_of is the subject of the pod that a pull failure belongs to.
pod_of(failure) := {"kind": "pod", "namespace": failure.namespace, "name": failure.pod}

# failing are the pods that could not pull some image, as subjects.
failing contains pod_of(failure) if some failure in input.pull_failures

# candidates are what a policy over one cause of pull failures examines: every pod
# that could not pull, and where there is none, the document as a whole.
candidates contains subject if some subject in failing

candidates contains {"kind": "document"} if count(input.pull_failures) == 0

# where_from names whose answer a failure was, "" where no host was involved.
default where_from(_) := ""

where_from(failure) := sprintf(", answered by %s", [failure.host]) if {
	failure.host != ""
	failure.host != failure.registry
}

# on_node names the node of a failure, "" where it is not known.
default on_node(_) := ""

on_node(failure) := sprintf(" on node %s", [failure.node]) if failure.node

# evidence points to a failure's record.
evidence(key) := [pointer.to(["pull_failures", key])]
