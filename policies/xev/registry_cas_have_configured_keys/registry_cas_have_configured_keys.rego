# METADATA
# title: The registry's CA has the same key as the configured CA of that subject
# description: >-
#   Where a configured CA has the name of an issuer in a registry's chain, it has that
#   issuer's key, too. A CA that was made anew under its old name looks the same to people
#   and is another one to every verifier. Pass means that of the configured CAs of that
#   name at least one has the key that signed.
# related_resources:
#   - https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.1
# custom:
#   id: RT-XEV-005
#   severity: high
#   recommended_action: >-
#     Configure the CA's new certificate beside the old one, under an entry name of its
#     own so that the nodes roll, and drop the old one when no registry needs it.
#   explains: [RT-XEV-003, RT-TLS-002, RT-EVT-002, RT-EVT-003]
#   optional_evidence: [nodes, registries]
#   tags: [xev, audit]
#   controls:
#     bsi-app-4.4: [A13]
#     nist-800-190: ["4.2.1"]
package regpolicy.xev.registry_cas_have_configured_keys

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains link.subject if {
	some link in _links
	_judged(link)
}

deny contains _finding(link, "the chain leads to no other CA that is configured") if {
	some link in _links
	_judged(link)
	not _fits(link)
	not _anchored(link)
}

warn contains object.union(_finding(link, "another configured CA vouches for the chain"), {"severity": "low"}) if {
	some link in _links
	_judged(link)
	not _fits(link)
	_anchored(link)
}

# _links are certificates of chains whose issuer's name some configured CA bears.
_links contains {
	"subject": {"kind": "registry", "name": name, "domain": domain, "chain": key, "issuer": issuer},
	"chain": chain, "child": input.certificates[child], "store": input.domains[domain].trust_store, "anchors": anchors,
} if {
	some name, endpoint in input.endpoints
	chains.registry(endpoint)
	some domain in nodeviews.pullers(name)
	some key, chain in endpoint.chains
	some child in chain.certificates
	issuer := input.certificates[child].issuer
	anchors := [anchor | some anchor in input.views.certificates_by_subject[issuer]; anchor in trust.configured(domain)]
	count(anchors) > 0
}

_judged(link) if _fits(link)

# A value that could not be had may be the CA with the right key.
_judged(link) if {
	not link.subject.domain in trust.incomplete
	not link.subject.domain in trust.hidden
	_known(link)
}

_fits(link) if {
	some anchor in link.anchors
	_signed_by(link, anchor)
}

_signed_by(link, anchor) if {
	link.child.authority_key_id == input.certificates[anchor].subject_key_id
	link.child.authority_key_id != ""
}

_signed_by(link, anchor) if input.certificates[anchor].spki_sha256 in _sent(link)

_signed_by(link, anchor) if {
	some path in link.chain.verdicts[link.store].paths
	anchor in path
}

# _sent are the keys that the server shows under the issuer's name.
_sent(link) := {input.certificates[fingerprint].spki_sha256 |
	some fingerprint in link.chain.certificates
	input.certificates[fingerprint].subject == link.subject.issuer
}

_known(link) if link.child.authority_key_id != ""

_known(link) if count(_sent(link)) > 0

_known(link) if link.chain.verdicts[link.store].reason == "issuer_rekeyed"

_anchored(link) if chains.anchored(link.chain, link.store)

_finding(link, rest) := {"subject": link.subject, "msg": msg, "trust_domain": link.subject.domain, "evidence": evidence} if {
	anchor := link.anchors[0]
	msg := sprintf("the %s domain has %q (%s...) configured with another key than that which signed the chain of %s; %s", [
		link.subject.domain, chains.name_of(anchor), substring(anchor, 0, 16), link.subject.name, rest,
	])
	evidence := array.concat(
		[pointer.to(["endpoints", link.subject.name, "chains", link.subject.chain])],
		[pointer.to(["trust", key]) | some key in input.views.trust_by_certificate[anchor]],
	)
}
