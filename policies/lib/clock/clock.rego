# METADATA
# title: The moment that policies judge by
# description: >-
#   `input.at` where the run set one with --at, else the document's own
#   `collected_at`. Policies have no other clock.
package regpolicy.lib.clock

# now is that moment as the document writes times.
now := object.get(input, "at", input.collected_at)

# now_ns is that moment in nanoseconds since 1970.
now_ns := ns(now)

# valid_at tells whether a certificate's validity period holds the moment at, in
# nanoseconds since 1970. A period that cannot be read holds none.
valid_at(certificate, at) if {
	ns(certificate.not_before) <= at
	at <= ns(certificate.not_after)
}

# ns is a time in nanoseconds since 1970. Certificates may be valid to the year
# 9999 (RFC 5280 4.1.2.5), a count of nanoseconds in 64 bits ends in 2262.
ns(text) := time.parse_rfc3339_ns(text) if {
	_dated(text)
	text > "1678"
	text < "2262"
} else := 9223372036854775807 if {
	_dated(text)
	text > "2262"
} else := -9223372036854775808 if _dated(text)

# _dated tells whether a text begins with a year, by which such texts are in order.
_dated(text) if regex.match(`^[0-9]{4}-`, text)
