package report

import (
	"fmt"
	"io"
)

type (
	gitlabIssue struct {
		Type        string         `json:"type"`
		CheckName   string         `json:"check_name"`
		Description string         `json:"description"`
		Content     gitlabContent  `json:"content"`
		Categories  []string       `json:"categories"`
		Severity    string         `json:"severity"`
		Fingerprint string         `json:"fingerprint"`
		Location    gitlabLocation `json:"location"`
	}
	gitlabContent struct {
		Body string `json:"body"`
	}
	gitlabLocation struct {
		Path  string      `json:"path"`
		Lines gitlabLines `json:"lines"`
	}
	gitlabLines struct {
		Begin int `json:"begin"`
	}
)

// GitLab writes a Code Quality report: an issue for each result that somebody has to
// look at, and for each waived one.
func GitLab(w io.Writer, r *Report) error {
	issues := []gitlabIssue{}
	stands := placesOf(r)
	for i := range r.Results {
		res := &r.Results[i]
		if res.Verdict == Pass || res.Verdict == Skip {
			continue
		}
		file, line, _ := stands.of(res)
		issues = append(issues, gitlabIssue{
			Type: "issue", CheckName: plain(res.ID),
			Description: string(res.Verdict) + ": " + short(Visible(said(res)), 4000),
			Content:     gitlabContent{Body: plain(res.Remediation)},
			Categories:  []string{"Security"}, Severity: gitlabSeverity(res), Fingerprint: plain(res.Fingerprint),
			Location: gitlabLocation{Path: file, Lines: gitlabLines{Begin: line}},
		})
	}
	if err := writeIndented(w, issues); err != nil {
		return fmt.Errorf("writing GitLab report: %w", err)
	}
	return nil
}

func gitlabSeverity(res *Result) string {
	switch res.Verdict {
	case Waived:
		return "info"
	case Warn, Inconclusive:
		return "minor"
	case Error:
		return "major"
	}
	switch res.Severity {
	case "critical":
		return "blocker"
	case "high":
		return "critical"
	case "medium":
		return "major"
	case "low":
		return "minor"
	default:
		return "info"
	}
}
