# METADATA
# title: Every Machine is newer than the last trust change
# description: >-
#   A Machine gets the trust configuration once, when it is made. One that is older than
#   the last change of its cluster's spec or trust secret has the configuration from
#   before. Where its node was read and holds every configured CA, the change was of
#   another kind, and the Machine passes. A Machine takes its data some minutes after it
#   was made, settle_minutes; those that are being deleted are left out.
# custom:
#   id: RT-XEV-006
#   severity: high
#   trust_domain: workload
#   recommended_action: >-
#     Finish the rolling update: see which Machine is stuck with kubectl get machines -n NAMESPACE.
#   explains: [RT-NOD-001, RT-XEV-001, RT-TLS-002, RT-EVT-002, RT-EVT-003]
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

deny contains {"subject": _subject(key), "msg": msg, "evidence": [pointer.to(["machines", key]), change.pointer], "remediation": change.remediation} if {
	some key, change in _judged
	not _newer(key, change)
	not _current(input.machines[key])
	msg := sprintf("Machine %s%s was made at %s, before %s was changed at %s: it has the trust configuration from before", [
		key, _node(input.machines[key]), input.machines[key].created_at, change.what, change.at,
	])
}

# _judged is the last trust change of a Machine's cluster, by the Machine's key.
_judged[key] := _changes[machine.cluster] if {
	some key, machine in input.machines
	clock.ns(machine.created_at)
	not _leaving(machine)
}

_leaving(machine) if machine.phase in {"Deleting", "Deleted"}

_newer(key, change) if clock.ns(input.machines[key].created_at) + ((_params.settle_minutes * 60) * 1000000000) >= clock.ns(change.at)

_current(machine) if {
	every entry in _entries[machine.cluster] {
		count(entry.value.certificates) > 0
		every fingerprint in entry.value.certificates {
			fingerprint in nodes.trusted[machine.node]
		}
	}
}

_changes[cluster] := change if {
	some cluster, _ in _entries
	latest := max([clock.ns(one.at) | some one in _changes_of(cluster)])
	change := [one | some one in _changes_of(cluster); clock.ns(one.at) == latest][0]
}

_changes_of(cluster) := array.concat(_of_spec(cluster), _of_secrets(cluster))

_of_spec(cluster) := [{
	"at": input.clusters[cluster].spec_changed_at, "pointer": pointer.to(["clusters", cluster]), "remediation": "",
	"what": sprintf("the spec of cluster %s", [cluster]),
} | input.clusters[cluster].spec_changed_at]

_of_secrets(cluster) := [{
	"at": input.secrets[name].modified_at, "pointer": pointer.to(["secrets", name]),
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

_subject(key) := object.union({"kind": "machine", "namespace": parts[0], "name": parts[1]}, _bearing(input.machines[key])) if {
	parts := split(key, "/")
}

default _bearing(_) := {}

_bearing(machine) := {"node": machine.node} if machine.node != ""

default _node(_) := ""

_node(machine) := sprintf(" (node %s)", [machine.node]) if machine.node != ""
