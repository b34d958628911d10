# METADATA
# title: The moment that policies judge by
# description: >-
#   `input.at` where the run set one with --at, else the document's own
#   `collected_at`. Policies have no other clock.
package regpolicy.lib.clock

# now_ns is that moment in nanoseconds since 1970.
now_ns := time.parse_rfc3339_ns(object.get(input, "at", input.collected_at))

# valid_at tells whether a certificate's validity period holds the moment ns.
valid_at(certificate, ns) if {
	time.parse_rfc3339_ns(certificate.not_before) <= ns
	ns <= time.parse_rfc3339_ns(certificate.not_after)
}
