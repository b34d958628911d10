# METADATA
# title: The container runtime started after the last change of the CA files
# description: >-
#   Go reads the system's trust store once, when it is first needed: a runtime that was
#   started before a CA file changed goes on with the old set. Files below certs.d are
#   read at each pull and do not count. A bundle that alone is newer only warns, because
#   an update of the operating system changes it, too.
# custom:
#   id: RT-NOD-007
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Restart the container runtime on the node (`systemctl restart containerd`; running
#     containers go on), or roll the node.
#   explains: [RT-XEV-007, RT-EVT-001, RT-EVT-002, RT-EVT-003]
#   tags: [nod]
#   params: {tolerance_seconds: 2}
# related_resources:
#   - ref: https://pkg.go.dev/crypto/x509#SystemCertPool
package regpolicy.nod.runtimes_know_the_cas

import data.regpolicy.lib.clock
import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-NOD-007", rego.metadata.chain())

subjects contains {"kind": "node", "name": name} if {
	some name, _ in _started
	_newest[name]
}

subjects contains {"kind": "node", "name": name} if {
	some name, _ in _started
	nodes.read[name].bundle.modified_at
}

deny contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": [_runtime(name), fleet.at(name, path)]} if {
	some name, started in _started
	[_, path] := _newest[name]
	changed := nodes.read[name].trust_files[path].modified_at
	not _knows(started, changed)
	msg := sprintf("the container runtime of node %s started at %s, before %s changed at %s: it goes on with what it read then", [name, started, path, changed])
}

warn contains {"subject": {"kind": "node", "name": name}, "msg": msg, "evidence": [_runtime(name), pointer.to(["nodes", name, "bundle"])], "severity": "low"} if {
	some name, started in _started
	bundle := nodes.read[name].bundle
	not _knows(started, bundle.modified_at)
	msg := sprintf("the container runtime of node %s started at %s, before the system bundle %s changed at %s: roots that came with that are not trusted yet", [name, started, bundle.path, bundle.modified_at])
}

_knows(started, changed) if clock.ns(started) + (_params.tolerance_seconds * 1000000000) >= clock.ns(changed)

_started := {name: node.runtime.started_at | some name, node in nodes.read}

# _newest is the last change of a node's CA files, and the file.
_newest[name] := max({[clock.ns(file.modified_at), path] |
	some path, file in files
	nodes.ca_file(path, file)
	fleet.system_wide(file)
}) if {
	some name, files in fleet.files
}

_runtime(name) := pointer.to(["nodes", name, "runtime"])
