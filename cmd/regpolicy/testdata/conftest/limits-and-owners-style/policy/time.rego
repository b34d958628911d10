package util.time

import rego.v1

days(from, to) := floor((time.parse_rfc3339_ns(to) - time.parse_rfc3339_ns(from)) / (((24 * 60) * 60) * 1000000000))
