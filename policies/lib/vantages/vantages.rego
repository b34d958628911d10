# METADATA
# title: Places that endpoints are looked at from
package regpolicy.lib.vantages

# listed names vantage points for people: all of a few, the first three of many.
listed(names) := concat(", ", sort(names)) if {
	count(names) <= 3
} else := sprintf("%s and %d more", [concat(", ", array.slice(sort(names), 0, 3)), count(names) - 3])

# showing are the vantage points that were shown a chain of an endpoint.
showing(endpoint, key) := {vantage |
	some vantage, probe in input.endpoints[endpoint].probes
	probe.chain == key
}
