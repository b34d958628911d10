# METADATA
# title: The registry sends its complete chain
# description: >-
#   Runtimes do not fetch missing intermediates, browsers do: a registry that sends its
#   own certificate alone looks fine in a browser and fails in every pull. The issuer of
#   the registry's certificate must be sent, or be a root or another anchor of all that
#   pull from it, and so must every further intermediate that is known. Where neither
#   their stores nor their configuration is known, a leaf that comes alone is a warning.
# custom:
#   id: RT-TLS-003
#   severity: high
#   recommended_action: >-
#     Let the registry serve its certificate followed by every intermediate, without the
#     root. Where the server cannot be changed soon, trust the intermediate itself: Go
#     accepts it as an anchor. If the issuer is itself a root, the registry sends all it
#     should: configure that root.
#   explains: [RT-TLS-002, RT-TLS-019, RT-XEV-003, RT-EVT-002, RT-EVT-012]
#   optional_evidence: [domains, nodes, registries]
#   tags: [seed, tls]
package regpolicy.tls.registries_send_complete_chains

import data.regpolicy.lib.chains
import data.regpolicy.lib.installing
import data.regpolicy.lib.nodes
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer

subjects contains _probe(name, vantage) if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	endpoint.chains[probe.chain]
}

deny contains {"subject": _probe(name, vantage), "msg": msg, "evidence": [pointer.to(["endpoints", name, "chains", probe.chain])], "remediation": _repair(chain)} if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	chain := endpoint.chains[probe.chain]
	not _complete(name, chain)
	_anchors_known(name, chain)
	msg := sprintf("%s, seen from %s, does not send %s", [name, vantage, _missing(chain)])
}

# Without the trust of any node or configuration nobody can say whether the issuer is an
# anchor there: a leaf that a private root signed is complete by itself.
warn contains {"subject": _probe(name, vantage), "msg": msg, "severity": "info", "evidence": [pointer.to(["endpoints", name, "chains", probe.chain])]} if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	chain := endpoint.chains[probe.chain]
	not _complete(name, chain)
	not _anchors_known(name, chain)
	msg := sprintf("%s, seen from %s, sends its own certificate alone; whether %q, which signed it, is a root that the nodes trust is not known without their trust stores", [
		name, vantage, input.certificates[chain.certificates[0]].issuer,
	])
}

_anchors_known(_, chain) if count(_omissions(chain)) > 0

_anchors_known(name, _) if count(_trusting(name)) > 0

# _trusting are the stores of who pulls from an endpoint: those of the nodes, for this
# registry, and what the pulling domains have configured. That the Supervisor trusts an
# intermediate helps no node.
_trusting(name) := _on_nodes(name) | {input.domains[domain].trust_store | some domain in nodeviews.pullers(name)}

default _on_nodes(_) := set()

_on_nodes(name) := _node_stores[name] if "workload" in nodeviews.pullers(name)

_node_stores[view.endpoint] contains view.store if some view, _ in nodeviews.views

_probe(name, vantage) := {"kind": "endpoint", "name": name, "vantage": vantage}

_missing(chain) := sprintf("%q, which signed %q", [chains.name_of(omission.candidates[0]), chains.name_of(omission.break)]) if {
	omission := _omissions(chain)[0]
} else := sprintf("the certificate of %q that signed its own, and no trust store here holds it", [issuer]) if {
	issuer := input.certificates[chain.certificates[0]].issuer
	issuer != ""
} else := "the certificate that signed its own, and no trust store here holds it"

# Of an issuer that nobody knows it cannot be told which of the two it is.
_repair(chain) := concat("\n", [
	"ask whoever runs the registry for the certificate that signed its own:",
	sprintf("if that is a root (subject and issuer are equal), the registry sends all it should: %s;", [installing.steps(object.keys(nodes.read))]),
	"if not, let the registry serve it behind its own certificate",
]) if {
	count(_omissions(chain)) == 0
} else := "let the registry serve its certificate followed by every intermediate, without the root; until then the intermediate itself can be trusted, Go accepts it as an anchor"

# _omissions are the verdicts by which a certificate that is known from elsewhere
# should have been sent.
_omissions(chain) := [verdict |
	some store in sort(object.keys(chain.verdicts))
	verdict := chain.verdicts[store]
	verdict.reason == "server_omits_intermediate"
	count(verdict.candidates) > 0
]

_complete(name, chain) if {
	some store in _trusting(name)
	chain.verdicts[store].ok
	not _lacked(name, chain)
}

_complete(_, chain) if chains.public(chain)

# _lacked tells that some who pull do not hold what makes the chain complete for others,
# and that their configuration does not bring it either.
_lacked(name, chain) if {
	some domain in nodeviews.pullers(name)
	not _configured(domain, chain)
	some store in _held(domain, name)
	chain.verdicts[store].ok == false
}

_configured(domain, chain) if chain.verdicts[input.domains[domain].trust_store].ok

# What a part of a node that could not be read may add to its store can only help.
_held(domain, name) := {view.store |
	some view, sharing in nodeviews.views
	view.endpoint == name
	count(sharing - nodes.lacking({"registry_config", "trust_store"})) > 0
} if {
	domain == "workload"
	count(_on_nodes(name)) > 0
} else := {input.domains[domain].trust_store}

_complete(_, chain) if {
	count(_omissions(chain)) == 0
	_link_sent(chain)
}

_link_sent(chain) if input.certificates[chain.certificates[0]].self_issued

_link_sent(chain) if {
	leaf := input.certificates[chain.certificates[0]]
	some fingerprint in array.slice(chain.certificates, 1, count(chain.certificates))
	input.certificates[fingerprint].subject == leaf.issuer
}

# A root of the issuer's name is known from some store or configuration, be it with
# another key: what is absent then is trust, not a link that the server left out.
_link_sent(chain) if {
	leaf := input.certificates[chain.certificates[0]]
	some fingerprint in input.views.certificates_by_subject[leaf.issuer]
	input.certificates[fingerprint].self_signed
}
