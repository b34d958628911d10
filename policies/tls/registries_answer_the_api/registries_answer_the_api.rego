# METADATA
# title: "`/v2/` answers like a registry (200/401 and API version)"
# description: >-
#   Asked for /v2/, the registry answers 200 or 401 and names the API's version in
#   Docker-Distribution-Api-Version. Any other answer comes from something else: another
#   service on that port, a load balancer without a backend, a login page. Token services
#   are not asked. A server that wants a client certificate first is RT-TLS-001's
#   business.
# related_resources:
#   - ref: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
#   - ref: https://distribution.github.io/distribution/spec/api/
# custom:
#   id: RT-TLS-018
#   severity: medium
#   recommended_action: >-
#     Compare the host and port with the registry's own address, and look at the load
#     balancer's routes: /v2/ has to reach the registry itself, at the root of the host.
#   explains: [RT-EVT-001]
#   tags: [tls]
package regpolicy.tls.registries_answer_the_api

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.vantages

subjects contains _subject(name) if some name, _ in _answers

deny contains {"subject": _subject(name), "msg": msg, "evidence": evidence} if {
	some name, by_answer in _answers
	some answer, where in by_answer
	answer != "like a registry"
	msg := sprintf("/v2/ of %s, seen from %s, answers %s", [name, vantages.listed(where), answer])
	evidence := [pointer.to(["endpoints", name, "probes", vantage, "v2"]) | some vantage in sort(where)]
}

_subject(name) := {"kind": "registry", "name": name}

# _answers are what registries answer, in words, with who was answered so.
_answers[name][answer] contains vantage if {
	some name, endpoint in input.endpoints
	chains.registry(endpoint)
	some vantage, probe in endpoint.probes
	not probe.client_certificate_required == true
	answer := _answer(probe.v2)
}

_answer(v2) := sprintf("nothing that can be read (%s)", [v2.error]) if {
	v2.error != ""
} else := "like a registry" if {
	v2.status in {200, 401}
	contains(v2.api_version, "registry/2.")
} else := sprintf("%d, but names no version of the registry API", [v2.status]) if {
	v2.status in {200, 401}
} else := sprintf("%d, which no registry does", [v2.status]) if {
	v2.status > 0
} else := "without a status"
