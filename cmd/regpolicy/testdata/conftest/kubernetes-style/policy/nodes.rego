package main

deny[msg] {
	node := input.nodes[name]
	not node.runtime.name == "containerd"
	msg = sprintf("node %s runs no containerd", [name])
}

warn[msg] {
	node := input.nodes[name]
	startswith(node.runtime.version, "1.")
	msg = sprintf("node %s runs containerd %s, which is an old line", [name, node.runtime.version])
}

violation[{"msg": msg, "details": {"pods": n}}] {
	n := count({pod | pod := input.pull_failures[_].pod})
	n > 3
	msg := sprintf("%d pods cannot pull", [n])
}
