# METADATA
# title: Verification is not skipped where the chain would verify
# description: >-
#   Where a node's runtime has settings for a registry or its mirror, they do not turn
#   verification off though the chain leads to an anchor of the node's store and is of the
#   right name. Such a switch is left over from the days before the CA was trusted, and it
#   lets anybody in between pass for the registry. Where the chain would not verify, the
#   CA comes first.
# related_resources:
#   - https://github.com/containerd/containerd/blob/main/docs/hosts.md
# custom:
#   id: RT-XEV-012
#   severity: medium
#   trust_domain: workload
#   recommended_action: Drop skip_verify (or insecure_skip_verify) from the runtime's settings; pulls go on.
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.verification_is_on_where_it_works

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodes
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer

subjects contains _subject(use) if some use in _uses

deny contains {"subject": _subject(use), "msg": msg, "evidence": [pointer.to(["nodes", use.node, "registry_config"]), pointer.to(["endpoints", use.target])]} if {
	some use in _uses
	use.skips
	every key in use.keys {
		_verifies(input.endpoints[use.target].chains[key], use.store)
	}
	msg := sprintf("node %s does not verify %s (%s), though its chain would verify there", [use.node, use.target, use.origin])
}

# _uses are the hosts that a node's settings send its pulls to, as far as their chains
# were judged with what that node trusts.
_uses contains {"node": node_name, "target": host.target, "skips": host.skips, "store": store, "keys": keys, "origin": settings.origin} if {
	some node_name, node in nodes.read
	count(node.registry_config.hosts) > 0
	some name, _ in input.endpoints
	settings := nodeviews.settings(node, name)
	some host in _hosts(name, settings)
	store := [key | some key in [host.store, node.trust_store]; key != ""][0]
	keys := nodeviews.seen(input.endpoints[host.target], node_name)
	count(keys) > 0
	every key in keys {
		input.endpoints[host.target].chains[key].verdicts[store]
	}
}

_verifies(chain, store) if {
	chains.anchored(chain, store)
	chain.name.ok
}

# _hosts are the hosts that are asked for a registry's images. What hosts.toml says
# holds for each of them, older settings hold for the registry as a whole.
_hosts(name, settings) := hosts if {
	count(settings.endpoints) > 0
	hosts := {_host(_target(name, object.get(endpoint, "url", "")), endpoint) | some endpoint in settings.endpoints}
} else := {_host(name, settings)}

_host(target, settings) := {"target": target, "skips": settings.skip_verify, "store": object.get(settings, "trust_store", "")}

_target(name, "") := name

_target(_, url) := authority if {
	authority := _authority(url)
	regex.match(`:[0-9]+$`, authority)
} else := sprintf("%s:443", [_authority(url)])

# A host that is asked over plain HTTP has no chain.
_authority(url) := split(trim_prefix(url, "https://"), "/")[0] if startswith(url, "https://")

_subject(use) := {"kind": "node", "name": use.node, "registry": use.target}
