# METADATA
# title: The registry speaks TLS 1.2 or newer and nothing older
# description: >-
#   The registry accepts one of the given versions of TLS and refuses all others, tried
#   one by one. Where only one handshake was made, it tells of the version that was
#   negotiated and of no other: an old one is a failure, a current one proves nothing.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc8996
# custom:
#   id: RT-TLS-008
#   severity: high
#   recommended_action: >-
#     Disable TLS 1.0 and 1.1 on the registry or on the load balancer before it (nginx:
#     ssl_protocols TLSv1.2 TLSv1.3). No container runtime that is still maintained needs
#     them.
#   explains: [RT-EVT-007]
#   tags: [audit, tls]
#   controls:
#     bsi-app-4.4: [A12]
#     bsi-tr-02102-2: ["TLS 1.2/1.3 only"]
#     disa-container-platform-srg: [V-233015]
#     nist-800-190: ["4.2.1"]
#   params: {versions: ["1.2", "1.3"]}
package regpolicy.tls.registries_speak_current_tls

import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.vantages

subjects contains {"kind": "registry", "name": name} if {
	some name, endpoint in input.endpoints
	some probe in endpoint.probes
	_told(probe)
}

deny contains {"subject": {"kind": "registry", "name": name}, "msg": msg, "evidence": _evidence(name, where)} if {
	some name, wrong in _outdated
	versions := [_protocol(version) | some version in sort(object.keys(wrong))]
	where := {vantage | some places in wrong; some vantage in places}
	msg := sprintf("%s accepts %s, seen from %s", [name, concat(" and ", versions), vantages.listed(where)])
}

deny contains {"subject": {"kind": "registry", "name": name}, "msg": msg, "evidence": _evidence(name, where)} if {
	some name, endpoint in input.endpoints
	where := {vantage |
		some vantage, probe in endpoint.probes
		_refuses(probe, _wanted)
	}
	count(where) > 0
	msg := sprintf("%s does not accept %s, seen from %s", [name, concat(" or ", [_protocol(version) | some version in _params.versions]), vantages.listed(where)])
}

_params := params.of("RT-TLS-008", rego.metadata.chain())

_wanted := {version | some version in _params.versions}

# _told tells whether a probe shows which versions there are: an unwanted one is enough
# to fail; to pass, all of them must have been tried.
_told(probe) if count(_accepted(probe) - _wanted) > 0

_told(probe) if _refuses(probe, _wanted)

_told(probe) if {
	count(_accepted(probe) & _wanted) > 0
	_refuses(probe, ({"1.0", "1.1", "1.2", "1.3"} - _wanted) - _accepted(probe))
}

_accepted(probe) := {version | some version in probe.versions_accepted} | {version |
	version := probe.tls.version
	version != ""
}

_refuses(probe, versions) if count(versions - {version | some version in probe.versions_refused}) == 0

# _outdated are the unwanted versions that endpoints accept, with who saw it.
_outdated[name][version] contains vantage if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	some version in _accepted(probe) - _wanted
}

_protocol(version) := "SSL 3.0" if {
	version == "SSLv3"
} else := sprintf("TLS %v", [version])

_evidence(name, where) := [pointer.to(["endpoints", name, "probes", vantage]) | some vantage in sort(where)]
