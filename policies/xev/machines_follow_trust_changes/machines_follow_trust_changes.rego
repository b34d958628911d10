# METADATA
# title: Every Machine is newer than the last trust change
# description: >-
#   A Machine gets the trust configuration once, when it is made. One that is older than
#   the last change of its cluster's trust secret or spec has the configuration from
#   before. Where its node was read and holds every configured CA, the change was of
#   another kind, and the Machine passes; where its node was not read, a change of the spec
#   is a warning only. A Machine takes its data some minutes after it was made,
#   settle_minutes; those that are being deleted are left out.
# custom:
#   id: RT-XEV-006
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Finish the rolling update: see which Machine is stuck with kubectl get machines -n NAMESPACE.
#   explains: [RT-NOD-001, RT-XEV-001, RT-TLS-002, RT-EVT-002, RT-EVT-003, RT-EVT-013]
#   optional_evidence: [nodes, secrets]
#   tags: [xev, audit]
#   params:
#     settle_minutes: 10
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.machines_follow_trust_changes

import data.regpolicy.lib.clock
import data.regpolicy.lib.nodes
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

_params := params.of("RT-XEV-006", rego.metadata.chain())

subjects contains _subject(key) if some key, _ in _judged

deny contains object.union(_finding(key, change, "it has"), {"remediation": change.remediation}) if {
	some key, change in _late
	_certain(key, change)
}

# A spec changes for other reasons, too, and nobody looked at what the node holds.
warn contains _finding(key, change, "it may have") if {
	some key, change in _late
	not _certain(key, change)
}

_certain(_, change) if change.of_trust

_certain(key, _) if nodes.read[input.machines[key].node]

# _judged are the trust changes of a Machine's cluster, by the Machine's key.
_judged[key] := _changes[machine.cluster] if {
	some key, machine in input.machines
	clock.ns(machine.created_at)
	not _leaving(machine)
}

_leaving(machine) if machine.phase in {"Deleting", "Deleted"}

# _late is the change that a Machine came before; what the secret tells goes first.
_late[key] := [change | some change in changes; not _newer(key, change)][0] if {
	some key, changes in _judged
	not _current(input.machines[key])
}

_newer(key, change) if clock.ns(input.machines[key].created_at) + ((_params.settle_minutes * 60) * 1000000000) >= clock.ns(change.at)

_current(machine) if {
	every entry in _entries[machine.cluster] {
		count(entry.value.certificates) > 0
		every fingerprint in entry.value.certificates {
			nodes.trusts(nodes.read[machine.node], fingerprint)
		}
	}
}

_changes[cluster] := changes if {
	some cluster, _ in _entries
	changes := array.concat(_of_secrets(cluster), _of_spec(cluster))
	count(changes) > 0
}

_of_spec(cluster) := [{
	"at": input.clusters[cluster].spec_changed_at, "pointer": pointer.to(["clusters", cluster]), "of_trust": false,
	"what": sprintf("the spec of cluster %s", [cluster]), "remediation": "",
} | input.clusters[cluster].spec_changed_at]

_of_secrets(cluster) := [{
	"at": input.secrets[name].modified_at, "pointer": pointer.to(["secrets", name]), "of_trust": true,
	"what": sprintf("the trust secret %s of cluster %s", [name, cluster]),
	"remediation": "A secret that is changed in place rolls no nodes: give the entry a new name, in the secret and in the cluster",
} |
	some entry in _entries[cluster]
	name := trust.secret(entry)
	input.secrets[name].modified_at
]

# _entries are a cluster's own trust entries; one that has none gets no trust.
_entries[cluster] contains entry if {
	some cluster, _ in input.clusters
	some entry in input.trust
	entry.domain == "workload"
	not entry.applies_to_none
	cluster in object.get(entry, "clusters", [cluster])
}

_finding(key, change, has) := {"subject": _subject(key), "msg": msg, "evidence": [pointer.to(["machines", key]), change.pointer]} if {
	msg := sprintf("Machine %s%s was made at %s, before %s was changed at %s: %s the trust configuration from before", [
		key, _node(input.machines[key]), input.machines[key].created_at, change.what, change.at, has,
	])
}

_subject(key) := object.union({"kind": "machine", "namespace": parts[0], "name": parts[1]}, _bearing(input.machines[key])) if {
	parts := split(key, "/")
}

default _bearing(_) := {}

_bearing(machine) := {"node": machine.node} if machine.node != ""

default _node(_) := ""

_node(machine) := sprintf(" (node %s)", [machine.node]) if machine.node != ""
