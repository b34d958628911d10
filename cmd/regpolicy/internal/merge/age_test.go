package merge

import (
	"slices"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestAgeLimit(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	of := func(name string, age time.Duration) file {
		return file{path: name + ".json", head: head{cluster: name, collectedAt: evidence.Time{Time: at.Add(-age)}}}
	}
	files := []file{of("now", 0), of("day", 24*time.Hour), of("week", 7*24*time.Hour+time.Minute), of("tomorrow", -time.Hour), of("never", 200*365*24*time.Hour)}
	for _, tt := range []struct {
		limit  ageLimit
		beyond []string
		behind int
	}{
		{ageLimit{at: at}, nil, 3}, // of the newest, which is of tomorrow
		{ageLimit{at: at, max: 24 * time.Hour}, []string{
			"it is 7 days old, collected 2026-11-16T07:59:00Z; --max-age is 24h",
			"it is a hundred years or more old, collected " + stamp(files[4].head.collectedAt.Time) + "; --max-age is 24h",
		}, 0},
		{ageLimit{at: at, max: 90 * time.Second}, nil, 0},
	} {
		var beyond []string
		for i := range files {
			if detail := tt.limit.exceeded(&files[i]); detail != "" {
				beyond = append(beyond, detail)
			}
		}
		if tt.beyond == nil && tt.limit.max > 0 {
			if len(beyond) != 3 {
				t.Errorf("%v: %q", tt.limit, beyond)
			}
		} else if !slices.Equal(beyond, tt.beyond) {
			t.Errorf("%v: %q, want %q", tt.limit, beyond, tt.beyond)
		}
		if got := tt.limit.behind(files); len(got) != tt.behind {
			t.Errorf("%v: behind %q", tt.limit, got)
		}
	}
	for d, want := range map[time.Duration]string{49 * time.Hour: "2 days", 47 * time.Hour: "47h", 90 * time.Minute: "1h30m", 1500 * time.Millisecond: "2s"} {
		if got := span(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
