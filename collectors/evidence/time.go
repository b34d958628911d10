package evidence

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a moment in UTC, written as RFC 3339 with whole seconds, so that equal
// facts give equal bytes.
type Time struct{ time.Time }

// At returns t as a Time, in UTC and cut to whole seconds.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Second)} }

// MaybeAt returns nil for the zero time.
func MaybeAt(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	at := At(t)
	return &at
}

// MarshalJSON writes RFC 3339 in UTC. Years beyond 9999 are written as the last
// moment that RFC 3339 can hold: certificates may carry them (RFC 5280 4.1.2.5).
func (t Time) MarshalJSON() ([]byte, error) {
	u := t.UTC()
	if u.Year() > 9999 {
		return []byte(`"9999-12-31T23:59:59Z"`), nil
	}
	if u.Year() < 0 {
		return []byte(`"0000-01-01T00:00:00Z"`), nil
	}
	return []byte(u.Format(`"2006-01-02T15:04:05Z"`)), nil
}

// UnmarshalJSON reads RFC 3339.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return &noTimeError{string(b)}
	}
	parsed, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return &noTimeError{s}
	}
	*t = At(parsed)
	return nil
}

// noTimeError is something else in the place of a time.
type noTimeError struct{ text string }

func (e *noTimeError) Error() string {
	return fmt.Sprintf("%.60q is no time as RFC 3339 has them", e.text)
}
