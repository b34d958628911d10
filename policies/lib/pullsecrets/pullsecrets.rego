# METADATA
# title: Pull secrets that pods name, and what they are for
package regpolicy.lib.pullsecrets

# named are the pull secrets of the pod that a failure belongs to.
named(failure) := object.get(input.pods[sprintf("%s/%s", [failure.namespace, failure.pod])], "pull_secrets", [])

# absent are those that the source says do not exist.
absent(failure) := [name | some name in named(failure); _of(failure, name).missing]

# foreign are those that have credentials for other registries alone, with what they
# are for. Where one may have them for this registry there are none.
foreign(failure) := {name: hosts | some name, hosts in _read(failure)} if {
	every name in named(failure) { _useless(failure, name) }
} else := {}

_useless(failure, name) if _of(failure, name).missing

_useless(failure, name) if {
	hosts := _read(failure)[name]
	every host in hosts { not _fits(host, failure.registry) }
}

_read(failure) := {name: hosts |
	some name in named(failure)
	hosts := object.get(_of(failure, name), "registries", [])
	count(hosts) > 0
}

_of(failure, name) := input.secrets[sprintf("%s/%s", [failure.namespace, name])]

_fits(host, registry) if trim_suffix(host, ":443") == trim_suffix(registry, ":443")

# The kubelet takes a * for one label, or a part of one.
_fits(host, registry) if {
	regex.match(`^[a-z0-9.*:-]*\*[a-z0-9.*:-]*$`, host)
	glob.match(trim_suffix(host, ":443"), ["."], trim_suffix(registry, ":443"))
}
