# METADATA
# title: Every node's clock agrees with the collector's
# description: >-
#   Certificates are valid by the clock of the node that verifies them. A clock that is
#   off makes a sound certificate expired or not valid yet. A node whose clock was not
#   compared (a copied file tree has none) is not judged.
# custom:
#   id: RT-NOD-020
#   severity: medium
#   recommended_action: >-
#     Give the node a time server that it can reach: the variable ntp of class
#     tanzukubernetescluster, osConfiguration.ntp.servers of builtin-generic.
#   explains: [RT-EVT-001, RT-EVT-004]
#   tags: [nod]
#   params: {max_skew_seconds: 300, warn_skew_seconds: 60}
package regpolicy.nod.clocks_agree

import data.regpolicy.lib.nodes
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-NOD-020", rego.metadata.chain())

subjects contains _subject(name) if some name, _ in _skew

deny contains {"subject": _subject(name), "msg": _told(name), "evidence": _evidence(name)} if {
	some name, skew in _skew
	abs(skew) > _params.max_skew_seconds
}

warn contains {"subject": _subject(name), "msg": _told(name), "severity": "low", "evidence": _evidence(name)} if {
	some name, skew in _skew
	abs(skew) > _params.warn_skew_seconds
	abs(skew) <= _params.max_skew_seconds
}

_skew := {name: node.clock.skew_seconds |
	some name, node in nodes.read
	is_number(node.clock.skew_seconds)
}

_subject(name) := {"kind": "node", "name": name}

_evidence(name) := [pointer.to(["nodes", name, "clock"])]

_told(name) := sprintf("the clock of node %s is %d s %s the collector's", [name, abs(_skew[name]), _way(_skew[name])])

_way(skew) := "ahead of" if {
	skew > 0
} else := "behind"
