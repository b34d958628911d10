package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/bundle"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
)

// policySource is what one --policy brings.
type policySource struct {
	name    string
	modules []engine.Module
	data    map[string]any
	// roots are what a bundle owns; nil for files and folders.
	roots []string
}

// sources reads what --policy names: files, folders, bundles, and bundles in
// registries.
func (f *policyFlags) sources(ctx context.Context) ([]policySource, error) {
	key, err := readKey(ctx, f.bundleKey)
	if err != nil {
		return nil, err
	}
	client, err := f.registry.client(ctx)
	if err != nil {
		return nil, err
	}
	var out []policySource
	for _, path := range f.paths {
		s, err := openPolicies(ctx, path, key, client)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, checkOwners(out, f.noBuiltin)
}

func openPolicies(ctx context.Context, name string, key *bundle.Key, client *oci.Client) (policySource, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && oci.Is(name):
		b, _, err := pullBundle(ctx, name, key, client)
		if err != nil && !strings.Contains(name, "://") {
			err = fmt.Errorf("there is no file %q, and as a reference: %w", name, err)
		}
		return ofBundle(name, b), err
	case err == nil && info.Mode().IsRegular() && isBundle(name):
		b, err := readBundle(ctx, name, key)
		return ofBundle(name, b), err
	}
	modules, err := policyFiles(ctx, name)
	if err != nil {
		return policySource{}, err
	}
	data, err := folderData(ctx, name)
	return policySource{name: name, modules: modules, data: data}, err
}

func ofBundle(name string, b *bundle.Bundle) policySource {
	if b == nil {
		return policySource{}
	}
	return policySource{name: name, modules: b.Modules, data: b.Data, roots: b.Roots}
}

// isBundle tells a bundle from a Rego file: it is compressed.
func isBundle(name string) bool {
	if strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz") {
		return true
	}
	file, err := os.Open(name) //nolint:gosec // the user names it
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // read only
	var start [2]byte
	_, err = io.ReadFull(file, start[:])
	return err == nil && start == [2]byte{0x1f, 0x8b}
}

// folderData is the data of a folder's data files.
func folderData(ctx context.Context, path string) (map[string]any, error) {
	files, err := folderDataFiles(ctx, path)
	if err != nil {
		return nil, err
	}
	return bundle.Data(files)
}

// folderDataFiles reads the files of a folder that OPA takes as data. The data of a
// file lies below the folder that it is in.
func folderDataFiles(ctx context.Context, root string) ([]bundle.File, error) {
	var files []bundle.File
	wanted := func(file string) bool { return file != root && bundle.IsData(filepath.ToSlash(file)) }
	err := infile.Walk("-p", root, wanted, func(file string) error {
		content, err := infile.Read(ctx, file)
		if err != nil {
			return err
		}
		files = append(files, bundle.File{Path: within(root, file), Content: content})
		return nil
	})
	if _, own := errors.AsType[*misuse.Error](err); own || err == nil {
		return files, err
	}
	return nil, usage("name a folder that can be read", "reading data %q: %w", root, pathless(err))
}

// within is a file's path in a bundle that is built from the folder.
func within(root, file string) string {
	rel, err := filepath.Rel(root, file)
	if err != nil || rel == "." {
		rel = filepath.Base(file)
	}
	return filepath.ToSlash(rel)
}

// checkOwners refuses bundles that add to what is another's: nobody would see
// whose rule it is that decides.
func checkOwners(sources []policySource, noBuiltin bool) error {
	for i, s := range sources {
		if s.roots == nil {
			continue
		}
		if root, ok := bundle.Overlap(s.roots, []string{"regpolicy"}); ok && !noBuiltin {
			return usage("choose another package name, or use --no-builtin", "bundle %q: its root %q belongs to the built-in policies", s.name, root)
		}
		for _, other := range sources[:i] {
			if root, ok := bundle.Overlap(s.roots, other.roots); ok {
				return usage("leave one out, or choose another package name", "bundle %q: its root %q belongs to the bundle %q, too", s.name, root, other.name)
			}
		}
	}
	return nil
}

func addSources(cfg *engine.Config, sources []policySource) error {
	if cfg.Data == nil {
		cfg.Data = map[string]any{}
	}
	for _, s := range sources {
		cfg.Modules = append(cfg.Modules, s.modules...)
		if err := bundle.Merge(cfg.Data, s.data); err != nil {
			return err
		}
	}
	return nil
}
