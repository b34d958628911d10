package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// fixStory is a broken story that fix repairs, beside the world that it ends in.
type fixStory struct {
	broken, twin *demo.Story
	work         string // the story's source, a copy
}

// TestFixRepairsStories repairs each broken story with what fix prints, makes the
// nodes anew from the repaired objects, as TKG does, and wants eval to find nothing.
func TestFixRepairsStories(t *testing.T) {
	stories, err := demo.List(os.DirFS(fixturesDir))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*demo.Story{}
	for _, story := range stories {
		byName[story.Name] = story
	}
	ran := 0
	for name, twin := range byName {
		broken, ok := byName[strings.TrimSuffix(name, "-repaired")]
		if !ok || broken == twin {
			continue
		}
		ran++
		t.Run(broken.Name, func(t *testing.T) {
			t.Parallel()
			s := &fixStory{broken: broken, twin: twin, work: t.TempDir()}
			copyTree(t, filepath.Join(fixturesDir, broken.Name, "source"), s.work)
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

// TestFixWritesTheChain repairs a registry that does not send its intermediate, where
// the evidence holds it: the file that fix writes is what the registry must send.
func TestFixWritesTheChain(t *testing.T) {
	stories, err := demo.List(os.DirFS(fixturesDir))
	if err != nil {
		t.Fatal(err)
	}
	s := &fixStory{work: t.TempDir()}
	for _, story := range stories {
		switch story.Name {
		case "intermediate-not-sent":
			s.broken = story
		case "intermediate-not-sent-repaired":
			s.twin = story
		}
	}
	copyTree(t, filepath.Join(fixturesDir, s.broken.Name, "source"), s.work)
	sent := readFile(t, filepath.Join(fixturesDir, s.twin.Name, s.twin.Registries[0].File))
	bundle := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata:\n  ca-bundle: |\n    " +
		strings.ReplaceAll(strings.TrimSpace(string(certificates(sent)[1])), "\n", "\n    ") + "\n"
	writeBytes(t, filepath.Join(s.work, "objects/image-fetcher-ca-bundle.yaml"), []byte(bundle))
	folder := t.TempDir()
	args := append([]string{"fix", "-o", folder, s.work}, s.registries(t, s.broken)...)
	code, _, stderr := command(t, s.broken.At, args...)
	if code != 0 || !strings.Contains(stderr, "judged again as if the registry sent that: RT-XEV-003 passes") {
		t.Fatalf("fix ends with %d\n%s", code, stderr)
	}
	chain := readFile(t, filepath.Join(folder, "registries/harbor.corp.example_443.pem"))
	if want := bytes.Join(certificates(sent), nil); !bytes.Equal(chain, want) {
		t.Errorf("the chain is\n%s\nwant\n%s", chain, want)
	}
	key := readFile(t, filepath.Join(fixturesDir, s.broken.Name, s.broken.Registries[0].File))
	if _, err := tls.X509KeyPair(chain, key); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "registry.pem")
	writeBytes(t, file, append(chain, key...))
	s.roll(t)
	address := serve(t, file)
	code, stdout, _ := command(t, s.broken.At, "eval", s.work, "--registry", "harbor.corp.example:443", "--connect-to", "harbor.corp.example:443:"+address)
	if code != 0 {
		t.Errorf("the repaired story ends with %d\n%s", code, stdout)
	}
}

// TestFixTakesAConfiguredCA gives the Supervisor the CA that a cluster has configured
// for the same registry: no leave is needed for it.
func TestFixTakesAConfiguredCA(t *testing.T) {
	stories, err := demo.List(os.DirFS(fixturesDir))
	if err != nil {
		t.Fatal(err)
	}
	s := &fixStory{work: t.TempDir()}
	for _, story := range stories {
		switch story.Name {
		case "vsphere-pod":
			s.broken = story
		case "vsphere-pod-repaired":
			s.twin = story
		}
	}
	copyTree(t, filepath.Join(fixturesDir, s.broken.Name, "source"), s.work)
	for _, name := range []string{"objects/cluster.yaml", "objects/trust-secret.yaml"} {
		writeBytes(t, filepath.Join(s.work, name), readFile(t, filepath.Join(fixturesDir, "secret-encoded-once-repaired/source", name)))
	}
	folder := t.TempDir()
	code, _, stderr := command(t, s.broken.At, append([]string{"fix", "-o", folder, s.work}, s.registries(t, s.broken)...)...)
	for _, want := range []string{`the CA that Cluster/test-gc-e2e-demo "corp-root-ca" has configured for the workload domain`, "sha256 DF:6E:34:C8:", "append the CA to data[ca-bundle]; what is there stays"} {
		if code != 0 || !strings.Contains(stderr, want) {
			t.Errorf("fix ends with %d and does not say %q\n%s", code, want, stderr)
		}
	}
	copyTree(t, folder, s.work)
	was := readFile(t, filepath.Join(fixturesDir, s.broken.Name, "source/objects/image-fetcher-ca-bundle.yaml"))
	if is := readFile(t, filepath.Join(s.work, "objects/image-fetcher-ca-bundle.yaml")); !bytes.HasPrefix(is, was) || len(is) == len(was) {
		t.Errorf("nothing was appended:\n%s", is)
	}
	s.roll(t)
	if code, stdout, _ := s.eval(t, s.twin); code != 0 {
		t.Errorf("the repaired story ends with %d\n%s", code, stdout)
	}
}

// TestFixPutsCAsBesideOthers gives two registries of two CAs their CA: one in the place
// of the CA that nothing needs, the other one beside it; and to a bundle both.
func TestFixPutsCAsBesideOthers(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var probes []string
	maker := certtest.New(at.AddDate(0, 0, -2))
	for _, host := range []string{"one.corp.example", "two.corp.example"} {
		ca := maker.Root("CA of " + host)
		leaf := ca.Leaf(host)
		file := filepath.Join(t.TempDir(), "registry.pem")
		writeBytes(t, file, append(certtest.Bundle(leaf, ca), leaf.KeyPEM()...))
		probes = append(probes, "--registry", host+":443", "--connect-to", host+":443:"+serve(t, file))
	}
	other := fixturePEM(t, "wrong-ca-embedded")
	tkc := "apiVersion: run.tanzu.vmware.com/v1alpha2\nkind: TanzuKubernetesCluster\nmetadata: {name: demo, namespace: ns}\nspec:\n  settings:\n    network:\n      trust:\n        additionalTrustedCAs:\n        - name: corp\n          data: " + layered(other, 1) + "\n"
	pod := func(host string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + strings.ReplaceAll(host, ".", "-") + ", namespace: ns, annotations: {vmware-system-image-references: x}}\nspec: {nodeName: esxi-1, containers: [{name: c, image: " + host + "/x:1}]}\nstatus: {phase: Pending}\n"
	}
	supervisor := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata:\n  ca-bundle: \"" + strings.ReplaceAll(other, "\n", "\\n") + "\"\n" + pod("one.corp.example") + pod("two.corp.example")
	for name, tt := range map[string]struct {
		manifest string
		want     []string
	}{
		"a trust secret":  {tanzuCluster("demo", "data:\n  corp: "+layered(other, 2)+"\n", "corp"), []string{"put the CA, encoded twice, under the new key \"corp-2\"", "beside it: under the new key \"corp-3\""}},
		"a class of VKS":  {strings.Replace(builtinCluster("          - caCert:\n              content: |\n                "+strings.ReplaceAll(strings.TrimSpace(other), "\n", "\n                ")+"\n"), "u:"+fixCanary+"@", "", 1), []string{"put the CA, as it is, without base64, beside it, as an entry of its own"}},
		"a cluster's own": {tkc, []string{"write the CA to spec.settings.network.trust.additionalTrustedCAs[0]", "put the CA, encoded once, beside it, as an entry of its own"}},
		"a Supervisor":    {supervisor, []string{"append the CA to data[ca-bundle]"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, "m.yaml", tt.manifest)
			code, _, stderr := command(t, at, append([]string{"fix", "--in-place", "--ca-from-registry", path}, probes...)...)
			for _, want := range append(tt.want, "repaired=2 failed=0 left=0") {
				if code != 0 || !strings.Contains(stderr, want) {
					t.Errorf("fix ends with %d and does not say %q\n%s", code, want, stderr)
				}
			}
			code, stdout, _ := command(t, at, append([]string{"eval", path, "--select", "RT-XEV-003,RT-CFG-001,RT-CFG-002"}, probes...)...)
			if code != 0 {
				t.Errorf("eval ends with %d\n%s\n%s", code, stdout, readFile(t, path))
			}
		})
	}
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
