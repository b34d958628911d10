package policytest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// CasesOf finds the cases of every policy: a suite.yaml beside it, documents named
// fail-*.json, pass-*.json, inconclusive-*.json beside it or in its folder cases,
// and folders cases/fail-*/document.json. (opa test loads JSON as data by folder:
// documents in one folder would collide there.)
func CasesOf(fsys fs.FS, policies []*engine.Policy) (map[string][]Case, error) {
	byFolder := map[string][]*engine.Policy{}
	for _, p := range policies {
		folder := path.Dir(filepath.ToSlash(p.File))
		byFolder[folder] = append(byFolder[folder], p)
	}
	out := map[string][]Case{}
	for folder, here := range byFolder {
		id, cases, err := folderCases(fsys, folder)
		if err != nil {
			return nil, err
		}
		if len(cases) == 0 {
			continue
		}
		if id == "" && len(here) == 1 {
			id = here[0].ID
		}
		if !slices.ContainsFunc(here, func(p *engine.Policy) bool { return p.ID == id }) {
			return nil, fault(cases[0].File, 0, "say `policy: ID` in "+suiteFile+", or give each policy a folder of its own",
				"it is not clear which policy of the folder these cases are of")
		}
		out[id] = cases
	}
	return out, nil
}

func folderCases(fsys fs.FS, folder string) (policy string, cases []Case, err error) {
	suitePath := path.Join(folder, suiteFile)
	if _, err := fs.Stat(fsys, suitePath); err == nil {
		if policy, cases, err = readSuite(fsys, suitePath); err != nil {
			return "", nil, err
		}
	}
	for _, pattern := range []string{"*.json", "cases/*.json", "cases/*/document.json"} {
		files, err := fs.Glob(fsys, path.Join(globEscape(folder), pattern))
		if err != nil {
			return "", nil, fault(folder, 0, "", "looking for cases: %v", err)
		}
		for _, file := range files {
			c, err := documentCase(fsys, file)
			if err != nil {
				return "", nil, err
			}
			if c != nil {
				cases = append(cases, *c)
			}
		}
	}
	slices.SortStableFunc(cases, func(a, b Case) int { return strings.Compare(a.Name, b.Name) })
	return policy, cases, nil
}

// documentCase reads a case that is a whole document; nil for a file that is none.
func documentCase(fsys fs.FS, file string) (*Case, error) {
	name := strings.TrimSuffix(path.Base(file), ".json")
	inFolder := path.Base(file) == "document.json"
	if inFolder {
		name = path.Base(path.Dir(file))
	}
	want := wantOf(name)
	if want == "" {
		if inFolder {
			return nil, fault(file, 0, "begin its folder's name with fail-, pass-, inconclusive-, warn-, skip- or error-", "the name of case %q does not say what verdict it wants", name)
		}
		return nil, nil
	}
	source, err := readLimited(fsys, file)
	if err != nil {
		return nil, err
	}
	doc, err := evidence.Decode(source)
	if err != nil {
		return nil, fault(file, 0, "docs/evidence.md lists the fields of the document", "%v", err)
	}
	return &Case{Name: name, Want: want, File: file, Input: engine.Input{URI: file, Bytes: source, Document: doc}}, nil
}

// globEscape lets a folder's own name stand for itself in a glob.
func globEscape(folder string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(folder)
}

// storyFolders finds the folders of fixture stories below some paths.
func storyFolders(paths []string) ([]string, error) {
	var out []string
	for _, root := range paths {
		err := folder.Walk(root, func(f folder.File) error {
			if filepath.Base(f.Path) == storyFile {
				if _, err := os.Stat(filepath.Join(filepath.Dir(f.Path), "document.json")); err == nil {
					out = append(out, filepath.Dir(f.Path))
				}
			}
			return nil
		})
		if err != nil {
			return nil, fault(root, 0, "name a file or folder that exists", "looking for tests: %v", folder.Pathless(err))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Disk is the file system by the names that users write: absolute ones and `..` too.
type Disk struct{}

// Open opens a file or folder for reading.
func (Disk) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) } //nolint:gosec // the user names it
