# METADATA
# title: The registry's port speaks HTTPS
# description: >-
#   From every place it was looked at, the registry's port answers with TLS. Over plain
#   HTTP anybody on the way can replace an image, and runtimes refuse it unless a host
#   entry allows it. Where nothing answered, RT-TLS-001 tells.
# related_resources:
#   - ref: https://github.com/containerd/containerd/blob/main/docs/hosts.md
# custom:
#   id: RT-TLS-017
#   severity: high
#   recommended_action: >-
#     Give the registry a certificate and let it serve TLS on that port, or name the port
#     that does in the image references.
#   explains: [RT-TLS-001, RT-EVT-001, RT-EVT-007]
#   tags: [audit, tls]
#   controls:
#     bsi-app-4.4: [A12]
#     disa-container-platform-srg: [V-233015]
#     nist-800-190: ["4.2.1"]
package regpolicy.tls.registries_speak_https

import data.regpolicy.lib.pointer
import data.regpolicy.lib.vantages

subjects contains _subject(name) if some name, _ in _answering

deny contains {"subject": _subject(name), "msg": msg, "evidence": evidence} if {
	some name, probes in _answering
	where := {vantage | some vantage, probe in probes; not _https(probe)}
	count(where) > 0
	msg := sprintf("%s speaks plain HTTP, seen from %s", [name, vantages.listed(where)])
	evidence := [pointer.to(["endpoints", name, "probes", vantage]) | some vantage in sort(where)]
}

_subject(name) := {"kind": "registry", "name": name}

_https(probe) if probe.scheme == "https"

# _answering are the probes that found out what the port speaks.
_answering[name][vantage] := probe if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	not probe.scheme in {"", "unknown"}
}
