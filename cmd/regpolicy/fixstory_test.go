package main

import (
	"encoding/base64"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// fixStory is a broken story that fix repairs, beside the world that it ends in.
type fixStory struct {
	broken, twin *demo.Story
	work         string // the story's source, a copy
}

func newFixStory(t *testing.T, broken, twin *demo.Story) *fixStory {
	t.Helper()
	s := &fixStory{broken: broken, twin: twin, work: t.TempDir()}
	copyTree(t, filepath.Join(fixturesDir, broken.Name, "source"), s.work)
	return s
}

func storiesByName(t *testing.T) map[string]*demo.Story {
	t.Helper()
	out := map[string]*demo.Story{}
	for _, s := range stories(t) {
		out[s.Name] = s
	}
	return out
}

// TestFixRepairsStories repairs each broken story with what fix prints, makes the
// nodes anew from the repaired objects, as TKG does, and wants eval to find nothing.
func TestFixRepairsStories(t *testing.T) {
	ran := 0
	byName := storiesByName(t)
	for name, twin := range byName {
		broken, ok := byName[strings.TrimSuffix(name, "-repaired")]
		if !ok || broken == twin {
			continue
		}
		ran++
		t.Run(broken.Name, func(t *testing.T) {
			t.Parallel()
			s := newFixStory(t, broken, twin)
			s.fix(t)
			before := 1
			if len(broken.Registries) == 0 {
				before = 0 // manifests have neither nodes nor pods
			}
			if code, stdout, _ := s.eval(t, broken); code != before {
				t.Errorf("before the nodes have rolled eval ends with %d, want %d\n%s", code, before, stdout)
			}
			s.roll(t)
			if code, stdout, stderr := s.eval(t, twin); code != 0 {
				t.Errorf("the repaired story ends with %d\n%s%s", code, stdout, stderr)
			}
		})
	}
	if ran != 8 {
		t.Errorf("%d broken stories, want 8", ran)
	}
}

// registries serves the chains of a story and returns the flags that probe them.
func (s *fixStory) registries(t *testing.T, of *demo.Story) []string {
	t.Helper()
	var args []string
	for _, r := range of.Registries {
		host := net.JoinHostPort(r.Host, "443")
		address := serve(t, filepath.Join(fixturesDir, of.Name, r.File))
		args = append(args, "--registry", host, "--connect-to", host+":"+address)
	}
	return args
}

func (s *fixStory) eval(t *testing.T, registries *demo.Story) (code int, stdout, stderr string) {
	t.Helper()
	return command(t, s.broken.At, append([]string{"eval", s.work}, s.registries(t, registries)...)...)
}

// fix repairs the copy. A CA from a registry is taken where fix asks for leave only.
func (s *fixStory) fix(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	args := append([]string{"fix", "-o", folder, s.work}, s.registries(t, s.broken)...)
	code, stdout, stderr := command(t, s.broken.At, args...)
	if strings.Contains(stderr, "hint: --ca-from-registry") {
		if code != 1 || stdout != "" {
			t.Errorf("a CA is taken unasked: exit code %d\n%s%s", code, stdout, stderr)
		}
		code, _, stderr = command(t, s.broken.At, append(args, "--ca-from-registry")...)
		if !strings.Contains(stderr, "  sha256 C2:7E:7C:EB:") {
			t.Errorf("no fingerprint is shown:\n%s", stderr)
		}
	}
	if s.broken.Name == "intermediate-not-sent" {
		// No manifest is wrong: fix says what the registry must send.
		for _, want := range []string{"the registry itself must send that certificate", `get the certificate of "CN=Corp Example Issuing CA 1`, "cat registry.crt intermediate.crt >chain.crt"} {
			if code != 1 || !strings.Contains(stderr, want) {
				t.Errorf("exit code %d, and fix does not say %q:\n%s", code, want, stderr)
			}
		}
		return
	}
	if code != 0 {
		t.Fatalf("fix ends with %d\n%s", code, stderr)
	}
	copyTree(t, folder, s.work)
}

// roll makes the world what it becomes: pods and events are the twin's, nodes the
// twin's with the CAs that the repaired objects hold.
func (s *fixStory) roll(t *testing.T) {
	t.Helper()
	twin := filepath.Join(fixturesDir, s.twin.Name, "source")
	for _, name := range []string{"pods.yaml", "events.yaml", "nodes.yaml"} {
		to := filepath.Join(s.work, "objects", name)
		data, err := os.ReadFile(filepath.Join(twin, "objects", name))
		switch {
		case err == nil:
			writeBytes(t, to, data)
		case os.RemoveAll(to) != nil:
			t.Fatal(err)
		}
	}
	nodes := filepath.Join(s.work, "nodes")
	if err := os.RemoveAll(nodes); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(twin, "nodes")); err != nil {
		return
	}
	copyTree(t, filepath.Join(twin, "nodes"), nodes)
	found, err := filepath.Glob(filepath.Join(nodes, "*"))
	if err != nil || len(found) != 2 {
		t.Fatalf("%d nodes: %v", len(found), err)
	}
	authorities := configuredCAs(t, filepath.Join(s.work, "objects"))
	for _, node := range found {
		certs := filepath.Join(node, "etc/ssl/certs")
		if err := os.RemoveAll(certs); err != nil {
			t.Fatal(err)
		}
		for name, text := range authorities {
			writeBytes(t, filepath.Join(certs, "tkg-"+name+".pem"), text)
			if _, parsed := certificate.Examine(text); len(parsed) == 1 {
				link := nodecerts.SubjectHash(parsed[0].RawSubject) + ".0"
				if err := os.Symlink("tkg-"+name+".pem", filepath.Join(certs, link)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// configuredCAs are what TKG writes to a node: by the name of each entry of the
// variable trust, the key of the cluster's secret without its two layers of base64.
func configuredCAs(t *testing.T, objects string) map[string][]byte {
	t.Helper()
	var cluster struct {
		Spec struct {
			Topology struct {
				Variables []struct {
					Name  string
					Value yaml.Node
				}
			}
		}
	}
	var secret struct{ Data map[string]string }
	decodeYAML(t, filepath.Join(objects, "cluster.yaml"), &cluster)
	decodeYAML(t, filepath.Join(objects, "trust-secret.yaml"), &secret)
	out := map[string][]byte{}
	for _, v := range cluster.Spec.Topology.Variables {
		if v.Name != "trust" {
			continue
		}
		var trust struct {
			CAs []struct{ Name string } `yaml:"additionalTrustedCAs"`
		}
		if err := v.Value.Decode(&trust); err != nil {
			t.Fatal(err)
		}
		for _, ca := range trust.CAs {
			once, err := base64.StdEncoding.DecodeString(secret.Data[ca.Name])
			if err != nil {
				t.Fatalf("key %q: %v", ca.Name, err)
			}
			if out[ca.Name], err = base64.StdEncoding.DecodeString(string(once)); err != nil {
				t.Fatalf("key %q: %v", ca.Name, err)
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("the cluster names no CA")
	}
	return out
}

// certificates are the certificates of a PEM file, each as PEM.
func certificates(text []byte) [][]byte {
	var out [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			out = append(out, pem.EncodeToMemory(block))
		}
	}
	return out
}

func decodeYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal(readFile(t, path), into); err != nil {
		t.Fatal(err)
	}
}

func writeBytes(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyTree copies a folder over another one; files that are there are replaced.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	root := os.DirFS(from)
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if err := os.RemoveAll(target); err != nil {
			return err
		}
		return nil
	})
	if err == nil {
		err = os.CopyFS(to, root)
	}
	if err != nil {
		t.Fatal(err)
	}
}
