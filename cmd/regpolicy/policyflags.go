package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/datafile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
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
	flags.StringArrayVar(&f.data, "data", nil, datafile.Usage)
	flags.StringVar(&f.profile, "profile", "", "thresholds of a framework: nist, bsi or pci")
	flags.StringVar(&f.bundleKey, "bundle-key", "", "public key (PEM) that every policy bundle must be signed by")
	f.registry.bind(e, flags)
}

// load compiles the policies that the flags ask for.
func (f *policyFlags) load(ctx context.Context) (*engine.Library, error) {
	cfg := engine.Config{Select: f.selected, Exclude: f.excluded, Profile: f.profile, Params: f.given}
	var err error
	if cfg.Data, err = datafile.Read(ctx, f.data); err != nil {
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
		if cfg.Params, cfg.ParamsPlace, err = settings.Params(ctx, f.params); err != nil {
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

func isRego(file string) bool { return strings.HasSuffix(file, ".rego") }

// policyFiles reads the Rego files of a file or folder. A path that holds none is
// an error: it would silently check nothing.
func policyFiles(ctx context.Context, path string) ([]engine.Module, error) {
	var modules []engine.Module
	err := infile.Walk("-p", path, isRego, func(file string) error {
		source, err := infile.Read(ctx, file)
		if err == nil {
			modules = append(modules, engine.Module{Path: file, Source: source})
		}
		return err
	})
	if _, own := errors.AsType[*misuse.Error](err); own {
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

// pathless takes the path out of an error whose text names it already.
func pathless(err error) error { return folder.Pathless(err) }
