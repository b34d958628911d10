// Package demo is an embedded cluster: an API server that answers with a story's
// objects, an SSH server per node over the story's file tree, and the registries
// with the story's certificates, all on loopback inside the process. The real
// collectors then talk to them over the real protocols.
package demo

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// Story is what a fixture's story.yaml says.
type Story struct {
	Name       string     `yaml:"-"`
	Title      string     `yaml:"title"`
	Happened   string     `yaml:"happened"`
	At         time.Time  `yaml:"at"`
	Demo       bool       `yaml:"demo"`
	SSH        bool       `yaml:"ssh"`
	Registries []Registry `yaml:"registries"`
	Expect     struct {
		Exit int      `yaml:"exit"`
		Fail []string `yaml:"fail"`
	} `yaml:"expect"`
}

// Registry is a registry of a story.
type Registry struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// File holds the chain as presented, and the key of its first certificate.
	File string `yaml:"file"`
}

// Default is the story that is told when none is named.
const Default = "secret-encoded-once"

// Load reads a story from a folder of stories.
func Load(stories fs.FS, name string) (*Story, error) {
	text, err := fs.ReadFile(stories, name+"/story.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading story %q: %w", name, err)
	}
	s := &Story{Name: name}
	if err := yaml.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("reading story %q: %w", name, err)
	}
	return s, nil
}

// List reads all stories of a folder, the default one first.
func List(stories fs.FS) ([]*Story, error) {
	entries, err := fs.ReadDir(stories, ".")
	if err != nil {
		return nil, fmt.Errorf("listing stories: %w", err)
	}
	var out []*Story
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		s, err := Load(stories, e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b *Story) int {
		switch {
		case a.Name == Default:
			return -1
		case b.Name == Default:
			return 1
		default:
			return 0
		}
	})
	return out, nil
}
