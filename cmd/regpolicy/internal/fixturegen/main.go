// Fixturegen writes the sources of the fixture stories: captures of a TKG cluster
// whose registry trust is broken in one way each, their repaired twins, and the
// registries' certificates. The same program writes the same bytes.
//
//	go run ./cmd/regpolicy/internal/fixturegen fixtures
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// at is the moment at which all stories play.
var at = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant that Go has no literal for

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "fixturegen: want one argument, the fixtures folder")
		os.Exit(2) //nolint:forbidigo // this is a main
	}
	for _, s := range stories() {
		if err := s.write(filepath.Join(os.Args[1], s.name)); err != nil {
			fmt.Fprintln(os.Stderr, "fixturegen:", err)
			os.Exit(1) //nolint:forbidigo // this is a main
		}
	}
}

// story is one fixture folder.
type story struct {
	name, title, happened string
	// fails are the ids of the policies that fail, exit the exit code.
	fails []string
	exit  int
	// demo stories are embedded in the program.
	demo bool
	// ssh reads the nodes of source/nodes in the demo.
	ssh   bool
	files map[string]string // below the story's folder
	links map[string]string // symbolic links below it
	// served is the chain that the registry presents; its first pair has the key.
	served []*certtest.Pair
}

const registry = "harbor.corp.example"

func (s *story) put(path, text string) {
	if s.files == nil {
		s.files = map[string]string{}
	}
	s.files[path] = text
}

func (s *story) link(path, target string) {
	if s.links == nil {
		s.links = map[string]string{}
	}
	s.links[path] = target
}

func (s *story) write(dir string) error {
	for _, part := range []string{"source", "registries", "story.yaml"} {
		if err := os.RemoveAll(filepath.Join(dir, part)); err != nil { //nolint:gosec // in the folder that the developer names
			return err
		}
	}
	s.put("story.yaml", s.description())
	if len(s.served) > 0 {
		// The key is made from a public seed and protects nothing.
		s.put("registries/"+registry+"_443.pem", string(certtest.Bundle(s.served...))+string(s.served[0].KeyPEM()))
	}
	for path, text := range s.files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil { //nolint:gosec // fixtures are for all to read
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	for path, target := range s.links {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil { //nolint:gosec // as above
			return err
		}
		if err := os.Symlink(target, full); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) description() string {
	var out strings.Builder
	fmt.Fprintf(&out, "title: %q\nhappened: >-\n", s.title)
	for line := range strings.SplitSeq(strings.TrimSpace(s.happened), "\n") {
		fmt.Fprintf(&out, "  %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintf(&out, "at: %s\ndemo: %t\nssh: %t\n", at.Format(time.RFC3339), s.demo, s.ssh)
	if len(s.served) > 0 {
		fmt.Fprintf(&out, "registries:\n  - host: %s\n    port: 443\n    file: registries/%s_443.pem\n", registry, registry)
	} else {
		out.WriteString("registries: []\n")
	}
	fmt.Fprintf(&out, "expect:\n  exit: %d\n  fail: [%s]\n", s.exit, strings.Join(s.fails, ", "))
	return out.String()
}

// authorities are the certificates that the stories tell of.
type authorities struct {
	root, issuing, leaf *certtest.Pair // the registry's
	old                 *certtest.Pair // root's predecessor: same name, another key
	other               *certtest.Pair // a CA that has nothing to do with the registry
	supervisor          *certtest.Pair
}

func newAuthorities() authorities {
	m := certtest.New(at)
	a := authorities{root: m.Root("Corp Example Root CA")}
	a.issuing = a.root.Intermediate("Corp Example Issuing CA 1")
	a.leaf = a.issuing.Leaf(registry)
	a.other = m.Root("Corp Example Test CA")
	a.supervisor = m.Root("vSphere Supervisor CA")
	a.old = certtest.Seeded(at, "before the re-keying").Root("Corp Example Root CA")
	return a
}

// publicBundle is a small system bundle of public roots.
func publicBundle() string {
	var out strings.Builder
	roots := certificate.PublicRoots()
	fingerprints := roots.Fingerprints()
	slices.Sort(fingerprints)
	for _, fp := range fingerprints[:3] {
		out.WriteString(certificate.Facts(roots.Get(fp)).PEM)
	}
	return out.String()
}
