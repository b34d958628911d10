# METADATA
# title: Every registry that pods use was probed
# description: >-
#   Every registry that an image of a pod or a manifest names was looked at from some
#   place, so that what the other policies say of registries is said of all of them.
#   exempt_registries are globs of hosts that may stay unseen. Pass means looked at, be it
#   that the registry did not answer.
# custom:
#   id: RT-XEV-009
#   severity: medium
#   recommended_action: >-
#     Name the registry with --registry HOST:PORT, let those that images name be probed
#     with --probe, or add a transcript of openssl s_client to the capture.
#   tags: [xev, audit]
#   params:
#     exempt_registries: []
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.registries_in_use_are_probed

import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-XEV-009", rego.metadata.chain())

subjects contains _subject(name) if some name, _ in _judged

deny contains {"subject": _subject(name), "msg": msg, "evidence": [pointer.to(["registries", name])]} if {
	some name, registry in _judged
	not _probed(name)
	msg := sprintf("%s is used by %d pod(s) and %d manifest(s) and was not probed: its certificate is not known", [
		name, object.get(registry, "pods", 0), count(object.get(registry, "workloads", [])),
	])
}

_judged[name] := registry if {
	some name, registry in input.registries
	not _exempt(registry.host)
	not _failed(name)
}

_exempt(host) if {
	some pattern in _params.exempt_registries
	glob.match(pattern, null, host)
}

_probed(name) if count(input.endpoints[nodeviews.endpoint_of(name)].probes) > 0

# A probe that was tried and came to nothing is a gap, which is reported in its stead.
_failed(name) if {
	not _probed(name)
	_tried[nodeviews.endpoint_of(name)]
}

# _tried are the hosts of such gaps. A set that is made as a whole, for OPA looks through
# the gaps for each registry where it may do so one at a time.
_tried := {gap.subject.name | some gap in input.coverage.tls.gaps}

_subject(name) := {"kind": "registry", "name": name}
