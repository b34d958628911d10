# METADATA
# title: No chain is issued by the proxy's CA
# description: >-
#   What a registry shows is its own certificate, not one that a proxy on the way made for
#   it. Two things tell: the issuer is a CA that is configured for the proxy, under an entry
#   name of proxy_entry_names and no other, or the issuer seen through a proxy is another
#   than that seen directly. Pass means that one of the two could be compared and nothing
#   was found; where neither can, the policy has nothing to look at.
# custom:
#   id: RT-XEV-014
#   severity: medium
#   recommended_action: >-
#     Add the registry's host to noProxy, for the nodes and for kapp-controller; or trust the
#     proxy's CA on every node.
#   explains: [RT-XEV-003, RT-XEV-008, RT-TLS-002, RT-TLS-003, RT-TLS-020, RT-EVT-002]
#   optional_evidence: [nodes, trust]
#   tags: [xev, audit]
#   params:
#     proxy_entry_names: [proxy, proxy-*, "*-proxy"]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.chains_are_the_registrys_own

import data.regpolicy.lib.chains
import data.regpolicy.lib.installing
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer

_params := params.of("RT-XEV-014", rego.metadata.chain())

subjects contains _subject(look) if {
	some look in _looks
	_comparable(look)
}

deny contains {"subject": _subject(look), "msg": msg, "evidence": evidence, "remediation": _repair(look)} if {
	some look in _looks
	msg := sprintf("%s, seen from %s, shows a certificate %s", [look.endpoint, look.vantage, _fault(look)])
	evidence := [
		pointer.to(["endpoints", look.endpoint, "probes", look.vantage]),
		pointer.to(["endpoints", look.endpoint, "chains", look.chain]),
	]
}

# The recommended action is for other places than nodes.
default _repair(_) := ""

_repair(look) := sprintf("Add %s to NO_PROXY where the container runtime of %s gets its proxy from (a drop-in below /etc/systemd/system/containerd.service.d), then `systemctl daemon-reload` and `systemctl restart containerd`; where the cluster's configuration sets the proxy, add it to noProxy there, and for kapp-controller. Or trust the proxy: get its CA's certificate and %s", [
	input.endpoints[look.endpoint].host, node, installing.steps({node}),
]) if {
	startswith(look.vantage, "node/")
	node := trim_prefix(look.vantage, "node/")
}

_looks contains {"endpoint": name, "vantage": from, "chain": probe.chain, "proxy": object.get(probe, "proxy", ""), "issuer": issuer} if {
	some name, endpoint in input.endpoints
	some from, probe in endpoint.probes
	issuer := input.certificates[endpoint.chains[probe.chain].certificates[0]].issuer
}

_comparable(_) if count(_proxy_cas) > 0

_comparable(look) if {
	look.proxy != ""
	count(_direct[look.endpoint]) > 0
}

_fault(look) := sprintf("issued by the proxy's CA %q", [chains.name_of(ca)]) if {
	ca := min(_issuers(look))
} else := sprintf("issued by %q through the proxy %s, and directly one issued by %q", [look.issuer, look.proxy, min(_direct[look.endpoint])]) if {
	not look.issuer in _direct[look.endpoint]
}

# _issuers are the proxy's CAs that sign some certificate of the chain.
_issuers(look) := {ca |
	some fingerprint in input.endpoints[look.endpoint].chains[look.chain].certificates
	some ca in _proxy_cas
	input.certificates[fingerprint].issuer == input.certificates[ca].subject
	not _another_key(input.certificates[fingerprint], input.certificates[ca])
}

_another_key(certificate, ca) if {
	certificate.authority_key_id != ""
	certificate.authority_key_id != ca.subject_key_id
}

# _direct are the issuers of what an endpoint shows without a proxy.
_direct[look.endpoint] contains look.issuer if {
	some look in _looks
	look.proxy == ""
}

# _proxy_cas are configured for proxies alone: where a CA signs for registries, too, its
# name on a chain says nothing.
_proxy_cas contains fingerprint if {
	some entry in input.trust
	some fingerprint in entry.value.certificates
	not fingerprint in _others
}

_others contains fingerprint if {
	some entry in input.trust
	not _for_proxy(entry)
	some fingerprint in entry.value.certificates
}

_for_proxy(entry) if {
	some pattern in _params.proxy_entry_names
	glob.match(pattern, null, entry.name)
}

_subject(look) := {"kind": "endpoint", "name": look.endpoint, "vantage": look.vantage}
