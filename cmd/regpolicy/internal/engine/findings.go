package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// finding is one element of a deny or warn set.
type finding struct {
	subject     evidence.Subject
	message     string
	severity    string
	remediation string
	domain      string
	pointers    []string
	warn        bool
	rule        string
	excepted    bool
}

// found is what one policy said of one document.
type found struct {
	subjects []evidence.Subject
	findings []finding
}

// set is what a query says of one result set.
type set struct {
	name     string
	elements []any
}

// sets reads what a query binds to r0, r1 and so on.
func (p *Policy) sets(rs rego.ResultSet, names ...string) ([]set, error) {
	if len(rs) != 1 {
		return nil, &Fault{File: p.File, Line: p.Line, Message: fmt.Sprintf("policy %q gave no result", p.ID)}
	}
	out := make([]set, len(names))
	for i, name := range names {
		elements, ok := rs[0].Bindings[fmt.Sprintf("r%d", i)].([]any)
		if !ok {
			return nil, p.shapeFault(name, "is not a set")
		}
		out[i] = set{name, elements}
	}
	return out, nil
}

// findings reads a policy's result sets. An element that cannot be reported is a
// fault of the policy, never dropped.
func (p *Policy) findings(sets []set) (found, error) {
	var out found
	var exceptions []string
	for _, s := range sets {
		for _, element := range s.elements {
			var message string
			switch s.name {
			case exceptionRule:
				exceptions = append(exceptions, excepted(element)...)
			case "subjects":
				message = out.addSubject(element)
			default:
				message = out.addFinding(s.name, element)
			}
			if message != "" {
				return out, p.shapeFault(s.name, message)
			}
		}
	}
	for i := range out.findings {
		out.findings[i].excepted = slices.Contains(exceptions, withoutPrefix(out.findings[i].rule))
	}
	return out, nil
}

func (out *found) addSubject(element any) string {
	subject, message := toSubject(element)
	if message == "" {
		out.subjects = append(out.subjects, subject)
	}
	return message
}

func (out *found) addFinding(rule string, element any) string {
	f, message := toFinding(element)
	if message == "" {
		f.rule, f.warn = rule, warnRule.MatchString(rule)
		out.findings = append(out.findings, f)
	}
	return message
}

// stray is a fault where a finding is about something that the policy did not say it
// looked at: such a subject would never pass.
func (p *Policy) stray(found found) error {
	if !p.hasSubjects {
		return nil
	}
	looked := map[string]bool{}
	for _, s := range found.subjects {
		looked[s.String()] = true
	}
	for _, f := range found.findings {
		if !looked[f.subject.String()] {
			return &Fault{
				File: p.File, Line: p.Line, Message: fmt.Sprintf("policy %q finds fault with %s, which is not among its subjects", p.ID, f.subject),
				Hint: "let `subjects` hold all that `deny` and `warn` may name",
			}
		}
	}
	return nil
}

func (p *Policy) shapeFault(rule, message string) *Fault {
	f := &Fault{
		File: p.File, Line: p.Line, Message: fmt.Sprintf("rule %q of policy %q %s", rule, p.ID, message),
		Hint: `an element is a text, or an object with "msg" (and "subject", "evidence", "severity", "remediation")`,
	}
	for _, r := range p.module.Rules {
		if ruleName(r) == rule {
			f.Line = r.Location.Row
			break
		}
	}
	return f
}

func toSubject(element any) (evidence.Subject, string) {
	m, ok := element.(map[string]any)
	if !ok {
		return nil, fmt.Sprintf("holds %s, which names no subject", shorten(element))
	}
	s := evidence.Subject{}
	for k, v := range m {
		if text, ok := v.(string); ok {
			s[k] = text
			continue
		}
		s[k] = fmt.Sprint(v)
	}
	if s["kind"] == "" {
		return nil, fmt.Sprintf(`holds %s, a subject without "kind"`, shorten(element))
	}
	return s, ""
}

func toFinding(element any) (finding, string) {
	if text, ok := element.(string); ok {
		if strings.TrimSpace(text) == "" {
			return finding{}, "holds an empty message"
		}
		return finding{subject: unnamed(text), message: text}, ""
	}
	m, ok := element.(map[string]any)
	if !ok {
		return finding{}, fmt.Sprintf("holds %s, which is no message", shorten(element))
	}
	f := finding{}
	f.message, _ = m["msg"].(string)
	if f.message == "" {
		return f, fmt.Sprintf(`holds %s, which has no "msg"`, shorten(element))
	}
	f.severity, _ = m["severity"].(string)
	if f.severity != "" && !slices.Contains(report.Severities, f.severity) {
		return f, fmt.Sprintf("gives severity %q; it is one of %s", f.severity, strings.Join(report.Severities, ", "))
	}
	f.remediation, _ = m["remediation"].(string)
	f.domain, _ = m["trust_domain"].(string)
	if list, ok := m["evidence"].([]any); ok {
		for _, item := range list {
			f.pointers = append(f.pointers, fmt.Sprint(item))
		}
	}
	f.subject = unnamed(f.message)
	if s, ok := m["subject"]; ok {
		var message string
		if f.subject, message = toSubject(s); message != "" {
			return f, message
		}
	}
	return f, ""
}

// unnamed is the subject of a finding that names none, as conftest's do: the
// document, told apart by message so that each stays a result of its own.
func unnamed(message string) evidence.Subject {
	sum := sha256.Sum256([]byte(message))
	return evidence.Subject{"kind": "document", "finding": hex.EncodeToString(sum[:4])}
}

func shorten(v any) string {
	value, err := ast.InterfaceToValue(v)
	text := fmt.Sprint(v)
	if err == nil {
		text = value.String()
	}
	if len(text) > 80 {
		text = text[:80] + "..."
	}
	return text
}
