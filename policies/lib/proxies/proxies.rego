# METADATA
# title: Proxies, and what their exceptions hold
# description: >-
#   The exceptions (NO_PROXY) are read as golang.org/x/net/http/httpproxy does, which
#   container runtimes are built with.
package regpolicy.lib.proxies

# subject is how policies name a proxy: by its key, and by whose it is.
subject(key) := object.union({"kind": "proxy", "name": key}, _owner(split(key, "/")))

_owner(parts) := {"node": parts[1]} if {
	parts[0] == "node"
} else := {"cluster": parts[2]} if {
	parts[0] == "cluster"
} else := {}

# owner is whose a proxy is, in words: "cluster ns/demo", "node wk-1".
owner("service") := "the TkgServiceConfiguration"

owner(key) := sprintf("%s %s", [parts[0], trim_prefix(key, concat("", [parts[0], "/"]))]) if {
	parts := split(key, "/")
	count(parts) > 1
}

# exempts tells whether a list of exceptions lets connections to a host and port go
# past the proxy.
exempts(_, host, _) if host == "localhost"

exempts(_, host, _) if {
	some loopback in ["127.0.0.0/8", "::1/128"]
	_within(loopback, _bare(host))
}

exempts(exceptions, host, port) if {
	some exception in exceptions
	_matches(lower(trim_space(exception)), lower(_bare(host)), format_int(port, 10))
}

# exempts_network tells whether all addresses of a network go past the proxy.
exempts_network(exceptions, network) if {
	some exception in exceptions
	_holds(lower(trim_space(exception)), network)
}

_holds("*", _)

_holds(exception, network) if {
	net.cidr_is_valid(exception)
	net.cidr_is_valid(network)
	net.cidr_contains(exception, network)
}

_matches("*", _, _)

_matches(exception, host, _) if _within(exception, host)

_matches(exception, host, port) if {
	[address, wanted] := _parts(exception)
	wanted in {"", port}
	_same_address(address, host)
}

_matches(exception, host, port) if {
	[name, wanted] := _parts(exception)
	wanted in {"", port}
	not _address(host)
	_same_domain(name, host)
}

_within(network, host) if {
	net.cidr_is_valid(network)
	_address(host)
	net.cidr_contains(network, host)
}

_same_address(address, host) if {
	_address(address)
	_address(host)
	net.cidr_contains(_alone(address), host)
}

# "corp.example" is the domain and all below it, ".corp.example" and "*.corp.example"
# are only what is below.
_same_domain(name, host) if name == host

_same_domain(name, host) if {
	not _address(name)
	above := _above(name)
	above != "."
	endswith(host, above)
}

_above(name) := substring(name, 1, -1) if {
	startswith(name, "*.")
} else := name if {
	startswith(name, ".")
} else := concat("", [".", name])

# _parts are host and port of an exception, as net.SplitHostPort tells them apart.
_parts(exception) := [found[0][1], found[0][2]] if {
	found := regex.find_all_string_submatch_n(`^\[([^\[\]]+)\]:([^:]*)$`, exception, 1)
	count(found) > 0
} else := [found[0][1], found[0][2]] if {
	found := regex.find_all_string_submatch_n(`^([^:\[\]]*):([^:]*)$`, exception, 1)
	count(found) > 0
} else := [exception, ""]

_bare(host) := trim_suffix(trim_prefix(host, "["), "]")

_address(text) if net.cidr_is_valid(_alone(text))

_alone(text) := sprintf("%s/%d", [text, bits]) if bits := {true: 128, false: 32}[contains(text, ":")]
