package verify

import (
	"fmt"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// waiversDiffer says where a report's waivers, which are not at hand, contradict what else
// it says.
func waiversDiffer(r *report.Report) []string {
	var out []string
	waivers := map[report.Waiver]bool{}
	waived, expired := 0, 0
	for i := range r.Results {
		result := &r.Results[i]
		if result.ID == engine.WaiverID {
			expired++
		}
		if result.Verdict != report.Waived {
			continue
		}
		w := *result.Waiver
		if day, err := time.Parse(time.DateOnly, w.Expires); err == nil && !r.Run.At.Before(day.AddDate(0, 0, 1)) {
			out = append(out, fmt.Sprintf("%s is waived by a waiver that had ended on %s", keyOf(result), w.Expires))
		}
		waived++
		w.Verdict = "" // one waiver may excuse failures and warnings
		waivers[w] = true
	}
	said := r.Run.Waivers
	// One that ended between two documents excused results of the first.
	if len(waivers) > said.Used+said.Expired {
		out = append(out, fmt.Sprintf("the report counts %d waivers that were used and %d that had expired, and its results name %d", said.Used, said.Expired, len(waivers)))
	}
	if said.Used > 0 && waived == 0 {
		out = append(out, fmt.Sprintf("the report counts %d waivers that were used, and none of its results is waived", said.Used))
	}
	if said.Expired != expired {
		out = append(out, fmt.Sprintf("the report counts %d waivers that had expired, and %d of its results are about one", said.Expired, expired))
	}
	if said.Unused != len(said.UnusedNames) {
		out = append(out, fmt.Sprintf("the report counts %d waivers that were not used, and names %d", said.Unused, len(said.UnusedNames)))
	}
	return out
}
