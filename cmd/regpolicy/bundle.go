package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/bundle"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
	"github.com/regpolicy/regpolicy/policies"
)

func newBundle(e *environment) *cobra.Command {
	c := &cobra.Command{
		Use: "bundle", Short: "Build, sign, verify, push and pull policy bundles",
		Long: "bundle makes OPA bundles of policies, signs and verifies them, and keeps them in OCI registries. A\n" +
			"REFERENCE is oci://HOST[:PORT]/REPOSITORY[:TAG|@sha256:DIGEST]; eval's --policy takes one, too.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Sprintf("`%s --help` lists the commands", c.CommandPath()), "there is no command %q", "bundle "+args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newBundleBuild(e), newBundleVerify(e), newBundlePush(e), newBundlePull(e))
	return c
}

func newBundleVerify(e *environment) *cobra.Command {
	var keyFile string
	var registry registryFlags
	c := &cobra.Command{
		Use: "verify FILE|REFERENCE --verification-key KEY", Short: "Check the signature and the files of a bundle",
		Args: exactly(1, "verify takes one bundle, a file or a reference"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			if keyFile == "" {
				return usage("--verification-key names the public key of who signed it", "verifying %q: no key is given", args[0])
			}
			return verifyBundle(c.Context(), e, &registry, args[0], keyFile)
		},
	}
	c.Flags().StringVar(&keyFile, "verification-key", "", "public key or certificate (PEM) of who signed it")
	registry.bind(e, c.Flags())
	return c
}

func verifyBundle(ctx context.Context, e *environment, registry *registryFlags, name, keyFile string) error {
	key, err := readKey(ctx, keyFile)
	if err != nil {
		return err
	}
	client, err := registry.client(ctx)
	if err != nil {
		return err
	}
	var b *bundle.Bundle
	var out strings.Builder
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && oci.Is(name) {
		var pulled *oci.Pulled
		if b, pulled, err = pullBundle(ctx, name, key, client); err != nil {
			return err
		}
		ref, err := oci.ParseReference(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "reference  %s\n", ref.Pin(pulled.Digest))
	} else if b, err = readBundle(ctx, name, key); err != nil {
		return err
	}
	library, err := compileBundle(ctx, ofBundle(name, b))
	if err != nil {
		return err
	}
	fmt.Fprintf(&out, "digest     %s\nrevision   %s\nsigned by  %s\npolicies   %d\n", b.Digest, cmp.Or(b.Revision, "none"), b.KeyID, len(library.Policies()))
	return deliver(e, "", []byte(out.String()))
}

// compileBundle compiles policies strictly, with the library and nothing else.
func compileBundle(ctx context.Context, s policySource) (*engine.Library, error) {
	var cfg engine.Config
	err := addSources(&cfg, []policySource{s})
	if err != nil {
		return nil, err
	}
	if cfg.Modules, err = withBuiltin(cfg.Modules, false); err != nil {
		return nil, err
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		return nil, fmt.Errorf("reading evidence schema: %w", err)
	}
	return loading(ctx, cfg)
}

func newBundlePush(e *environment) *cobra.Command {
	var registry registryFlags
	c := &cobra.Command{
		Use: "push FILE REFERENCE", Short: "Store a bundle in a registry, and print what to pin",
		Args: exactly(2, "push takes a bundle and a reference"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			client, err := registry.client(c.Context())
			if err != nil {
				return err
			}
			ref, err := oci.ParseReference(args[1])
			if err != nil {
				return err
			}
			raw, err := infile.ReadAtMost(c.Context(), args[0], bundle.MaxSize)
			if err != nil {
				return err
			}
			b, err := bundle.Read(args[0], raw, nil)
			if err != nil {
				return err
			}
			digest, err := client.Push(c.Context(), ref, raw, b.Revision)
			if err != nil {
				return err
			}
			return deliver(e, "", []byte(ref.Pin(digest)+"\n"))
		},
	}
	registry.bind(e, c.Flags())
	return c
}

func newBundlePull(e *environment) *cobra.Command {
	var registry registryFlags
	var file string
	c := &cobra.Command{
		Use: "pull REFERENCE", Short: "Fetch a bundle into the cache or a file, and print what to pin",
		Args: exactly(1, "pull takes one reference"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			client, err := registry.client(c.Context())
			if err != nil {
				return err
			}
			_, pulled, err := pullBundle(c.Context(), args[0], nil, client)
			if err != nil {
				return err
			}
			if file != "" {
				if err := deliver(e, file, pulled.Content); err != nil || outfile.IsStdout(file) {
					return err
				}
			}
			ref, err := oci.ParseReference(args[0])
			if err != nil {
				return err
			}
			return deliver(e, "", []byte(ref.Pin(pulled.Digest)+"\n"))
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "write the bundle to this file, too (- for standard output)")
	registry.bind(e, c.Flags())
	return c
}

func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(fmt.Sprintf("`%s --help` shows the use", c.CommandPath()), "%s, got %d", what, len(args))
		}
		return nil
	}
}
