// Package bundle builds, signs, reads and checks OPA bundles: policies and their
// data in one archive.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

// MaxSize is how many bytes the archive of a bundle may have.
const MaxSize = 16 << 20

// File is one file of a bundle. Path is its place there, with slashes and none in
// front.
type File struct {
	Path    string
	Content []byte
}

// Bundle is one that was read and checked.
type Bundle struct {
	Revision string
	// Roots are the parts of `data` that it owns, "house/images".
	Roots   []string
	Modules []engine.Module
	Data    map[string]any
	// Digest is the SHA-256 of the archive.
	Digest string
	// KeyID is the key that it was verified by, "" where none was asked for.
	KeyID string
	// Signed tells that it carries a signature, whether checked or not.
	Signed bool
}

// Read reads a bundle. With a key it must be signed by that key, and each of its
// files must be the one that was signed. The name stands in errors and before the
// paths of the modules.
func Read(name string, raw []byte, key *Key) (*Bundle, error) {
	b, err := read(name, raw, key)
	if err != nil {
		return nil, fmt.Errorf("reading bundle %q: %w", name, err)
	}
	return b, nil
}

func read(name string, raw []byte, key *Key) (*Bundle, error) {
	token, err := scan(raw)
	if err != nil {
		return nil, err
	}
	loader := bundle.NewTarballLoaderWithBaseURL(bytes.NewReader(raw), "").WithSizeLimitBytes(maxFile)
	reader := bundle.NewCustomReader(loader).
		WithSizeLimitBytes(maxFile).
		WithRegoVersion(ast.RegoV1).
		WithProcessAnnotations(true)
	out := &Bundle{Digest: Digest(raw), Signed: token != ""}
	if key == nil {
		reader = reader.WithSkipBundleVerification(true)
	} else {
		config, err := key.config(token)
		if err != nil {
			return nil, err
		}
		reader = reader.WithBundleVerificationConfig(config)
		out.KeyID = key.ID
	}
	read, err := reader.Read()
	if err != nil && key != nil {
		return nil, fault("it is not as it was signed, or another key signed it: get it again from where it was published", "%w", err)
	}
	if err != nil {
		return nil, fault("`regpolicy bundle build` makes one", "%w", err)
	}
	out.Revision, out.Roots, out.Data = read.Manifest.Revision, *read.Manifest.Roots, read.Data
	if len(read.Modules) == 0 {
		return nil, fault("`regpolicy bundle build` makes one", "it holds no .rego file")
	}
	if _, ok := out.Data["params"]; ok {
		return nil, fault("parameters are given with --params; name the data otherwise", "its data has the name %q, which is that of the parameters", "params")
	}
	for _, m := range read.Modules {
		out.Modules = append(out.Modules, engine.Module{Path: path.Join(name, strings.TrimPrefix(m.Path, "/")), Source: m.Raw})
	}
	slices.SortFunc(out.Modules, func(a, b engine.Module) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// Digest is the SHA-256 of an archive, as registries write it.
func Digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Overlap names the first root of one set that is, holds or lies in a root of
// another: policies would then add rules to those of somebody else.
func Overlap(a, b []string) (string, bool) {
	for _, mine := range a {
		for _, other := range b {
			if bundle.RootPathsOverlap(mine, other) {
				return mine, true
			}
		}
	}
	return "", false
}

// fault is an error with its cure.
func fault(hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &engine.Fault{Message: strings.Join(strings.Fields(err.Error()), " "), Hint: hint}
}
