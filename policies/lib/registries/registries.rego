# METADATA
# title: Registries, public and private
package regpolicy.lib.registries

import data.regpolicy.lib.chains

# private are the registries in use that no public authority vouches for, by name.
private[name] := registry if {
	some name, registry in input.registries
	not _public(name, registry)
}

_public(name, _) if {
	some chain in input.endpoints[name].chains
	chains.public(chain)
}

_public(_, registry) if {
	some pattern in _public_registries
	glob.match(pattern, null, registry.host)
}

# What the run sets as RT-CFG-004's parameter holds for all.
default _public_registries := {
	"docker.io", "*.docker.io", "ghcr.io", "quay.io", "*.quay.io", "gcr.io", "*.gcr.io", "*.pkg.dev", "registry.k8s.io",
	"k8s.gcr.io", "public.ecr.aws", "*.amazonaws.com", "mcr.microsoft.com", "*.azurecr.io", "registry.gitlab.com",
	"registry.redhat.io", "*.redhat.com", "registry.suse.com", "cgr.dev", "lscr.io", "projects.registry.vmware.com",
	"*.vmware.com", "*.broadcom.com", "nvcr.io", "docker.elastic.co", "*.icr.io", "icr.io",
}

_public_registries := data.params["RT-CFG-004"].public_registries
