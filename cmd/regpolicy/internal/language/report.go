package language

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// Digest is over the texts of a policy's METADATA that its translation follows.
func Digest(title, description, action string) string {
	sum := sha256.Sum256([]byte(title + "\x00" + description + "\x00" + action))
	return hex.EncodeToString(sum[:4])
}

// Report is the report in German: titles, messages, remediations and hints. Ids,
// verdicts, severities, subjects and all that programs read are as they were.
func (c *Catalogue) Report(r *report.Report) (*report.Report, error) {
	german := *r
	german.Results = slices.Clone(r.Results)
	german.Diagnosis = slices.Clone(r.Diagnosis)
	german.Forecast = slices.Clone(r.Forecast)
	german.Coverage = maps.Clone(r.Coverage)
	said := map[string]*texts{} // by id
	for i := range german.Results {
		res := &german.Results[i]
		if said[res.ID] == nil {
			p, err := c.policyOf(res)
			if err != nil {
				return nil, err
			}
			said[res.ID] = &texts{policy: p, repairs: map[string]string{}}
		}
		said[res.ID].result(res)
	}
	for i := range german.Diagnosis {
		if t := said[german.Diagnosis[i].ID]; t != nil {
			t.diagnosis(&german.Diagnosis[i], c)
		}
		explains := slices.Clone(german.Diagnosis[i].Explains)
		for j := range explains {
			explains[j].Title = said[explains[j].ID].title(explains[j].Title)
		}
		german.Diagnosis[i].Explains = explains
	}
	for i := range german.Forecast {
		change := &german.Forecast[i]
		change.Title = said[change.ID].title(change.Title)
		change.Message = said[change.ID].message(change.Message)
	}
	german.ForecastGaps = slices.Clone(r.ForecastGaps)
	for i := range german.ForecastGaps {
		gap := &german.ForecastGaps[i]
		gap.Title, gap.Reason = said[gap.ID].title(gap.Title), c.Phrase(gap.Reason)
	}
	german.Fleet = c.fleet(r.Fleet, said)
	for name, coverage := range german.Coverage {
		coverage.Hint = c.Phrase(coverage.Hint)
		german.Coverage[name] = coverage
	}
	return &german, nil
}

// policyOf is a policy's German, for a result that no policy made the program's.
func (c *Catalogue) policyOf(r *report.Result) (*Policy, error) {
	p, err := c.Policy(r.Policy)
	if p == nil && err == nil {
		p = &Policy{Title: c.Phrase(r.Title), phrases: c.shared}
	}
	return p, err
}

// texts are the texts of one policy's results, in both languages.
type texts struct {
	policy  *Policy
	repairs map[string]string
}

func (t *texts) title(english string) string {
	if t == nil {
		return english
	}
	return cmp.Or(t.policy.Title, english)
}

func (t *texts) message(english string) string {
	if t == nil {
		return english
	}
	german, _ := t.policy.Message(english)
	return german
}

func (t *texts) result(r *report.Result) {
	english := r.Remediation
	r.Title, r.Message = t.title(r.Title), t.message(r.Message)
	r.Remediation = t.policy.Repair(english)
	t.repairs[english] = r.Remediation
}

// Repair is the German of a finding's remediation: of the finding's own where it
// has one, else of the policy's.
func (p *Policy) Repair(english string) string {
	if english == "" {
		return ""
	}
	if german, ok := p.lines(english); ok {
		return german
	}
	return cmp.Or(p.RecommendedAction, english)
}

// lines translates a text as a whole, else line by line. Lines that begin with a
// blank are commands and stay as they are.
func (p *Policy) lines(english string) (string, bool) {
	if german, ok := p.Message(english); ok {
		return german, true
	}
	lines := strings.Split(english, "\n")
	if len(lines) == 1 {
		return english, false
	}
	for i, line := range lines {
		german, ok := p.Message(line)
		if !ok && !strings.HasPrefix(line, " ") {
			return english, false
		}
		lines[i] = german
	}
	return strings.Join(lines, "\n"), true
}

func (t *texts) diagnosis(d *report.Diagnosis, c *Catalogue) {
	d.Title = t.title(d.Title)
	messages := slices.Clone(d.Messages)
	for i := range messages {
		messages[i] = t.message(messages[i])
	}
	d.Messages = messages
	d.Remediation = t.joined(d.Remediation, c)
}

// joined translates the remediations of several results, which stand in a diagnosis
// one below the other.
func (t *texts) joined(english string, c *Catalogue) string {
	known := slices.SortedFunc(maps.Keys(t.repairs), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var out []string
	for english != "" {
		i := slices.IndexFunc(known, func(k string) bool {
			return k != "" && strings.HasPrefix(english, k) && (len(k) == len(english) || english[len(k)] == '\n')
		})
		if i >= 0 {
			out = append(out, t.repairs[known[i]])
			english = strings.TrimPrefix(english[len(known[i]):], "\n")
			continue
		}
		line, rest, _ := strings.Cut(english, "\n")
		out = append(out, c.Phrase(line))
		english = rest
	}
	return strings.Join(out, "\n")
}

// fleet has the titles of policies that have results, and why documents were not
// judged, in German.
func (c *Catalogue) fleet(english *report.Fleet, said map[string]*texts) *report.Fleet {
	if english == nil {
		return nil
	}
	german := *english
	german.Policies, german.Unused = slices.Clone(english.Policies), slices.Clone(english.Unused)
	for i := range german.Policies {
		p := &german.Policies[i]
		p.Title = said[p.ID].title(p.Title)
	}
	for i := range german.Unused {
		u := &german.Unused[i]
		u.Detail, u.Hint = c.Phrase(u.Detail), c.Phrase(u.Hint)
	}
	return &german
}
