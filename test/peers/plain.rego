# Five checks written plainly over the straightforward document, as somebody would who
# lists every certificate under every node.
package plain

# A configured CA is on no node that lacks it (RT-XEV-001).
deny contains msg if {
	some node in input.nodes
	some wanted in input.configured
	not wanted in {c.fingerprint | some c in node.certificates}
	msg := sprintf("node %s lacks the configured CA %s", [node.name, wanted])
}

# All nodes hold the same certificates (RT-NOD-014's question).
deny contains msg if {
	first := {c.fingerprint | some c in input.nodes[0].certificates}
	some node in input.nodes
	held := {c.fingerprint | some c in node.certificates}
	held != first
	msg := sprintf("node %s holds other certificates than node %s", [node.name, input.nodes[0].name])
}

# No CA on a node has expired (RT-NOD-013).
deny contains msg if {
	some node in input.nodes
	some c in node.certificates
	time.parse_rfc3339_ns(c.not_after) < time.parse_rfc3339_ns(input.at)
	msg := sprintf("node %s trusts %s, which has expired", [node.name, c.subject])
}

# Trust files hold PEM (RT-NOD-003).
deny contains msg if {
	some node in input.nodes
	some file in node.files
	file.form != "pem"
	msg := sprintf("%s on node %s is %s", [file.path, node.name, file.form])
}

# Each registry's chain ends at an anchor of each node (RT-TLS-002).
deny contains msg if {
	some node in input.nodes
	some registry in input.registries
	issuers := {c.issuer | some c in registry.chain}
	subjects := {c.subject | some c in node.certificates}
	count(issuers & subjects) == 0
	msg := sprintf("node %s knows no issuer of %s", [node.name, registry.host])
}
