package engine

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"
)

// Policy is one Rego package that reports.
type Policy struct {
	ID          string
	Package     string // without "data."
	Title       string
	Description string
	Severity    string
	// RecommendedAction is how to repair, from METADATA.
	RecommendedAction string
	Controls          map[string][]string
	Tags              []string
	TrustDomain       string
	// Explains are ids of policies that fail because this one does.
	Explains []string
	// ExplainsFrom, of a policy that grades by time left, is the severity of what has
	// run out: that, and nothing below, explains other failures, and none that time is
	// not the reason of.
	ExplainsFrom string
	// Optional are sections that the policy reads but can do without.
	Optional []string
	// Params are the defaults of its parameters.
	Params map[string]any
	// Profiles are other defaults of its parameters, by profile ("nist", "bsi").
	Profiles map[string]map[string]any
	// Related are links.
	Related []string
	File    string
	Line    int
	// Builtin tells that it comes with the program.
	Builtin bool
	// Reads are the parts of the document the policy looks at, sorted.
	Reads []Read

	hasSubjects   bool
	hasExceptions bool
	deny, warn    []string // names of result rules
	rules         []string // all that are asked for
	reading       reading
	trusted       bool // see query
	prepared      *query
	brief         *query // stops where there are no subjects; nil where that may not be the end
	parts         []part
	module        *ast.Module
	ref           ast.Ref
}

// subjectsRule is the set of what a policy looks at.
const subjectsRule = "subjects"

var (
	denyRule = regexp.MustCompile(`^(deny|violation)(_[a-zA-Z0-9_]+)?$`)
	warnRule = regexp.MustCompile(`^warn(_[a-zA-Z0-9_]+)?$`)
)

// Matches tells whether a pattern of --select or --exclude picks the policy: its
// id or package (globs allowed), a tag, or @collection.
func (p *Policy) Matches(pattern string) bool {
	if name, ok := strings.CutPrefix(pattern, "@"); ok {
		return p.inCollection(name)
	}
	for _, text := range append([]string{p.ID, p.Package}, p.Tags...) {
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(text)); err == nil && ok {
			return true
		}
	}
	return false
}

// inCollection tells whether the policy belongs to a collection: a tag (@seed,
// @preflight, @tls), @nodes, @audit (whatever gives evidence for some control), or a
// framework of its controls (@bsi-app-4.4, @bsi for all of them).
func (p *Policy) inCollection(name string) bool {
	switch name {
	case "nodes":
		name = "nod"
	case "audit":
		return len(p.Controls) > 0
	}
	for framework := range p.Controls {
		if framework == name || strings.HasPrefix(framework, name+"-") {
			return true
		}
	}
	return slices.Contains(p.Tags, name)
}

// query asks for the policy's result rules and for nothing else of its package. One that
// is brief is undefined where the policy has no subjects.
func (p *Policy) query(brief bool) ast.Body {
	var body ast.Body
	for i, name := range p.resultRules() {
		bound := ast.NewTerm(variable(i))
		body.Append(ast.Equality.Expr(bound, ast.NewTerm(p.ref.Append(ast.StringTerm(name)))))
		if brief && name == subjectsRule {
			body.Append(ast.NotEqual.Expr(bound, ast.SetTerm()))
		}
	}
	return body
}

// resultRules are in the order in which they are asked for.
func (p *Policy) resultRules() []string {
	var names []string
	if p.hasSubjects {
		names = append(names, subjectsRule)
	}
	names = slices.Concat(names, p.deny, p.warn)
	if p.hasExceptions {
		names = append(names, exceptionRule)
	}
	return names
}

// collect finds the packages that report, checks that they can, and reads their
// METADATA.
func collect(modules map[string]*ast.Module) ([]*Policy, Errors) {
	packages := map[string][]*ast.Module{}
	for _, m := range modules {
		name := strings.TrimPrefix(m.Package.Path.String(), "data.")
		packages[name] = append(packages[name], m)
	}
	used := usedPackages(modules)
	var policies []*Policy
	var faults Errors
	names := make([]string, 0, len(packages))
	for name := range packages {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		files := packages[name]
		sort.Slice(files, func(i, j int) bool { return files[i].Package.Location.File < files[j].Package.Location.File })
		p, fs := newPolicy(name, files, used)
		faults = append(faults, fs...)
		if p != nil {
			policies = append(policies, p)
		}
	}
	faults = append(faults, uniqueIDs(policies)...)
	sort.Slice(policies, func(i, j int) bool { return policies[i].ID < policies[j].ID })
	return policies, faults
}

func newPolicy(name string, files []*ast.Module, used map[string]bool) (*Policy, Errors) {
	first := files[0]
	p := &Policy{
		Package: name, File: first.Package.Location.File, Line: first.Package.Location.Row,
		Severity: "medium", ref: first.Package.Path, module: first,
	}
	var faults Errors
	for _, m := range files {
		for _, rule := range m.Rules {
			faults = append(faults, p.addRule(rule)...)
		}
	}
	if len(p.deny)+len(p.warn) == 0 {
		if len(faults) == 0 && !used[name] && !strings.Contains(name+".", ".lib.") {
			faults = append(faults, faultAt(first.Package.Location,
				"name a rule `deny`, `violation` or `warn`, or import the package from one that has such a rule",
				"package %q has no result rule and nothing uses it, so it could never report", name))
		}
		return nil, faults
	}
	for _, m := range files {
		faults = append(faults, p.readMetadata(m)...)
	}
	if p.ID == "" {
		p.ID = name
	}
	if p.Title == "" {
		p.Title = name
	}
	return p, faults
}

func (p *Policy) addRule(rule *ast.Rule) Errors {
	name := ruleName(rule)
	if name == exceptionRule && rule.Head.RuleKind() == ast.MultiValue {
		p.hasExceptions = true
	}
	isResult := denyRule.MatchString(name) || warnRule.MatchString(name) || name == subjectsRule
	if !isResult {
		return misspelt(rule, name)
	}
	if len(rule.Head.Args) > 0 || rule.Head.RuleKind() != ast.MultiValue || len(rule.Head.Ref()) > 2 {
		if rule.Default {
			return nil
		}
		return Errors{faultAt(rule.Location, fmt.Sprintf("write `%s contains msg if { ... }`", name),
			"rule %q is not a set, so what it says could never be reported", name)}
	}
	switch {
	case name == subjectsRule:
		p.hasSubjects = true
	case denyRule.MatchString(name) && !slices.Contains(p.deny, name):
		p.deny = append(p.deny, name)
	case warnRule.MatchString(name) && !slices.Contains(p.warn, name):
		p.warn = append(p.warn, name)
	}
	return nil
}

func misspelt(rule *ast.Rule, name string) Errors {
	near := nearMiss(name)
	if near == "" || len(rule.Head.Args) > 0 {
		return nil
	}
	return Errors{faultAt(rule.Location, fmt.Sprintf("rename it to `%s`, or put `_` before a helper's name", near),
		"rule %q looks like a misspelt %q and would never report", name, near)}
}

func ruleName(rule *ast.Rule) string {
	head := rule.Head.Ref()
	if len(head) == 0 {
		return string(rule.Head.Name)
	}
	if v, ok := head[0].Value.(ast.Var); ok {
		return string(v)
	}
	return strings.Trim(head[0].String(), `"`)
}

// nearMiss names the result rule that a public rule's name is one typing error
// away from, or "". A suffix (`deny_latest`) does not count.
func nearMiss(name string) string {
	if strings.HasPrefix(name, "_") {
		return ""
	}
	stem, _, _ := strings.Cut(name, "_")
	for _, want := range []string{"deny", "violation", "warn", subjectsRule} {
		if mistyped(name, want) || mistyped(stem, want) {
			return want
		}
	}
	return ""
}

func mistyped(name, want string) bool {
	if name == want {
		return false
	}
	name = strings.ToLower(name)
	return levenshtein.ComputeDistance(name, want) <= max(1, len(want)/4) || swapped(name, want)
}

// swapped tells whether two neighbouring letters changed places.
func swapped(name, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i := range len(want) - 1 {
		if name == want[:i]+want[i+1:i+2]+want[i:i+1]+want[i+2:] {
			return true
		}
	}
	return false
}

// usedPackages are the packages that other packages refer to.
func usedPackages(modules map[string]*ast.Module) map[string]bool {
	used := map[string]bool{}
	for _, m := range modules {
		own := m.Package.Path.String()
		note := func(ref ast.Ref) {
			if len(ref) == 0 || !ref.HasPrefix(ast.DefaultRootRef) {
				return
			}
			for i := range ref {
				if i > 0 && !ref[i].IsGround() {
					break
				}
				if text := ref[:i+1].String(); text != own {
					used[strings.TrimPrefix(text, "data.")] = true
				}
			}
		}
		ast.WalkRefs(m, func(ref ast.Ref) bool { note(ref); return false })
		for _, imp := range m.Imports {
			if ref, ok := imp.Path.Value.(ast.Ref); ok {
				note(ref)
			}
		}
	}
	return used
}

func uniqueIDs(policies []*Policy) Errors {
	var faults Errors
	seen := map[string]*Policy{}
	for _, p := range policies {
		if other, ok := seen[p.ID]; ok {
			faults = append(faults, &Fault{
				File: p.File, Line: p.Line,
				Message: fmt.Sprintf("id %q is also the id of package %q (%s)", p.ID, other.Package, other.File),
				Hint:    "ids are permanent and belong to one policy: choose another",
			})
		}
		seen[p.ID] = p
	}
	return faults
}

// Denies tells whether the policy can fail; one with warnings alone cannot.
func (p *Policy) Denies() bool { return len(p.deny) > 0 }
