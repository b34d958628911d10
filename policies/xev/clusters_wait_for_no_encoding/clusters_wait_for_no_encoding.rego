# METADATA
# title: No cluster waits for nodes because of a single-encoded secret
# description: >-
#   Where a trust value has fewer layers of base64 than its API takes, new nodes get no
#   readable file, and a cluster whose nodes never come up may be waiting for just that. A
#   cluster with such a value has at least one running Machine; without it the message
#   names the value. Clusters of which no Machine is known are left out. Pass does not mean
#   that the value is right, see RT-CFG-001.
# custom:
#   id: RT-XEV-013
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Encode the value as its API takes it, twice for a secret that a Cluster names, and
#     apply the secret. If the cluster must be made anew, its trust secret goes with it:
#     save the secret and apply it first.
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.clusters_wait_for_no_encoding

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains _subject(cluster) if some cluster in _judged

deny contains {"subject": _subject(cluster), "msg": msg, "evidence": evidence} if {
	some cluster in _judged
	not _running(cluster)
	some key, entry in _entries[cluster]
	entry.layers < min(entry.expected_layers)
	msg := sprintf("none of the %d Machine(s) of cluster %s runs, and its trust entry %q is encoded %d time(s) where %s is expected: nodes wait for a CA that they cannot read", [
		count(_machines[cluster]), cluster, entry.label, entry.layers, trust.wants(entry),
	])
	evidence := array.concat(
		[pointer.to(["trust", key])],
		[pointer.to(["machines", name]) | some name in _machines[cluster]],
	)
}

# _judged are the clusters of which both are known.
_judged contains cluster if {
	some cluster, _ in _entries
	_machines[cluster]
}

_machines[cluster] contains key if {
	some key, machine in input.machines
	cluster := machine.cluster
}

_running(cluster) if {
	some key in _machines[cluster]
	input.machines[key].phase == "Running"
}

# _entries are the trust entries with a value that reach a cluster.
_entries[cluster][key] := entry if {
	some cluster, _ in input.clusters
	some key, entry in input.trust
	entry.domain == "workload"
	not entry.applies_to_none
	cluster in object.get(entry, "clusters", [cluster])
	is_number(entry.layers)
}

_subject(cluster) := {"kind": "cluster", "namespace": parts[0], "name": parts[1]} if parts := split(cluster, "/")
