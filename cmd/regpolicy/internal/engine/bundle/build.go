package bundle

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Build makes a bundle of Rego and data files. The same files give the same bytes.
// Signer may be nil.
func Build(files []File, revision string, signer *Signer) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for i := range len(files) - 1 {
		if files[i].Path == files[i+1].Path {
			return nil, fault("rename one, or build from the folder above", "two folders hold %q", files[i].Path)
		}
	}
	data, err := Data(files)
	if err != nil {
		return nil, err
	}
	b := bundle.Bundle{Data: data}
	b.Manifest.Revision = revision
	b.Manifest.RegoVersion = new(ast.RegoV1.Int())
	roots := rootsOf(files)
	b.Manifest.Roots = &roots
	for _, f := range files {
		if !strings.HasSuffix(f.Path, bundle.RegoExt) {
			continue
		}
		module, version, err := parse(f)
		if err != nil {
			return nil, err
		}
		place := "/" + f.Path
		if version != ast.RegoV1 {
			if b.Manifest.FileRegoVersions == nil {
				b.Manifest.FileRegoVersions = map[string]int{}
			}
			b.Manifest.FileRegoVersions[place] = version.Int()
		}
		b.Modules = append(b.Modules, bundle.ModuleFile{Path: place, URL: place, RelativePath: place, Raw: f.Content, Parsed: module})
	}
	if signer != nil {
		if err := signer.sign(&b); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).UseModulePath(true).DisableFormat(true).Write(b); err != nil {
		return nil, fmt.Errorf("writing bundle: %w", err)
	}
	return out.Bytes(), nil
}

// parse tells the version of Rego, too: public conftest policies are often of v0.
func parse(f File) (*ast.Module, ast.RegoVersion, error) {
	m, err := ast.ParseModuleWithOpts(f.Path, string(f.Content), ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err == nil {
		return m, ast.RegoV1, nil
	}
	if m, oldErr := ast.ParseModuleWithOpts(f.Path, string(f.Content), ast.ParserOptions{RegoVersion: ast.RegoV0}); oldErr == nil {
		return m, ast.RegoV0, nil
	}
	return nil, 0, fault("Rego v1 wants `if` before a rule's body and `contains` for sets", "%w", err)
}

// rootsOf are the parts of `data` that the files fill: packages, the folders that
// data files lie in, and the names in one at the top.
func rootsOf(files []File) []string {
	var roots []string
	for _, f := range files {
		switch dir := path.Dir(f.Path); {
		case strings.HasSuffix(f.Path, bundle.RegoExt):
			m, _, err := parse(f)
			if err != nil {
				continue
			}
			if root, err := storage.NewPathForRef(m.Package.Path); err == nil {
				roots = append(roots, strings.Join(root, "/"))
			}
		case IsData(f.Path) && dir != ".":
			roots = append(roots, dir)
		case IsData(f.Path):
			if top, err := Data([]File{f}); err == nil {
				roots = slices.AppendSeq(roots, maps.Keys(top))
			}
		}
	}
	return widest(roots)
}

// widest leaves out each root that lies in another, which OPA refuses.
func widest(roots []string) []string {
	slices.Sort(roots)
	out := []string{}
	for _, root := range roots {
		if !bundle.RootPathsContain(out, root) {
			out = append(out, root)
		}
	}
	return out
}
