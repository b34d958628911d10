package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/bundle"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
)

// buildFlags are those of `bundle build`.
type buildFlags struct {
	output, revision      string
	signingKey, algorithm string
	withTests             bool
}

func newBundleBuild(e *environment) *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use: "build PATH...", Short: "Build a bundle of policies, and sign it",
		Long: "build compiles the policies of files and folders strictly and writes them, with their data files\n" +
			"(data.json, data.yaml), into an OPA bundle. The same policies give the same bytes.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Sprintf("`%s --help` shows the use", c.CommandPath()), "build takes the folders of the policies")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return buildBundle(c.Context(), e, &f, args)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "bundle.tar.gz", "the bundle (- for standard output)")
	flags.StringVar(&f.revision, "revision", "", "what the bundle says it is: a version, a commit")
	flags.StringVar(&f.signingKey, "signing-key", "", "private key (PEM) to sign with")
	flags.StringVar(&f.algorithm, "signing-alg", "", "signature algorithm: ES256, RS256, ... (default: the usual one of the key)")
	flags.BoolVar(&f.withTests, "with-tests", false, "put the policies' tests in, too")
	return c
}

func buildBundle(ctx context.Context, e *environment, f *buildFlags, paths []string) error {
	signer, key, err := f.signer(ctx)
	if err != nil {
		return err
	}
	if err := checkWritable(f.output); err != nil {
		return err
	}
	var all policySource
	var files []bundle.File
	for _, path := range paths {
		found, modules, err := filesToBuild(ctx, path, f.withTests)
		if err != nil {
			return err
		}
		files = append(files, found...)
		all.modules = append(all.modules, modules...)
	}
	if all.data, err = bundle.Data(files); err != nil {
		return err
	}
	library, err := compileBundle(ctx, all)
	if err != nil {
		return err
	}
	raw, err := bundle.Build(files, f.revision, signer)
	if err != nil {
		return fmt.Errorf("building %q: %w", f.output, err)
	}
	// What cannot be read back must not be handed out.
	if _, err := bundle.Read(f.output, raw, key); err != nil {
		return err
	}
	if err := deliver(e, f.output, raw); err != nil || outfile.IsStdout(f.output) {
		return err
	}
	return deliver(e, "", fmt.Appendf(nil, "%s  %d policies, %s\n", f.output, len(library.Policies()), bundle.Digest(raw)))
}

// signer reads the private key, nil where none is named, and its public half.
func (f *buildFlags) signer(ctx context.Context) (*bundle.Signer, *bundle.Key, error) {
	if f.signingKey == "" {
		if f.algorithm != "" {
			return nil, nil, usage("--signing-key names the private key", "--signing-alg is given without a key")
		}
		return nil, nil, nil
	}
	text, err := infile.Read(ctx, f.signingKey)
	if err != nil {
		return nil, nil, err
	}
	signer, err := bundle.ParseSigner(text, f.algorithm)
	if err != nil {
		return nil, nil, fmt.Errorf("reading key %q: %w", f.signingKey, err)
	}
	return signer, signer.Key, nil
}

// filesToBuild are the files of a path, and their modules as they lie on disk, so
// that a fault names the file to repair.
func filesToBuild(ctx context.Context, path string, withTests bool) ([]bundle.File, []engine.Module, error) {
	modules, err := policyFiles(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	files, err := folderDataFiles(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range modules {
		if withTests || !strings.HasSuffix(m.Path, "_test.rego") {
			files = append(files, bundle.File{Path: within(path, m.Path), Content: m.Source})
		}
	}
	return files, modules, nil
}
