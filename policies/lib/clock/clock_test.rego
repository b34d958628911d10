package regpolicy.lib.clock_test

import data.regpolicy.lib.clock

test_now[name] if {
	some name, tc in {
		"the run's own moment comes first": {"in": {"at": "2030-01-01T00:00:00Z", "collected_at": "2026-11-23T08:00:00Z"}, "want": "2030-01-01T00:00:00Z"},
		"else the document's counts": {"in": {"collected_at": "2026-11-23T08:00:00Z"}, "want": "2026-11-23T08:00:00Z"},
	}
	clock.now == tc.want with input as tc["in"]
	clock.now_ns == time.parse_rfc3339_ns(tc.want) with input as tc["in"]
}

test_validity[name] if {
	some name, tc in {
		"within": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "valid": true},
		"from the first second on": {"from": "2026-11-23T08:00:00Z", "to": "2027-01-01T00:00:00Z", "valid": true},
		"to the last second": {"from": "2026-01-01T00:00:00Z", "to": "2026-11-23T08:00:00Z", "valid": true},
		"over": {"from": "2026-01-01T00:00:00Z", "to": "2026-11-23T07:59:59Z", "valid": false},
		"not begun": {"from": "2026-11-23T08:00:01Z", "to": "2027-01-01T00:00:00Z", "valid": false},
		"without an end (RFC 5280 4.1.2.5)": {"from": "2026-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z", "valid": true},
		"from before all clocks": {"from": "0001-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "valid": true},
		"over for centuries": {"from": "0001-01-01T00:00:00Z", "to": "1600-01-01T00:00:00Z", "valid": false},
		"in the years where nanoseconds begin and end": {"from": "1678-01-01T00:00:00Z", "to": "2261-12-31T23:59:59Z", "valid": true},
		"in the years beyond": {"from": "1677-01-01T00:00:00Z", "to": "2262-12-31T23:59:59Z", "valid": true},
		"begins beyond them": {"from": "2262-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z", "valid": false},
		"malformed": {"from": "2026-01-01T00:00:00Z", "to": "soon", "valid": false},
		"missing": {"from": "2026-01-01T00:00:00Z", "valid": false},
	}
	certificate := {key: time | some key, time in {"not_before": tc.from, "not_after": object.get(tc, "to", "")}; time != ""}
	_valid(certificate) == tc.valid
}

default _valid(_) := false

_valid(certificate) if clock.valid_at(certificate, time.parse_rfc3339_ns("2026-11-23T08:00:00Z"))
