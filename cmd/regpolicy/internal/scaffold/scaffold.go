// Package scaffold makes the files that a new policy begins with: they compile, are
// tested in all three verdicts and pass, so that an author changes what works.
package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var templates embed.FS

// Policy is what a new policy is called.
type Policy struct {
	// ID is permanent: "ACME-REG-001".
	ID string
	// Package is the Rego package: "acme.registries_are_internal". Its last word is
	// the folder's and the files' name.
	Package string
}

// File is one file to write, below the policy's folder.
type File struct {
	Name    string
	Content []byte
}

var (
	idPattern      = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$`)
	packagePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$`)
)

// Check says what is wrong with the names, and how they look.
func (p *Policy) Check() (problem, hint string) {
	switch {
	case !idPattern.MatchString(p.ID):
		return fmt.Sprintf("%q is no policy id", p.ID), "capitals and digits in parts, as ACME-REG-001: the first part is your organisation's"
	case strings.HasPrefix(p.ID, "RT-"):
		return fmt.Sprintf("%q begins as the built-in policies' ids do", p.ID), "begin with your organisation's own prefix, as ACME-REG-001"
	case p.Package != "" && !packagePattern.MatchString(p.Package):
		return fmt.Sprintf("%q is no package", p.Package), "small letters, digits and _ in parts, as acme.registries_are_internal"
	case strings.HasPrefix(p.Package+".", "regpolicy."):
		return fmt.Sprintf("package %q is the built-in policies'", p.Package), "begin with your organisation's own word"
	}
	return "", ""
}

// Folder is the folder's name: the last word of the package.
func (p *Policy) Folder() string {
	pkg := p.packageName()
	return pkg[strings.LastIndex(pkg, ".")+1:]
}

func (p *Policy) packageName() string {
	if p.Package != "" {
		return p.Package
	}
	return strings.ReplaceAll(strings.ToLower(p.ID), "-", "_")
}

// Files are the policy, its unit test and its cases.
func (p *Policy) Files() ([]File, error) {
	parsed, err := template.ParseFS(templates, "*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("reading templates: %w", err)
	}
	named := Policy{ID: p.ID, Package: p.packageName()}
	var out []File
	for _, f := range []struct{ name, template string }{
		{p.Folder() + ".rego", "policy.rego.tmpl"},
		{p.Folder() + "_test.rego", "policy_test.rego.tmpl"},
		{"suite.yaml", "suite.yaml.tmpl"},
	} {
		var content bytes.Buffer
		if err := parsed.ExecuteTemplate(&content, f.template, named); err != nil {
			return nil, fmt.Errorf("writing %q: %w", f.name, err)
		}
		out = append(out, File{Name: f.name, Content: content.Bytes()})
	}
	return out, nil
}
