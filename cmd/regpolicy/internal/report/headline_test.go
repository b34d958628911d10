package report

import "testing"

func TestHeadlineSaysHowMuchWasJudged(t *testing.T) {
	results := func(verdict Verdict, ids ...string) []Result {
		var out []Result
		for _, id := range ids {
			out = append(out, Result{ID: id, Verdict: verdict})
		}
		return out
	}
	fleet := &Fleet{Policies: []FleetPolicy{{ID: "A", Summary: Summary{Pass: 2}}, {ID: "B", Summary: Summary{Warn: 1}}, {ID: "C", Summary: Summary{Skip: 1}}}}
	for name, test := range map[string]struct {
		policies int
		results  []Result
		fleet    *Fleet
		want     string
	}{
		"all":                 {2, results(Pass, "A", "A", "B"), nil, "Registry trust is in order as far as it was looked at: 2 of 2 policies had evidence."},
		"a quarter":           {8, append(results(Pass, "A"), results(Warn, "B")...), nil, "Registry trust is in order as far as it was looked at: 2 of 8 policies had evidence."},
		"less":                {9, append(results(Pass, "A"), results(Waived, "B")...), nil, "Nothing fails, but little was looked at: only 2 of 9 policies had evidence."},
		"what is skipped":     {5, append(results(Pass, "A"), results(Skip, "B", "C", "D", "E")...), nil, "Nothing fails, but little was looked at: only 1 of 5 policies had evidence."},
		"one":                 {1, results(Pass, "A"), nil, "Registry trust is in order as far as it was looked at: 1 of 1 policy had evidence."},
		"a fleet of all":      {2, append(results(Pass, "A", "B"), results(Pass, "fleet-document")...), nil, "Registry trust is in order as far as it was looked at: 2 of 2 policies had evidence."},
		"a fleet of findings": {4, nil, fleet, "Registry trust is in order as far as it was looked at: 2 of 4 policies had evidence."},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Report{Run: Run{Policies: Policies{Count: test.policies}}, Summary: Summary{Pass: 1}, Results: test.results, Fleet: test.fleet}
			for _, id := range []string{"A", "B", "C", "D", "E"} {
				r.Rules = append(r.Rules, Rule{ID: id})
			}
			if got := Headline(r); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
