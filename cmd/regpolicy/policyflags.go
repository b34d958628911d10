package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/mappings"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
	"github.com/regpolicy/regpolicy/policies"
)

// policyFlags pick and tune policies.
type policyFlags struct {
	paths     []string
	noBuiltin bool
	selected  []string
	excluded  []string
	params    string
	data      []string
	profile   string
	// given are parameters that come from elsewhere than a file.
	given     map[string]map[string]any
	bundleKey string
	registry  registryFlags
}

func (f *policyFlags) bind(e *environment, flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.paths, "policy", "p", nil, "policy file, folder, bundle or oci:// reference, added to the built-in ones (repeatable)")
	flags.BoolVar(&f.noBuiltin, "no-builtin", false, "leave the built-in policies out")
	flags.StringSliceVar(&f.selected, "select", nil, "only these policies: id, glob, tag or @collection")
	flags.StringSliceVar(&f.excluded, "exclude", nil, "all but these policies: id, glob, tag or @collection")
	flags.StringVar(&f.params, "params", "", "parameters of policies (YAML)")
	flags.StringArrayVar(&f.data, "data", nil, dataUsage)
	flags.StringVar(&f.profile, "profile", "", "thresholds of a framework: nist, bsi or pci")
	flags.StringVar(&f.bundleKey, "bundle-key", "", "public key (PEM) that every policy bundle must be signed by")
	f.registry.bind(e, flags)
}

// load compiles the policies that the flags ask for.
func (f *policyFlags) load(ctx context.Context) (*engine.Library, error) {
	cfg := engine.Config{Select: f.selected, Exclude: f.excluded, Profile: f.profile, Params: f.given}
	var err error
	if cfg.Data, err = readData(ctx, f.data); err != nil {
		return nil, err
	}
	sources, err := f.sources(ctx)
	if err != nil {
		return nil, err
	}
	if err := addSources(&cfg, sources); err != nil {
		return nil, err
	}
	if cfg.Modules, err = withBuiltin(cfg.Modules, !f.noBuiltin); err != nil {
		return nil, err
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		return nil, fmt.Errorf("reading evidence schema: %w", err)
	}
	if cfg.Known, err = fs.ReadFile(policies.FS, policies.Analysis); err != nil {
		return nil, fmt.Errorf("reading the analysis of the built-in policies: %w", err)
	}
	if f.params != "" {
		if cfg.Params, cfg.ParamsPlace, err = readParams(ctx, f.params); err != nil {
			return nil, err
		}
	}
	return loading(ctx, cfg)
}

func loading(ctx context.Context, cfg engine.Config) (*engine.Library, error) {
	return compiling(ctx, func(ctx context.Context) (*engine.Library, error) { return engine.Load(ctx, cfg) })
}

// withBuiltin adds the built-in policies to some modules, or only the library that
// organisations' policies import. A package of the library that the modules bring
// along themselves is left out.
func withBuiltin(modules []engine.Module, policies bool) ([]engine.Module, error) {
	builtin, err := builtinModules()
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, m := range modules {
		own[packageLine(m.Source)] = true
	}
	for _, m := range builtin {
		isLibrary := strings.HasPrefix(m.Path, "lib/")
		if isLibrary && !own[packageLine(m.Source)] || !isLibrary && policies {
			modules = append(modules, m)
		}
	}
	return modules, nil
}

var packagePattern = regexp.MustCompile(`(?m)^package\s+([\w.]+)`)

func packageLine(source []byte) string {
	if found := packagePattern.FindSubmatch(source); found != nil {
		return string(found[1])
	}
	return ""
}

func builtinModules() ([]engine.Module, error) {
	// Three levels down lie the policies, further down only their cases.
	files, err := fs.Glob(policies.FS, "*/*/*.rego")
	if err != nil {
		return nil, fmt.Errorf("reading built-in policies: %w", err)
	}
	modules := make([]engine.Module, 0, len(files))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.rego") {
			continue
		}
		source, err := fs.ReadFile(policies.FS, path)
		if err != nil {
			return nil, fmt.Errorf("reading built-in policies: %w", err)
		}
		modules = append(modules, engine.Module{Path: path, Source: source, Builtin: true})
	}
	return modules, nil
}

// walkFiles visits the files below what a flag names that are wanted. Links below it
// are not followed, and one by which any would go missing is an error.
func walkFiles(flag, root string, wanted func(file string) bool, visit func(file string) error) error {
	return folder.Walk(root, func(f folder.File) error {
		switch {
		case f.Linked && !f.Hidden() && holds(f.Path, wanted):
			return usage("name that folder with a "+flag+" of its own, or remove the link: its files would go missing",
				"reading %q: it is a link to a folder, and links below a folder are not followed", f.Path)
		case !wanted(f.Path):
			return nil
		default:
			return visit(f.Path)
		}
	})
}

// holds tells whether a link leads to a folder with wanted files somewhere below.
func holds(link string, wanted func(file string) bool) bool {
	found := false
	_ = filepath.WalkDir(folder.Named(link), func(file string, d fs.DirEntry, err error) error { // what cannot be read is none
		if err == nil && !d.IsDir() && wanted(file) {
			found = true
			return filepath.SkipAll
		}
		return nil
	})
	return found
}

func isRego(file string) bool { return strings.HasSuffix(file, ".rego") }

// policyFiles reads the Rego files of a file or folder. A path that holds none is
// an error: it would silently check nothing.
func policyFiles(ctx context.Context, path string) ([]engine.Module, error) {
	var modules []engine.Module
	err := walkFiles("-p", path, isRego, func(file string) error {
		source, err := readSmall(ctx, file)
		if err == nil {
			modules = append(modules, engine.Module{Path: file, Source: source})
		}
		return err
	})
	if _, own := errors.AsType[*exitError](err); own {
		return nil, err
	}
	if err != nil {
		return nil, usage("name a .rego file or a folder that holds some", "reading policies %q: %w", path, pathless(err))
	}
	if len(modules) == 0 {
		return nil, usage("name a .rego file or a folder that holds some", "reading policies %q: it holds no .rego file", path)
	}
	return modules, nil
}

// readParams returns the parameters by policy id, and where each stands.
func readParams(ctx context.Context, path string) (map[string]map[string]any, func(id, key string) (string, int), error) {
	var file struct {
		Params map[string]yaml.Node `yaml:"params"`
	}
	if err := readStrictYAML(ctx, path, &file); err != nil {
		return nil, nil, err
	}
	params := map[string]map[string]any{}
	for id, node := range file.Params {
		var values map[string]any
		if err := node.Decode(&values); err != nil {
			return nil, nil, usage("docs/settings.md shows the file's form", "reading %q: parameters of policy %q: %w", path, id, plainYAML(err))
		}
		params[id] = values
	}
	place := func(id, key string) (string, int) {
		node := file.Params[id]
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				return path, node.Content[i].Line
			}
		}
		return path, node.Line
	}
	return params, place, nil
}

// readWaivers reads and checks a waiver file.
func readWaivers(ctx context.Context, path string) ([]engine.Waiver, error) {
	var file struct {
		Waivers []yaml.Node `yaml:"waivers"`
	}
	if err := readStrictYAML(ctx, path, &file); err != nil {
		return nil, err
	}
	waivers := make([]engine.Waiver, len(file.Waivers))
	var faults engine.Errors
	for i := range file.Waivers {
		waivers[i].File, waivers[i].Line = path, file.Waivers[i].Line
		if key := unknownKey(&file.Waivers[i], "policy", "subject", "reason", "owner", "expires"); key != "" {
			faults = append(faults, &engine.Fault{File: path, Line: file.Waivers[i].Line, Message: fmt.Sprintf("waiver with unknown key %q", key), Hint: "it has policy, subject, reason, owner and expires"})
			continue
		}
		if err := file.Waivers[i].Decode(&waivers[i]); err != nil {
			faults = append(faults, &engine.Fault{File: path, Line: file.Waivers[i].Line, Message: "waiver cannot be read: " + plainYAML(err).Error(), Hint: "it has policy, subject, reason, owner and expires, each a text"})
			continue
		}
		if f := waivers[i].Check(); f != nil {
			faults = append(faults, f)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return waivers, nil
}

func unknownKey(n *yaml.Node, known ...string) string {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		found := false
		for _, k := range known {
			found = found || n.Content[i].Value == k
		}
		if !found {
			return n.Content[i].Value
		}
	}
	return ""
}

// readStrictYAML decodes a small file of settings; unknown keys, keys that stand
// twice and a second document are errors, and an empty file leaves into alone.
func readStrictYAML(ctx context.Context, path string, into any) error {
	const form = "docs/settings.md shows the file's form"
	data, err := readSmall(ctx, path)
	if err != nil {
		return err
	}
	if err := mappings.Check(data); err != nil {
		return usage(form, "reading %q: %w", path, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return usage(form, "reading %q: %w", path, plainYAML(err))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return usage(form, "reading %q: it holds more than one YAML document", path)
	}
	return nil
}

func readSmall(ctx context.Context, path string) ([]byte, error) { return readAtMost(ctx, path, 1<<20) }

func readAtMost(ctx context.Context, path string, limit int64) ([]byte, error) {
	file, err := namedfile.Open(ctx, path)
	if err != nil {
		return nil, usage("name a file that exists and can be read", "reading %q: %w", path, err)
	}
	defer file.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, usage("", "reading %q: %w", path, pathless(err))
	case int64(len(data)) > limit:
		return nil, usage("name the right file", "reading %q: it has more than %d MiB, which no such file has", path, limit>>20)
	}
	return data, nil
}

// goType is how yaml.v3 names what a key was to be read into.
var goType = regexp.MustCompile(` (?:not found in|into) (?:type .*|\[\].*|map\[.*|struct \{.*|string|int|bool|\w+\.\w+$)`)

// plainYAML puts an error of yaml.v3 into words that need no Go.
func plainYAML(err error) error {
	forms := strings.NewReplacer("!!seq", "a list", "!!map", "a mapping", "!!str", "a text", "!!int", "a number", "!!float", "a number", "!!bool", "a truth value", "!!timestamp", "a date", "!!null", "nothing")
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	faults := make([]string, 0, len(typed.Errors))
	for _, line := range typed.Errors {
		plain := goType.ReplaceAllString(line, "")
		if strings.Contains(line, "not found in type") {
			faults = append(faults, strings.Replace(plain, "field ", "unknown key ", 1))
			continue
		}
		plain = forms.Replace(plain)
		faults = append(faults, strings.Replace(plain, "cannot unmarshal ", "what stands here has another form: ", 1))
	}
	return errors.New(strings.Join(faults, "; "))
}

// pathless takes the path out of an error whose text names it already.
func pathless(err error) error { return folder.Pathless(err) }
