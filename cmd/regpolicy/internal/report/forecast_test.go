package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// A fleet's policies may all run out of time: a page of such lines would hide the rest.
func TestTextSumsUpForecastGaps(t *testing.T) {
	at := evidence.At(time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC))
	for n, more := range map[int]string{1: "", shownGaps: "", shownGaps + 1: "... and 1 more (-o json)", 400: "... and 395 more (-o json)"} {
		r := &Report{Run: Run{Forecast: "24h0m0s"}}
		for i := range n {
			r.ForecastGaps = append(r.ForecastGaps, ForecastGap{From: at, ID: fmt.Sprintf("ORG-%d", i), Reason: "it was stopped"})
		}
		var text strings.Builder
		if err := Text(&text, r, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(text.String(), ": it was stopped\n"); got != min(n, shownGaps) {
			t.Errorf("%d gaps have %d lines:\n%s", n, got, text.String())
		}
		if got := strings.Contains(text.String(), "... and "); got != (more != "") || !strings.Contains(text.String(), more) {
			t.Errorf("%d gaps, want %q:\n%s", n, more, text.String())
		}
	}
}
