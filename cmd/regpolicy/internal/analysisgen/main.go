// Analysisgen writes down what the analysis of the built-in policies comes to, which
// is the same on every run:
//
//	go run ./cmd/regpolicy/internal/analysisgen policies/analysis.json
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/policies"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "analysisgen:", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("want one argument, the file to write")
	}
	text, err := generate(context.Background(), os.DirFS(filepath.Dir(args[0])))
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[0], text, 0o644); err != nil { //nolint:gosec // public and committed
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// generate analyses the policies of a folder.
func generate(ctx context.Context, fsys fs.FS) ([]byte, error) {
	var cfg engine.Config
	files, err := fs.Glob(fsys, "*/*/*.rego")
	if err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	for _, path := range files {
		source, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, fmt.Errorf("reading policies: %w", err)
		}
		cfg.Modules = append(cfg.Modules, engine.Module{Path: path, Source: source, Builtin: true})
	}
	if cfg.Schema, err = fs.ReadFile(fsys, policies.Schema); err != nil {
		return nil, fmt.Errorf("reading evidence schema: %w", err)
	}
	return engine.Known(ctx, cfg)
}
