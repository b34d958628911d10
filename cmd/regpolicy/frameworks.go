package main

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/policies"
)

// framework is what a key of METADATA's controls stands for.
type framework struct {
	Title   string `yaml:"title"`
	Version string `yaml:"version"`
	// Prefix stands before each id where people write the control down.
	Prefix string `yaml:"prefix"`
}

func readFrameworks() (map[string]framework, error) {
	source, err := fs.ReadFile(policies.FS, policies.Frameworks)
	if err != nil {
		return nil, fmt.Errorf("reading frameworks: %w", err)
	}
	var file struct {
		Frameworks map[string]framework `yaml:"frameworks"`
	}
	if err := yaml.Unmarshal(source, &file); err != nil {
		return nil, fmt.Errorf("reading frameworks: %w", err)
	}
	return file.Frameworks, nil
}

// controlLines are a policy's controls for reading, a line for each framework.
// Frameworks that we do not know, an organisation's own, stand by their key.
func controlLines(controls map[string][]string, frameworks map[string]framework) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(controls)) {
		f := frameworks[key]
		name := key
		if f.Title != "" {
			name = strings.TrimSpace(f.Title)
			if f.Version != "" {
				name += " (" + f.Version + ")"
			}
		}
		ids := make([]string, len(controls[key]))
		for i, id := range controls[key] {
			ids[i] = f.Prefix + id
		}
		out = append(out, name+": "+strings.Join(ids, ", "))
	}
	return out
}
