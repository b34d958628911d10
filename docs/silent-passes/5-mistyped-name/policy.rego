package main

deny contains "the node runs no containerd" if {
	some node in input.nodes
	node.runtime.name != "containerd"
}

denyy contains msg if {
	some failure in input.pull_failures
	msg := sprintf("pod %s/%s cannot pull %s", [failure.namespace, failure.pod, failure.image])
}
