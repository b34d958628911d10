package main

deny_pull_secrets contains msg if {
	some key, pod in input.pods
	count(object.get(pod, "pull_secrets", [])) == 0
	msg := sprintf("pod %s names no pull secret", [key])
}

deny_service_account contains msg if {
	some key, pod in input.pods
	pod.service_account == "default"
	not tenant(key) in data.exceptions.tenants
	msg := sprintf("pod %s runs as the default service account", [key])
}

deny_pending contains {"msg": msg, "pod": key} if {
	some key, pod in input.pods
	pod.phase == "Pending"
	msg := sprintf("pod %s is pending", [key])
}

tenant(key) := split(key, "/")[0]

exception contains rules if {
	rules := data.exceptions.rules
}
