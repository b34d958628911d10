package merge

import (
	"fmt"
	"time"
)

// ageLimit is how old a document may be at a moment; without a limit none is too old.
type ageLimit struct {
	at  time.Time
	max time.Duration
	// clock is what the machine's clock says; zero where nobody asks.
	clock time.Time
}

// ahead tells that a document is of a time to come: it would be the newest of its
// cluster for as long as that lasts, and never too old.
func (l ageLimit) ahead(f *file) bool {
	const skew = time.Hour
	return !l.clock.IsZero() && f.head.collectedAt.Sub(l.clock) > skew
}

// exceeded says of a document that is too old how old it is; "" of others.
func (l ageLimit) exceeded(f *file) string {
	collected := f.head.collectedAt.Time
	if l.max == 0 || l.at.Sub(collected) <= l.max {
		return ""
	}
	return fmt.Sprintf("it is %s old, collected %s; --max-age is %s", span(l.at.Sub(collected)), stamp(collected), span(l.max))
}

// behind tells of the documents that are more than a day older than the newest. With
// a limit the user has said what is too old.
func (l ageLimit) behind(chosen []file) []string {
	if l.max > 0 {
		return nil
	}
	var newest time.Time
	for i := range chosen {
		if at := chosen[i].head.collectedAt.Time; at.After(newest) {
			newest = at
		}
	}
	var told []string
	for i := range chosen {
		f := &chosen[i]
		if by := newest.Sub(f.head.collectedAt.Time); by > 24*time.Hour {
			told = append(told, fmt.Sprintf("cluster %q is judged by a document that is %s older than the newest: %q, collected %s", f.name(), span(by), f.path, stamp(f.head.collectedAt.Time)))
		}
	}
	return told
}

// span is a duration for people: days where there are two or more of them.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d < 100*365*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 100*365*day:
		return "a hundred years or more"
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return d.Round(time.Second).String()
	}
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }
