package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// finding is one element of a deny or warn set.
type finding struct {
	subject     evidence.Subject
	text        string // the subject's
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
	// subjects are objects that name one; a cluster has a hundred thousand, and each
	// is put into words when its turn comes.
	subjects []*ast.Term
	findings []finding
}

// set is what a query says of one result set.
type set struct {
	name     string
	elements []*ast.Term
}

// sets reads what a query binds to r0, r1 and so on.
func (p *Policy) sets(bound topdown.QueryResult, names ...string) ([]set, error) {
	if bound == nil {
		return nil, &Fault{File: p.File, Line: p.Line, Message: fmt.Sprintf("policy %q gave no result", p.ID)}
	}
	out := make([]set, len(names))
	for i, name := range names {
		elements, ok := elementsOf(bound[variable(i)])
		if !ok {
			return nil, p.shapeFault(name, "is not a set")
		}
		out[i] = set{name, elements}
	}
	return out, nil
}

// elementsOf lists a set or an array.
func elementsOf(t *ast.Term) ([]*ast.Term, bool) {
	if t == nil {
		return nil, false
	}
	switch v := t.Value.(type) {
	case ast.Set:
		return v.Slice(), true
	case *ast.Array:
		elements := make([]*ast.Term, 0, v.Len())
		v.Foreach(func(e *ast.Term) { elements = append(elements, e) })
		return elements, true
	}
	return nil, false
}

// findings reads a policy's result sets. An element that cannot be reported is a
// fault of the policy, never dropped.
func (p *Policy) findings(sets []set) (found, error) {
	var out found
	var exceptions []string
	for _, s := range sets {
		warn := warnRule.MatchString(s.name)
		for _, element := range s.elements {
			var message string
			switch s.name {
			case exceptionRule:
				exceptions = append(exceptions, excepted(element)...)
			case subjectsRule:
				message = out.addSubject(element)
			default:
				message = out.addFinding(s.name, warn, element)
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

func (out *found) addSubject(element *ast.Term) string {
	message := namesNone(element)
	if message == "" {
		out.subjects = append(out.subjects, element)
	}
	return message
}

func (out *found) addFinding(rule string, warn bool, element *ast.Term) string {
	f, message := toFinding(element)
	if message == "" {
		f.rule, f.warn, f.text = rule, warn, f.subject.String()
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
	for _, element := range found.subjects {
		looked[toSubject(element, nil).String()] = true
	}
	for _, f := range found.findings {
		if !looked[f.text] {
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

// namesNone tells why an element names no subject; empty where it does.
func namesNone(element *ast.Term) string {
	object, ok := element.Value.(ast.Object)
	if !ok {
		return fmt.Sprintf("holds %s, which names no subject", shorten(element))
	}
	if kind := object.Get(kindKey); kind == nil || text(kind, plainText) == "" {
		return fmt.Sprintf(`holds %s, a subject without "kind"`, shorten(element))
	}
	return ""
}

// toSubject puts an element into words, in place of what another subject was; nil makes
// a new one.
func toSubject(element *ast.Term, s evidence.Subject) evidence.Subject {
	object, _ := element.Value.(ast.Object)
	if s == nil {
		s = make(evidence.Subject, object.Len())
	}
	clear(s)
	object.Foreach(func(k, v *ast.Term) { s[text(k, jsonText)] = text(v, plainText) })
	return s
}

func toFinding(element *ast.Term) (finding, string) {
	if text, ok := element.Value.(ast.String); ok {
		if strings.TrimSpace(string(text)) == "" {
			return finding{}, "holds an empty message"
		}
		return finding{subject: unnamed(string(text)), message: string(text)}, ""
	}
	object, ok := element.Value.(ast.Object)
	if !ok {
		return finding{}, fmt.Sprintf("holds %s, which is no message", shorten(element))
	}
	f := finding{message: field(object, messageKey)}
	if f.message == "" {
		return f, fmt.Sprintf(`holds %s, which has no "msg"`, shorten(element))
	}
	f.severity = field(object, severityKey)
	if f.severity != "" && !slices.Contains(report.Severities, f.severity) {
		return f, fmt.Sprintf("gives severity %q; it is one of %s", f.severity, strings.Join(report.Severities, ", "))
	}
	f.remediation = field(object, remediationKey)
	f.domain = field(object, domainKey)
	list, _ := elementsOf(object.Get(evidenceKey))
	for _, item := range list {
		f.pointers = append(f.pointers, text(item, plainText))
	}
	s := object.Get(subjectKey)
	if s == nil {
		f.subject = unnamed(f.message)
		return f, ""
	}
	if message := namesNone(s); message != "" {
		return f, message
	}
	f.subject = toSubject(s, nil)
	return f, ""
}

// The keys of a finding are terms that Go cannot write as constants.
//
//nolint:gochecknoglobals // see above
var (
	messageKey     = ast.StringTerm("msg")
	severityKey    = ast.StringTerm("severity")
	remediationKey = ast.StringTerm("remediation")
	domainKey      = ast.StringTerm("trust_domain")
	evidenceKey    = ast.StringTerm("evidence")
	subjectKey     = ast.StringTerm("subject")
	kindKey        = ast.StringTerm("kind")
)

// field is a text in an object, or "".
func field(object ast.Object, key *ast.Term) string {
	t := object.Get(key)
	if t == nil {
		return ""
	}
	s, _ := t.Value.(ast.String)
	return string(s)
}

// text is a string itself, and what write makes of any other value.
func text(t *ast.Term, write func(v any) string) string {
	if s, ok := t.Value.(ast.String); ok {
		return string(s)
	}
	v, err := ast.JSON(t.Value)
	if err != nil {
		return t.String()
	}
	return write(v)
}

func plainText(v any) string { return fmt.Sprint(v) }

// jsonText is how JSON writes a key that is none of its own.
func jsonText(v any) string {
	written, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(written)
}

// unnamed is the subject of a finding that names none, as conftest's do: the
// document, told apart by message so that each stays a result of its own.
func unnamed(message string) evidence.Subject {
	sum := sha256.Sum256([]byte(message))
	return evidence.Subject{"kind": "document", "finding": hex.EncodeToString(sum[:4])}
}

func shorten(t *ast.Term) string {
	text := t.String()
	if len(text) > 80 {
		text = text[:80] + "..."
	}
	return text
}
