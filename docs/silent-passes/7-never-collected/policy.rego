package main

deny contains msg if {
	some name, endpoint in input.endpoints
	some probe in endpoint.probes
	not probe.reached
	msg := sprintf("registry %s cannot be reached", [name])
}
