# METADATA
# title: Trust is configured for every private registry in use
# description: >-
#   Where pods use a registry that no public authority vouches for, the trust domain
#   that pulls for them has at least one CA configured. Whether it is the right one is
#   RT-XEV-003's question. A registry counts as public when its chain leads to a public
#   root, and before it was probed, when it is one of public_registries.
# custom:
#   id: RT-CFG-004
#   severity: high
#   recommended_action: Add the CA of the registry to the trust configuration of the domain that pulls from it.
#   explains: [RT-XEV-003, RT-TLS-002, RT-EVT-002, RT-EVT-012]
#   optional_evidence: [endpoints, nodes]
#   tags: [seed, cfg, preflight]
#   params:
#     public_registries:
#       - docker.io
#       - "*.docker.io"
#       - ghcr.io
#       - quay.io
#       - "*.quay.io"
#       - gcr.io
#       - "*.gcr.io"
#       - "*.pkg.dev"
#       - registry.k8s.io
#       - k8s.gcr.io
#       - public.ecr.aws
#       - "*.amazonaws.com"
#       - mcr.microsoft.com
#       - "*.azurecr.io"
#       - registry.gitlab.com
#       - registry.redhat.io
#       - "*.redhat.com"
#       - registry.suse.com
#       - cgr.dev
#       - lscr.io
#       - projects.registry.vmware.com
#       - "*.vmware.com"
#       - "*.broadcom.com"
#       - nvcr.io
#       - docker.elastic.co
#       - "*.icr.io"
#       - icr.io
package regpolicy.cfg.private_registries_have_trust

import data.regpolicy.lib.chains
import data.regpolicy.lib.nodeviews
import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust

subjects contains _uses[_].subject

deny contains {"subject": use.subject, "msg": msg, "evidence": [pointer.to(["registries", use.registry]), pointer.to(["domains", use.domain])], "trust_domain": use.domain} if {
	some use in _uses
	not _has_trust(use.domain)
	msg := sprintf("%d pod(s) and %d manifest(s) use the private registry %s, and the %s trust domain has no CA configured", [
		use.pods, use.manifests, use.registry, use.domain,
	])
}

_has_trust(domain) if {
	some key in input.domains[domain].entries
	trust.applies(input.trust[key])
}

_uses contains {
	"subject": {"kind": "registry", "name": name, "domain": domain},
	"registry": name, "domain": domain,
	"pods": object.get(registry, "pods", 0), "manifests": count(object.get(registry, "workloads", [])),
} if {
	some name, registry in input.registries
	not _public(name, registry)
	some domain in nodeviews.pullers(name)
	input.domains[domain]
	_known(domain)
}

# Where a list of trust was refused, that there is none proves nothing.
_known(domain) if _has_trust(domain)

_known(domain) if not domain in trust.hidden

_public(name, _) if {
	some chain in input.endpoints[name].chains
	chains.public(chain)
}

_public(name, registry) if {
	not _probed(name)
	some pattern in _public_registries
	glob.match(pattern, null, registry.host)
}

_probed(name) if count(input.endpoints[name].chains) > 0

_public_registries := params.of("RT-CFG-004", rego.metadata.chain()).public_registries
