# METADATA
# title: No CA on a node is expired or about to expire
# description: >-
#   The certificates in the CA files of all nodes, each judged once. An expired CA fails,
#   one that expires soon warns, because a new one takes a rolling update. The roots of
#   the operating system's own bundle are not looked at.
# custom:
#   id: RT-NOD-005
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Get the CA's new certificate, configure it beside the old one under a new entry
#     name, and let the nodes roll before the old one expires.
#   explains: [RT-TLS-002, RT-EVT-001, RT-EVT-004]
#   explains_from: high
#   tags: [nod, audit]
#   params: {warn_days: 90, soon_days: 30}
#   controls:
#     pci-dss-4.0.1: ["4.2.1.1"]
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
package regpolicy.nod.node_cas_stay_valid

import data.regpolicy.lib.chains
import data.regpolicy.lib.clock
import data.regpolicy.lib.fleet
import data.regpolicy.lib.installing
import data.regpolicy.lib.nodes
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-NOD-005", rego.metadata.chain())

subjects contains _subject(fingerprint) if some fingerprint in _certificates

deny contains {"subject": _subject(fingerprint), "msg": msg, "evidence": _evidence(fingerprint), "remediation": _repair(fingerprint)} if {
	some fingerprint in _certificates
	not _valid(fingerprint)
	msg := sprintf("%s; it lies on %s", [_end(fingerprint), fleet.listed(_holders(fingerprint))])
}

warn contains {"subject": _subject(fingerprint), "msg": msg, "evidence": _evidence(fingerprint), "severity": _urgency(days)} if {
	some fingerprint in _certificates
	days := _left(fingerprint) / 86400000000000
	days >= 0
	days <= _params.warn_days
	msg := sprintf("%q expires at %s, in %d days; it lies on %s", [
		chains.name_of(fingerprint), input.certificates[fingerprint].not_after, floor(days), fleet.listed(_holders(fingerprint)),
	])
}

# The recommended action is for a CA that is still valid. One that has expired is of no
# use beside its successor.
_repair(fingerprint) := installing.replacement(nodes.read[name].trust_files[path], name, sprintf("Replace %s on %s by the present certificate of %q as PEM", [
	path, fleet.listed(_holders(fingerprint)), chains.name_of(fingerprint),
])) if {
	[name, path] := _by_hand(fingerprint)[0]
} else := sprintf("Get the present certificate of %q and put it in the place of the one that has expired: under a new entry name in the cluster's trust configuration, from which the old entry is taken away, so that the nodes roll", [chains.name_of(fingerprint)])

# _by_hand are the places of a certificate that no trust configuration made.
_by_hand(fingerprint) := sort([[name, one.path] |
	some name in fleet.few(_holders(fingerprint))
	some one in fleet.cas[name]
	fingerprint in one.file.certificates
	not nodes.managed(one.file)
])

default _urgency(_) := "low"

_urgency(days) := "medium" if days <= _params.soon_days

_valid(fingerprint) if _left(fingerprint) >= 0

# _left is how much is left of a certificate's validity, in nanoseconds.
_left(fingerprint) := clock.ns(input.certificates[fingerprint].not_after) - clock.now_ns

_end(fingerprint) := sprintf("%q has expired at %s", [chains.name_of(fingerprint), input.certificates[fingerprint].not_after]) if {
	is_number(_left(fingerprint))
} else := sprintf("the end of the validity of %q cannot be read", [chains.name_of(fingerprint)])

_certificates := {fingerprint | some held in _held; some fingerprint in held}

# _held are the certificates in a node's CA files, _holders the nodes that hold one.
_held := {name: held |
	some name, files in fleet.cas
	held := {fingerprint | some one in files; some fingerprint in one.file.certificates}
}

_holders(fingerprint) := {name | some name, held in _held; fingerprint in held}

_subject(fingerprint) := {"kind": "certificate", "name": fingerprint}

_evidence(fingerprint) := [pointer.to(["certificates", fingerprint])]
