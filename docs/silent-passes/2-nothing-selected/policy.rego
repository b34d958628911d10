package main

deny contains msg if {
	some failure in input.pull_failures
	msg := sprintf("pod %s/%s cannot pull %s: %s", [failure.namespace, failure.pod, failure.image, failure.cause])
}
