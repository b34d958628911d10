package engine

import (
	"maps"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// rules are the policies' METADATA, which the report carries once.
func (l *Library) rules() []report.Rule {
	rules := make([]report.Rule, 0, len(l.policies))
	for _, p := range l.policies {
		controls := map[string][]string{}
		maps.Copy(controls, p.Controls)
		rules = append(rules, report.Rule{
			ID: p.ID, Policy: p.Package, Title: p.Title, Description: p.Description, Severity: p.Severity, Remediation: p.RecommendedAction,
			Tags: append([]string{}, p.Tags...), Controls: controls, Related: append([]string{}, p.Related...),
		})
	}
	return rules
}
