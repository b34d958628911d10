# METADATA
# title: Every CA symlink resolves
# description: >-
#   On Ubuntu /etc/ssl/certs holds links to the CA files elsewhere. A link whose target
#   is gone, or that leads to itself, trusts nothing and says nothing.
# custom:
#   id: RT-NOD-010
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Put the CA file back where the link leads, run update-ca-certificates again (with
#     --fresh it removes what leads nowhere), and restart the container runtime.
#   explains: [RT-NOD-001, RT-XEV-001, RT-TLS-002, RT-EVT-001, RT-EVT-002]
#   tags: [nod]
# related_resources:
#   - ref: https://manpages.debian.org/bookworm/ca-certificates/update-ca-certificates.8.en.html
package regpolicy.nod.ca_links_resolve

import data.regpolicy.lib.fleet
import data.regpolicy.lib.nodes

subjects contains fleet.subject(name, path) if some [name, path] in _links

deny contains {"subject": fleet.subject(name, path), "msg": msg, "evidence": [fleet.at(name, path)]} if {
	some [name, path] in _links
	file := nodes.read[name].trust_files[path]
	msg := sprintf("%s on node %s is a link to %s, %s", [path, name, file.link_target, _why[file.status]])
}

# Where a link leads out of what was collected, or to what may not be read, it is not
# known whether it resolves.
_links contains [name, path] if {
	some name, node in nodes.read
	some path, file in node.trust_files
	file.link_target != ""
	file.status in (object.keys(_why) | {"ok"})
}

_why := {
	"absent": "which is not there",
	"dangling": "which is not there",
	"directory": "which is a folder",
	"loop": "and that leads back to it",
	"not_regular": "which is no regular file",
}
