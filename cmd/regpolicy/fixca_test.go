package main

import (
	"bytes"
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// TestFixWritesTheChain repairs a registry that does not send its intermediate, where
// the evidence holds it: the file that fix writes is what the registry must send.
func TestFixWritesTheChain(t *testing.T) {
	named := storiesByName(t)
	s := newFixStory(t, named["intermediate-not-sent"], named["intermediate-not-sent-repaired"])
	sent := readFile(t, filepath.Join(fixturesDir, s.twin.Name, s.twin.Registries[0].File))
	bundle := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata:\n  ca-bundle: |\n    " +
		strings.ReplaceAll(strings.TrimSpace(string(certificates(sent)[1])), "\n", "\n    ") + "\n"
	writeBytes(t, filepath.Join(s.work, "objects/image-fetcher-ca-bundle.yaml"), []byte(bundle))
	folder := t.TempDir()
	args := append([]string{"fix", "-o", folder, s.work}, s.registries(t, s.broken)...)
	code, _, stderr := command(t, s.broken.At, args...)
	if code != 0 || !strings.Contains(stderr, "judged again as if the registry sent that: RT-TLS-003, RT-XEV-003 pass") {
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
	named := storiesByName(t)
	s := newFixStory(t, named["vsphere-pod"], named["vsphere-pod-repaired"])
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
