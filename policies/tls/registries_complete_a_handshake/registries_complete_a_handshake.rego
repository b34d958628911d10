# METADATA
# title: Every registry completes a TLS handshake and presents a certificate
# description: >-
#   From every place it was looked at, the registry's port answers, speaks TLS and
#   shows a certificate.
# custom:
#   id: RT-TLS-001
#   severity: high
#   recommended_action: >-
#     Check the port in the image reference, the firewall, the proxy's exceptions and the
#     TLS settings of the registry or its load balancer.
#   explains: [RT-XEV-008, RT-EVT-001]
#   tags: [seed, tls]
package regpolicy.tls.registries_complete_a_handshake

import data.regpolicy.lib.pointer

subjects contains _probe(name, vantage) if {
	some name, endpoint in input.endpoints
	some vantage, _ in endpoint.probes
}

deny contains {"subject": _probe(name, vantage), "msg": msg, "evidence": [pointer.to(["endpoints", name, "probes", vantage])]} if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	not _handshake(probe)
	msg := sprintf("%s, seen from %s, completes no TLS handshake: %s", [name, vantage, _why(probe)])
}

_probe(name, vantage) := {"kind": "endpoint", "name": name, "vantage": vantage}

_handshake(probe) if {
	not probe.failure
	probe.chain
}

_why(probe) := "it presents no certificate" if {
	not probe.failure
} else := sprintf("%s (%s)", [_what(probe.failure), trim_right(probe.failure.detail, ".")]) if {
	probe.failure.detail != ""
} else := _what(probe.failure)

_what(failure) := object.get(_words, failure.cause, replace(failure.cause, "_", " ")) if {
	failure.cause
} else := "it fails"

_words := {
	"client_certificate_required": "it wants a client certificate",
	"dns": "its name is not known",
	"http_not_https": "the port speaks plain HTTP",
	"proxy": "the proxy lets nothing through",
	"refused": "the connection is refused",
	"reset": "the connection is cut",
	"timeout": "it does not answer",
	"tls_handshake": "the TLS handshake fails",
	"tls_version": "it speaks only versions of TLS that runtimes refuse",
	"unreachable": "there is no way to it",
}
