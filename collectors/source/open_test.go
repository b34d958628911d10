package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

var captureFiles = files{
	"objects/pods.yaml":                                   "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, namespace: ns}\nkind: List\n",
	"objects/cluster/secrets.json":                        `{"kind":"SecretList","apiVersion":"v1","items":[{"metadata":{"name":"ca","namespace":"ns"}},` + "\n" + `{"metadata":{"name":"pull","namespace":"ns","resourceVersion":"7"}}]}`,
	"objects/events.yml":                                  "kind: EventList\napiVersion: v1\nitems: []\n",
	"nodes/wk-1/etc/ssl/certs/corp.pem":                   "-> /usr/local/share/ca-certificates/corp.crt",
	"nodes/wk-1/usr/local/share/ca-certificates/corp.crt": "PEM",
	"nodes/wk-2/etc/os-release":                           "ID=photon\n",
	"endpoints/harbor.corp.example_443.txt":               "CONNECTED(00000003)\n",
	"endpoints/[fd00::1]_8443.txt":                        "connect: refused\n",
	"endpoints/notes.md":                                  "x",
	"README.md":                                           "x",
	".git/config":                                         "x",
}

func checkCapture(t *testing.T, in *source.Input) {
	t.Helper()
	want := []string{
		"Secret/ns/ca objects/cluster/secrets.json#1:1", "Secret/ns/pull objects/cluster/secrets.json#2:2", "Pod/ns/a objects/pods.yaml:3",
	}
	if diff := cmp.Diff(want, objects(in)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if in.Objects[1].Provenance.ResourceVersion != "7" || in.Objects[1].Provenance.Method != "file" {
		t.Errorf("provenance %+v", in.Objects[1].Provenance)
	}
	if len(in.Problems) != 0 {
		t.Errorf("problems %v", problems(in))
	}
	var endpoints []string
	for _, tr := range in.Transcripts {
		endpoints = append(endpoints, tr.HostPort+" "+tr.Path)
	}
	if diff := cmp.Diff([]string{"[fd00::1]:8443 endpoints/[fd00::1]_8443.txt", "harbor.corp.example:443 endpoints/harbor.corp.example_443.txt"}, endpoints); diff != "" {
		t.Errorf("transcripts (-want +got):\n%s", diff)
	}
	if in.Transcripts[1].Text != "CONNECTED(00000003)\n" || in.Transcripts[1].Host != "harbor.corp.example" || in.Transcripts[1].Port != 443 {
		t.Errorf("transcript %+v", in.Transcripts[1])
	}
	wk1 := in.Nodes["wk-1"]
	if data, err := fs.ReadFile(wk1.FS, "etc/ssl/certs/corp.pem"); err != nil || string(data) != "PEM" || wk1.Path != "nodes/wk-1" {
		t.Errorf("node file %q, err %v, path %q", data, err, wk1.Path)
	}
	if target, err := wk1.FS.ReadLink("etc/ssl/certs/corp.pem"); err != nil || target != "/usr/local/share/ca-certificates/corp.crt" {
		t.Errorf("node link %q, err %v", target, err)
	}
	if len(in.Nodes) != 2 || !in.HasCapture || in.HasManifests || !in.FromCapture(in.Objects[0]) {
		t.Errorf("nodes %d, capture %v, manifests %v", len(in.Nodes), in.HasCapture, in.HasManifests)
	}
	for _, id := range []string{in.Objects[0].Provenance.Source, wk1.Source, in.Transcripts[0].Source} {
		if _, ok := in.Sources[id]; !ok {
			t.Errorf("source %q is not entered", id)
		}
	}
	skipped := []string{}
	for _, s := range in.Skipped {
		skipped = append(skipped, s.Path)
	}
	if diff := cmp.Diff([]string{"README.md", "endpoints/notes.md"}, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestCaptureReadsTheSameFromFolderAndArchive(t *testing.T) {
	root := captureFiles.write(t)
	t.Run("folder", func(t *testing.T) {
		in := open(t, root)
		checkCapture(t, in)
		want := map[string]evidence.Source{"capture:" + root: {Kind: "capture", URI: root}}
		if diff := cmp.Diff(want, in.Sources); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
	})
	for name, data := range map[string][]byte{
		"capture.tar":        packTar(t, root, ""),
		"dot.tar":            packTar(t, root, "./"),
		"top.tar":            packTar(t, root, "capture-2026/"),
		"capture.tar.gz":     gz(t, packTar(t, root, "")),
		"top.tgz":            gz(t, packTar(t, root, "capture-2026/")),
		"capture.zip":        packZip(t, root, ""),
		"top.zip":            packZip(t, root, "capture-2026/"),
		"two-levels.tar":     packTar(t, root, "a/b/"),
		"a-name-that-is.txt": packZip(t, root, ""),
	} {
		t.Run(name, func(t *testing.T) {
			file := save(t, name, data)
			in := open(t, file)
			checkCapture(t, in)
			sum := sha256.Sum256(data)
			folder := map[string]string{"top.tar": "capture-2026", "top.tgz": "capture-2026", "top.zip": "capture-2026", "two-levels.tar": "a/b"}[name]
			want := map[string]evidence.Source{"archive:" + file: {Kind: "archive", URI: file, SHA256: hex.EncodeToString(sum[:]), Folder: folder}}
			if diff := cmp.Diff(want, in.Sources); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
			stdin, err := source.Open(t.Context(), []string{"-"}, bytes.NewReader(data), source.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			checkCapture(t, stdin)
		})
	}
	t.Run("folder with one folder on top", func(t *testing.T) { checkCapture(t, open(t, filepath.Dir(root))) })
}

func TestFilesAreToldApartByContent(t *testing.T) {
	for _, test := range []struct {
		name, file, content string
		documents, objects  int
	}{
		{"a document", "x.json", document, 1, 0},
		{"a document with byte order mark and space", "x", "\xef\xbb\xbf \n" + document, 1, 0},
		{"a document named as YAML", "x.yaml", document, 1, 0},
		{"a compressed document", "x.json.gz", string(gz(t, []byte(document))), 1, 0},
		{"manifests", "x", pod("a") + "---\n" + pod("b"), 0, 2},
		{"a compressed list", "pods.gz", string(gz(t, []byte(`{"apiVersion":"v1","kind":"PodList","items":[{}]}`))), 0, 1},
		{"an empty list", "x.json", `{"apiVersion":"v1","kind":"List","items":[]}`, 0, 0},
		{"an object that speaks of documents", "x.json", `{"apiVersion":"v1","kind":"ConfigMap","data":{"schema_version":"regpolicy.evidence/v1"}}`, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := save(t, test.file, []byte(test.content))
			stdin, err := source.Open(t.Context(), []string{"-"}, strings.NewReader(test.content), source.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			for name, in := range map[string]*source.Input{file: open(t, file), "-": stdin} {
				if len(in.Documents) != test.documents || len(in.Objects) != test.objects {
					t.Errorf("%d documents, %d objects", len(in.Documents), len(in.Objects))
				}
				if in.HasManifests != (test.documents == 0) || in.HasCapture {
					t.Errorf("manifests %v, capture %v", in.HasManifests, in.HasCapture)
				}
				for _, d := range in.Documents {
					if _, err := evidence.Decode(d.Bytes); err != nil || d.Name != name || len(d.SHA256) != 64 {
						t.Errorf("document %+v: %v", d, err)
					}
				}
			}
		})
	}
}

func TestFolderOfManifestsReadsObjectsAndSkipsTheRest(t *testing.T) {
	root := files{
		"apps/web.yaml":                 "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
		"apps/list.json":                `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}]}`,
		"apps/kustomization.yaml":       "resources: [web.yaml]\n",
		"apps/mixed.yaml":               pod("mixed") + "---\na: 1\n",
		"chart/values.yaml":             "image: {tag: 1}\n",
		".github/workflows/ci.yaml":     "on: push\njobs: {}\n",
		"ci.yml":                        "1: a\non: {push: }\n",
		"package.json":                  `{"name":"x"}`,
		"tsconfig.json":                 "{ // comments\n}",
		"node_modules/x/pod.yaml":       pod("no"),
		"mounted/pod.yaml":              "-> ..data/pod.yaml",
		"mounted/..data":                "-> ..2026_11_23",
		"mounted/..2026_11_23/pod.yaml": pod("mounted"),
		"also.yaml":                     "-> apps/web.yaml",
		"bin/tool":                      "-> /usr/bin/true",
		"saved/evidence.json":           document,
		"saved/report.json":             `{"schema_version":"regpolicy.report/v1"}`,
		"notes.txt":                     "x",
	}.write(t)
	in := open(t, root)
	want := []string{"ConfigMap/default/c apps/list.json:1", "Pod/ns/mixed apps/mixed.yaml:1", "Deployment/default/web apps/web.yaml#1:1", "Namespace//shop apps/web.yaml#2:7", "Pod/ns/mounted mounted/pod.yaml:1"}
	if diff := cmp.Diff(want, objects(in)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if len(in.Problems) != 0 {
		t.Errorf("problems %v", problems(in))
	}
	var skipped []string
	for _, s := range in.Skipped {
		skipped = append(skipped, s.Path)
	}
	slices.Sort(skipped)
	if diff := cmp.Diff([]string{"apps/kustomization.yaml", "apps/mixed.yaml", "bin/tool", "chart/values.yaml", "ci.yml", "package.json", "saved/report.json", "tsconfig.json"}, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if len(in.Documents) != 1 || in.Documents[0].Name != filepath.ToSlash(root)+"/saved/evidence.json" {
		t.Errorf("documents %v", in.Documents)
	}
	if !in.HasManifests || in.HasCapture || in.FromCapture(in.Objects[0]) {
		t.Errorf("manifests %v, capture %v", in.HasManifests, in.HasCapture)
	}
}

func TestSeveralArgumentsComeInTheirOrderAndOnce(t *testing.T) {
	a, b := save(t, "a.yaml", []byte(pod("a"))), save(t, "b.yaml", []byte(pod("b")))
	doc := save(t, "d.json", []byte(document))
	in := open(t, b, doc, a, b, filepath.Dir(b)+"//b.yaml")
	if diff := cmp.Diff([]string{"Pod/ns/b " + b + ":1", "Pod/ns/a " + a + ":1"}, objects(in)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if len(in.Documents) != 1 || len(in.Sources) != 2 {
		t.Errorf("%d documents, sources %v", len(in.Documents), in.Sources)
	}
	if in := open(t); len(in.Objects) != 0 || in.HasManifests {
		t.Errorf("no arguments gave %+v", in)
	}
}

func TestOneNodeInTwoCapturesIsAnError(t *testing.T) {
	a := files{"nodes/wk-1/etc/hosts": "x"}.write(t)
	b := files{"nodes/wk-1/etc/hosts": "y"}.write(t)
	_, err := source.Open(t.Context(), []string{a, b}, nil, source.DefaultLimits())
	var inputErr *source.InputError
	if !errors.As(err, &inputErr) || !strings.Contains(err.Error(), `node "wk-1" is in`) || inputErr.Hint() == "" {
		t.Errorf("err = %v", err)
	}
}

func TestSameInputGivesTheSameOrder(t *testing.T) {
	root := captureFiles.write(t)
	first := open(t, root)
	for range 5 {
		again := open(t, root)
		if diff := cmp.Diff(first.Objects, again.Objects); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(first.Skipped, again.Skipped); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestCancelledOpenReturnsTheContextError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, arg := range []string{captureFiles.write(t), save(t, "a.json", []byte(`[{"apiVersion":"v1"}]`)), save(t, "a.tar", packTar(t, captureFiles.write(t), ""))} {
		if _, err := source.Open(ctx, []string{arg}, nil, source.DefaultLimits()); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestCancelEndsTheWaitForStandardInput(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, w := io.Pipe()
	defer w.Close() // the reader that is left behind ends with its input
	if _, err := source.Open(ctx, []string{"-"}, r, source.DefaultLimits()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}

func TestTreesCannotBeReadAfterClose(t *testing.T) {
	in, err := source.Open(t.Context(), []string{captureFiles.write(t)}, nil, source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := in.Nodes["wk-1"].FS.Lstat("etc"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("err = %v, want closed", err)
	}
}
