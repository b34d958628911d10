package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/repair"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// fixCanary is what stands beside the values that are repaired, in clear and in base64.
const fixCanary = "canary-5ecret-of-another-team"

func layered(text string, layers int) string {
	for range layers {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

func fixturePEM(t *testing.T, story string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(fixturesDir, story, "source/nodes/*/etc/ssl/certs/tkg-*.pem"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no CA in story %s: %v", story, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tanzuCluster is a Cluster that names keys, and its secret with these lines.
func tanzuCluster(name, secret string, keys ...string) string {
	list := ""
	for _, key := range keys {
		list += "        - name: " + key + "   # keep\n"
	}
	return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: " + name + ", namespace: ns}\nspec:\n  topology:\n    class: tanzukubernetescluster\n" +
		"    variables:\n    - name: clusterEncryptionConfigYaml\n      value: " + layered(fixCanary, 1) + "\n    - name: trust\n      value:\n        additionalTrustedCAs:\n" + list +
		"---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: " + name + "-user-trusted-ca-secret\n  namespace: ns\n  annotations:\n    team: " + fixCanary + "\n" + secret
}

func builtinCluster(items string) string {
	return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: demo, namespace: ns}\nspec:\n  topology:\n    class: builtin-generic-v3.2.0\n    variables:\n" +
		"    - name: osConfiguration\n      value:\n        systemProxy: {http: \"http://u:" + fixCanary + "@p:1\", https: \"http://p:1\", noProxy: [x]}\n        trust:\n          additionalTrustedCAs:\n" + items
}

// TestFix repairs each mistake in every form: what it is for passes afterwards, the
// diff makes the same of the file as the whole file is, and nothing of what stands
// beside the repaired value is printed.
func TestFix(t *testing.T) {
	root, other := fixturePEM(t, "secret-encoded-once-repaired"), fixturePEM(t, "wrong-ca-embedded")
	beside := "  aa: " + layered(fixCanary, 1) + "\n"
	sent := certificates(readFile(t, filepath.Join(fixturesDir, "wrong-ca-embedded/registries/harbor.corp.example_443.pem")))
	leaf, issuing := string(sent[0]), string(sent[1])
	bundle := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata:\n  ca-bundle: |\n    " + strings.ReplaceAll(strings.TrimSpace(issuing), "\n", "\n    ") + "\n"
	both := strings.TrimSpace(root) + "\n" + other
	tests := []struct {
		name, manifest string
		repaired, want []string // policies; lines of the whole file
	}{
		{"encoded once", tanzuCluster("demo", "data:\n"+beside+"  corp: "+layered(root, 1)+" # 2027\n  zz: "+layered(fixCanary, 1)+"\n", "corp"), []string{"RT-CFG-001"}, []string{"  corp-2: " + layered(root, 2) + " # 2027\n", "- name: corp-2   # keep\n"}},
		{"encoded three times, as a block", tanzuCluster("demo", "data:\n"+beside+"  corp: >-\n    "+layered(root, 3)+"\n  zz: |\n    "+layered(fixCanary, 1)+"\n", "corp"), []string{"RT-CFG-001"}, []string{"  corp-2: " + layered(root, 2) + "\n"}},
		{"stringData", tanzuCluster("demo", "stringData:\n  aa: "+fixCanary+"\n  corp: |\n    "+strings.ReplaceAll(strings.TrimSpace(root), "\n", "\n    ")+"\n", "corp"), []string{"RT-CFG-001"}, []string{"  corp-2: " + layered(root, 1) + "\n"}},
		{"several entries", tanzuCluster("demo", "data:\n  a: "+layered(root, 1)+"\n  b: "+layered(other, 1)+"\n"+beside, "a", "b"), []string{"RT-CFG-001"}, []string{"  a-2: " + layered(root, 2) + "\n", "  b-2: " + layered(other, 2) + "\n"}},
		{"names that run into each other", tanzuCluster("demo", "data:\n  a: "+layered(root, 1)+"\n  a-1: "+layered(other, 1)+"\n"+beside, "a", "a-1"), []string{"RT-CFG-001"}, nil},
		{"several certificates", tanzuCluster("demo", "data:\n"+beside+"  corp: "+layered(both, 2)+"\n", "corp"), []string{"RT-CFG-011"}, []string{"  corp-2: " + layered(root, 2) + "\n  corp-3: " + layered(other, 2) + "\n"}},
		{"glued", tanzuCluster("demo", "data:\n"+beside+"  corp: "+layered(strings.TrimSpace(root)+strings.TrimSpace(other), 2)+"\n", "corp"), []string{"RT-CFG-002", "RT-CFG-011", "RT-CFG-020"}, []string{"  corp-2: " + layered(root, 2)}},
		{"a mark and indented", tanzuCluster("demo", "data:\n"+beside+"  corp: "+layered("\ufeff"+strings.ReplaceAll(root, "\n", "\n  "), 2)+"\n", "corp"), []string{"RT-CFG-020"}, []string{"  corp-2: " + layered(root, 2)}},
		{"line ends in letters", tanzuCluster("demo", "data:\n"+beside+"  corp: "+layered(strings.ReplaceAll(root, "\n", `\n`), 2)+"\n", "corp"), []string{"RT-CFG-020"}, []string{"  corp-2: " + layered(root, 2)}},
		{"Windows ends", strings.ReplaceAll(tanzuCluster("demo", "data:\n"+beside+"  corp: "+layered(root, 1)+"\n", "corp"), "\n", "\r\n"), []string{"RT-CFG-001"}, []string{"  corp-2: " + layered(root, 2) + "\r\n"}},
		{"a key that is spelt otherwise", tanzuCluster("demo", "data:\n  corp.crt: "+layered(root, 2)+"\n"+beside, "Corp"), []string{"RT-CFG-003"}, []string{"- name: corp.crt   # keep\n"}},
		{"a secret in another namespace", strings.Replace(tanzuCluster("demo", "data:\n  corp: "+layered(root, 2)+"\n", "corp"), "  namespace: ns\n", "  namespace: sn\n", 1), []string{"RT-CFG-003"}, []string{"  namespace: ns\n"}},
		{"a secret reference", builtinCluster("          - caCert: {secretRef: {name: cas, key: corp}}\n") + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: cas, namespace: ns}\ndata:\n  corp: " + layered(root, 1) + "\n" + beside, []string{"RT-CFG-001"}, []string{"{secretRef: {name: cas, key: corp-2}}"}},
		{"content in base64", builtinCluster("          - caCert:\n              content: "+layered(both, 1)+"\n") + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: ns}\ndata:\n" + beside, []string{"RT-CFG-001", "RT-CFG-011"}, []string{"content: |\n                -----BEGIN CERTIFICATE-----\n"}},
		// What is there twice, and what is no CA.
		{"two entries with one certificate", tanzuCluster("demo", "data:\n  corp: "+layered(root, 2)+"\n  more: "+layered(root, 2)+"\n"+beside, "corp", "more"), []string{"RT-CFG-010"}, []string{"- name: corp   # keep\n---\n", "data:\n  corp: " + layered(root, 2) + "\n  aa: "}},
		{"one entry that stands there twice", tanzuCluster("demo", "data:\n  corp: "+layered(root, 2)+"\n"+beside, "corp", "corp"), []string{"RT-CFG-010"}, []string{"- name: corp   # keep\n---\n", "  corp: " + layered(root, 2)}},
		{"two entries that are encoded once and hold one certificate", tanzuCluster("demo", "data:\n  corp: "+layered(root, 1)+"\n  more: "+layered(root, 1)+"\n"+beside, "corp", "more"), []string{"RT-CFG-001", "RT-CFG-010"}, []string{"- name: corp-2   # keep\n---\n"}},
		{"one certificate twice in a value", tanzuCluster("demo", "data:\n  corp: "+layered(root+root, 2)+"\n"+beside, "corp"), []string{"RT-CFG-010"}, []string{"  corp-2: " + layered(root, 2)}},
		{"a leaf beside its CA", tanzuCluster("demo", "data:\n  corp: "+layered(leaf+issuing, 2)+"\n"+beside, "corp"), []string{"RT-CFG-006"}, []string{"  corp-2: " + layered(issuing, 2) + "\n"}},
		{"a leaf beside the entry of its CA", tanzuCluster("demo", "data:\n  corp: "+layered(issuing, 2)+"\n  leaf: "+layered(leaf, 2)+"\n"+beside, "corp", "leaf"), []string{"RT-CFG-006"}, []string{"- name: corp   # keep\n---\n"}},
		{"a leaf whose CA the Supervisor has", tanzuCluster("demo", "data:\n  corp: "+layered(leaf, 2)+"\n"+beside, "corp") + bundle, []string{"RT-CFG-006"}, []string{"  corp-2: " + layered(issuing, 2) + "\n"}},
		{"two values with one name", "apiVersion: run.tanzu.vmware.com/v1alpha2\nkind: TanzuKubernetesCluster\nmetadata: {name: demo, namespace: ns, annotations: {team: " + fixCanary + "}}\nspec:\n  settings:\n    network:\n      trust:\n        additionalTrustedCAs:\n        - name: corp\n          data: " + layered(root, 1) + "\n        - name: corp\n          data: " + layered(other, 1) + "\n", []string{"RT-CFG-010"}, []string{"- name: corp\n", "- name: corp-2\n"}},
	}
	// Trust at fields that nothing reads.
	misplaced := func(kind, spec string) string {
		return kind + "metadata: {name: demo, namespace: ns, annotations: {team: " + fixCanary + "}}\nspec:\n" + spec
	}
	const tkc = "apiVersion: run.tanzu.vmware.com/v1alpha2\nkind: TanzuKubernetesCluster\n"
	const capi = "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\n"
	secret := "---\napiVersion: v1\nkind: Secret\nmetadata: {name: demo-user-trusted-ca-secret, namespace: ns}\ndata:\n  corp: " + layered(root, 2) + "\n"
	inline := "additionalTrustedCAs: [{name: corp, data: " + layered(root, 1) + "}]\n"
	for _, c := range [][3]string{
		{"settings.trust", misplaced(tkc, "  settings:\n    trust:\n      "+inline+"    network:\n      cni: {name: antrea}\n"), "      cni: {name: antrea}\n      trust:\n        additionalTrustedCAs:\n"},
		{"without network", misplaced(tkc, "  additionalTrustedCAs:\n  - name: corp\n    data: "+layered(root, 2)+"\n  settings:\n    storage: {defaultClass: x}\n"), "    network:\n      trust:\n        additionalTrustedCAs:\n          - name: corp\n            data: " + layered(root, 1)},
		{"the old class's variable", misplaced(capi, "  topology:\n    class: builtin-generic-v3.1.0\n    variables:\n    - name: trust\n      value:\n        additionalTrustedCAs:\n        - name: corp\n") + secret, "                secretRef:\n                  name: demo-user-trusted-ca-secret\n                  key: corp\n"},
		{"beside the new class's variable", misplaced(capi, "  topology:\n    class: builtin-generic-v3.1.0\n    variables:\n    - name: trust\n      value:\n        additionalTrustedCAs:\n        - name: corp\n    - name: osConfiguration\n      value:\n        ntp: {servers: [x]}\n") + secret, "        ntp: {servers: [x]}\n        trust:\n"},
		{"the new class's variable", misplaced(capi, "  topology:\n    class: tanzukubernetescluster\n    variables:\n    - name: osConfiguration\n      value:\n        trust:\n          additionalTrustedCAs:\n          - caCert: {secretRef: {name: demo-user-trusted-ca-secret, key: corp}}\n") + secret, "    - name: trust\n      value:\n        additionalTrustedCAs:\n          - name: corp\n"},
		{"the old kind's path", misplaced(capi, "  settings:\n    network:\n      trust:\n        "+inline+"  topology:\n    class: builtin-generic-v3.1.0\n    variables:\n    - {name: vmClass, value: x}\n"), "    - name: osConfiguration\n"},
	} {
		tests = append(tests, struct {
			name, manifest string
			repaired, want []string
		}{c[0], c[1], []string{"RT-CFG-013"}, []string{c[2]}})
	}
	library := fixLibrary(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, "m.yaml", tt.manifest)
			out, before, said := fixFile(t, library, path)
			diff, patch := rendered(t, "diff", out), rendered(t, "patch", out)
			for form, text := range map[string]string{"diff": diff, "patch": patch, "stderr": said} {
				for _, canary := range []string{fixCanary, layered(fixCanary, 1)} {
					if strings.Contains(text, canary) {
						t.Errorf("the %s prints what stands beside the value:\n%s", form, text)
					}
				}
			}
			if len(out.Proven) == 0 {
				t.Fatalf("nothing was repaired:\n%s", said)
			}
			_, data := out.Manifests.Texts(path)
			_, after, _ := fixFile(t, library, writeFile(t, "m.yaml", string(data)))
			for _, id := range tt.repaired {
				if !before[id] || after[id] {
					t.Errorf("%s was denied: %t, is denied: %t\n%s", id, before[id], after[id], said)
				}
			}
			for _, want := range append(tt.want, fixCanary) {
				if !strings.Contains(string(data), want) && !strings.Contains(string(data), layered(want, 1)) {
					t.Errorf("the repaired file lacks %q:\n%s", want, data)
				}
			}
			if !strings.Contains(patch, "kubectl -n ns patch ") && !strings.Contains(patch, "cannot be patched") {
				t.Errorf("no command in\n%s", patch)
			}
			applyDiff(t, path, diff)
			if patched, err := os.ReadFile(path); err != nil || string(patched) != string(data) {
				t.Errorf("the diff makes something else than the whole file is: %v\n%s", err, diff)
			}
		})
	}
}

// fixLibrary are the built-in policies, compiled once.
func fixLibrary(t *testing.T) *engine.Library {
	t.Helper()
	library, err := (&policyFlags{}).load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return library
}

// fixFile repairs a file, and tells what was denied before.
func fixFile(t *testing.T, library *engine.Library, path string) (out *repair.Outcome, denied map[string]bool, said string) {
	t.Helper()
	var errs bytes.Buffer
	e := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: &errs, getenv: func(string) string { return "" }, now: time.Now}
	w := &workshop{library: library}
	src := &sourceFlags{timeout: time.Minute, probeTimeout: time.Second}
	if err := w.open(t.Context(), e, src, []string{path}); err != nil {
		t.Fatal(err)
	}
	defer w.in.Close()
	from, err := w.first(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	denied = map[string]bool{}
	for _, r := range from.Report.Results {
		denied[r.ID] = denied[r.ID] || r.Verdict == report.Fail || r.Verdict == report.Warn
	}
	warnOfRecreation(e, from)
	if out, err = repair.Run(t.Context(), from, repair.Options{}, w.judge); err != nil {
		t.Fatal(err)
	}
	_ = tellFix(e, out, false)
	return out, denied, errs.String()
}

func rendered(t *testing.T, form string, out *repair.Outcome) string {
	t.Helper()
	var text bytes.Buffer
	e := &environment{stdout: &text, stderr: io.Discard}
	if err := (&sink{form: form}).write(e, out); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func applyDiff(t *testing.T, path, diff string) {
	t.Helper()
	c := exec.Command("patch", "--binary", "-s", "-p0", path)
	c.Stdin = strings.NewReader(diff)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("patch: %v\n%s\n%s", err, out, diff)
	}
}

// TestFixRefuses names what cannot be repaired or shown, and prints nothing of it.
func TestFixRefuses(t *testing.T) {
	root := fixturePEM(t, "secret-encoded-once-repaired")
	key := "-----BEGIN PRIVATE KEY-----\n" + layered(fixCanary, 1) + "\n-----END PRIVATE KEY-----\n"
	tests := []struct {
		name, manifest, want string
		shown                bool // repaired, but no diff of it can be printed
	}{
		{"a private key", tanzuCluster("demo", "data:\n  corp: "+layered(root+key, 1)+"\n", "corp"), "the value holds a private key, which is never printed", false},
		{"a password beside the certificate", tanzuCluster("demo", "data:\n  corp: "+layered("password: "+fixCanary+"\n"+root, 1)+"\n", "corp"), "what looks like a password", false},
		{"all in one line", tanzuCluster("demo", "data: {corp: "+layered(root, 1)+", zz: "+layered(fixCanary, 1)+"}\n", "corp"), "with other values of the secret", true},
		{"an immutable secret", tanzuCluster("demo", "immutable: true\ndata:\n  corp: "+layered(root, 1)+"\n", "corp"), "is immutable", false},
		{"a key that nothing is like", tanzuCluster("demo", "data:\n  another: "+layered(root, 2)+"\n", "corp"), "", false},
		{"another entry's key", tanzuCluster("demo", "data:\n  corp.crt: "+layered(root, 2)+"\n", "corp.crt", "Corp"), "is another entry's", false},
	}
	library := fixLibrary(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, "m.yaml", tt.manifest)
			out, _, stderr := fixFile(t, library, path)
			var stdout string
			if tt.shown {
				var text bytes.Buffer
				err := (&sink{form: "diff"}).write(&environment{stdout: &text}, out)
				if err == nil {
					t.Fatalf("no error:\n%s", text.String())
				}
				stderr, stdout = stderr+err.Error(), text.String()
			} else if len(out.Proven) > 0 {
				t.Errorf("it was repaired:\n%s", stderr)
			}
			if stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("want %q\n%s%s", tt.want, stdout, stderr)
			}
			for _, layers := range []int{0, 1, 2, 3} {
				if strings.Contains(stdout+stderr, layered(fixCanary, layers)) {
					t.Errorf("it prints the secret:\n%s", stderr)
				}
			}
		})
	}
}

// TestFixNamesInCommands lets no name of a manifest become a command.
func TestFixNamesInCommands(t *testing.T) {
	root := fixturePEM(t, "secret-encoded-once-repaired")
	library := fixLibrary(t)
	for _, name := range []string{"x;touch pwned", "$(touch pwned)", "--x", "x'y"} {
		manifest := tanzuCluster("demo", "data:\n  corp: "+layered(root, 1)+"\n", "corp")
		manifest = strings.ReplaceAll(manifest, "name: demo-user-trusted-ca-secret", fmt.Sprintf("name: %q", name+"-user-trusted-ca-secret"))
		manifest = strings.ReplaceAll(manifest, "name: demo,", fmt.Sprintf("name: %q,", name))
		out, _, stderr := fixFile(t, library, writeFile(t, "m.yaml", manifest))
		var text bytes.Buffer
		_ = (&sink{form: "patch"}).write(&environment{stdout: &text}, out)
		stdout := text.String()
		for line := range strings.Lines(stdout + stderr) {
			if strings.HasPrefix(line, "kubectl") && strings.Contains(line, name) || strings.Contains(line, ": kubectl") && strings.Contains(line, name) {
				t.Errorf("a name became part of a command: %s", line)
			}
		}
	}
}
