# METADATA
# title: Pods and what they could not pull
package regpolicy.lib.workloads

import data.regpolicy.lib.pointer

# pod_of is the subject of the pod that a pull failure belongs to.
pod_of(failure) := {"kind": "pod", "namespace": failure.namespace, "name": failure.pod}

# failing are the pods that could not pull some image, as subjects.
failing contains pod_of(failure) if some failure in input.pull_failures

# candidates are what a policy over one cause of pull failures examines: every pod
# that could not pull, and where there is none, the document as a whole. Events
# alone, which last an hour, do not show that there is none.
candidates contains subject if some subject in failing

candidates contains {"kind": "document"} if {
	count(input.pull_failures) == 0
	input.coverage.pods.requested
}

# cannot_pull begins a message about a failure: whose it is, of what and where.
cannot_pull(failure) := sprintf("pod %s/%s cannot pull %s%s", [failure.namespace, failure.pod, _image(failure), _on_node(failure)])

default _image(_) := "an image"

_image(failure) := failure.image if failure.image != ""

default _on_node(_) := ""

_on_node(failure) := sprintf(" on node %s", [failure.node]) if failure.node != ""

# host is whose answer a failure was: the registry's, or that of a token service, a
# mirror, a proxy.
host(failure) := failure.host if {
	failure.host != ""
} else := failure.registry if {
	failure.registry != ""
} else := "the registry"

# evidence points to a failure's record.
evidence(key) := [pointer.to(["pull_failures", key])]

# login is the command that makes a pull secret for a registry.
login(secret, namespace, registry) := sprintf("`kubectl create secret docker-registry %s -n %s --docker-server=%s --docker-username=USER --docker-password=PASSWORD`", [secret, namespace, _server(registry)])

# What is pulled from Docker Hub is looked up under the address that it had first.
_server(registry) := "https://index.docker.io/v1/" if {
	registry == "docker.io:443"
} else := trim_suffix(registry, ":443")
