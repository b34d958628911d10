# METADATA
# title: Every tkg-*.pem on a node comes from the configuration
# description: >-
#   A file of that name is one of an entry of the node's trust configuration: by its
#   name, or by what it holds, because entries of newer cluster classes have no name.
#   Any other was laid there by hand, or stayed behind, and goes with the node.
# custom:
#   id: RT-NOD-011
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Configure the CA where it is needed, so that new nodes get it, too; else remove the
#     file and restart the container runtime. A file that is meant to be there goes into
#     the parameter known_entries.
#   tags: [nod, audit]
#   params: {known_entries: []}
#   controls:
#     bsi-sys-1.6: [A8]
#     cis-kubernetes-1.10: ["5.1.2", "5.4.1", "5.4.2"]
package regpolicy.nod.tkg_files_are_configured

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes
import data.regpolicy.lib.params
import data.regpolicy.lib.trust

_params := params.of("RT-NOD-011", rego.metadata.chain())

subjects contains fleet.subject(name, path) if {
	some [name, path, facts] in _files
	_judged(facts)
}

deny contains {"subject": fleet.subject(name, path), "msg": msg, "evidence": [fleet.at(name, path)]} if {
	some [name, path, facts] in _files
	_judged(facts)
	not _configured(facts)
	msg := sprintf("%s on node %s comes from no entry of the trust configuration: new nodes will not have it", [path, name])
}

# _files are the files with an entry's name, and the facts that decide: equal ones of
# many nodes are judged once.
_files := [[name, path, facts] |
	some name, files in fleet.files
	some path, file in files
	file.entry
	facts := {
		"cluster": object.get(nodes.read[name], "cluster", null),
		"entry": file.entry, "certificates": object.get(file, "certificates", []),
	}
]

_judged(facts) if _configured(facts)

# Where an entry may not be in the document, or a nameless one's value was not had, a
# file that none stands for proves nothing; the gap is reported in its stead. Nothing
# is known, either, where the node's cluster is not in the document.
_judged(facts) if {
	_configuration_is_here(facts.cluster)
	not "workload" in trust.hidden
	not _nameless_without_value
}

_configuration_is_here(cluster) if {
	is_string(cluster)
	some key, _ in input.clusters
	endswith(key, concat("/", ["", cluster]))
}

_configuration_is_here(null) if count(input.clusters) > 0

_nameless_without_value if {
	some entry in input.trust
	entry.domain == "workload"
	object.get(entry, "name", "") == ""
	not entry.value
}

_configured(facts) if facts.entry in _params.known_entries

_configured(facts) if {
	some entry in trust.reaching[facts.cluster]
	entry.name == facts.entry
}

_configured(facts) if {
	some fingerprint in facts.certificates
	some key in input.views.trust_by_certificate[fingerprint]
	trust.reaching[facts.cluster][key]
}
