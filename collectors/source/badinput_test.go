package source_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

const aliasBomb = `apiVersion: v1
kind: ConfigMap
a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]
h: [*g, *g, *g, *g, *g, *g, *g, *g, *g, *g]
`

const apiRefusal = `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is forbidden: User \"x\"\n cannot list","reason":"Forbidden","code":403}`

const (
	utf8Hint   = "save it as UTF-8 text; in PowerShell: kubectl get ... -o yaml | Out-File -Encoding utf8 FILE"
	yamlHint   = "correct the text at that line, or save it again with kubectl get ... -o yaml"
	folderHint = "a capture has objects/, nodes/<node>/ or endpoints/, a folder of manifests has *.yaml, *.yml or *.json files"
)

// One argument that cannot be used: the whole error, with FILE for its path.
func TestBadArgumentsGiveOneLineWithPlaceAndCure(t *testing.T) {
	sparse := filepath.Join(t.TempDir(), "huge.yaml")
	if err := os.WriteFile(sparse, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sparse, 2<<30); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, arg, want, hint string
	}{
		{"a path that does not exist", filepath.Join(t.TempDir(), "none"), `reading "FILE": no such file or folder`, "check the path; without any SOURCE the live cluster is read"},
		{"a file that is no YAML", save(t, "x.yaml", []byte("apiVersion: v1\nkind: Pod\n metadata: {}\n")), `reading "FILE": line 3: it is not YAML: mapping values are not allowed in this context`, yamlHint},
		{"prose", save(t, "x.txt", []byte("just words\n")), `reading "FILE": it holds no Kubernetes object: apiVersion and kind are missing`, "name a file that kubectl get -o yaml or -o json printed, a manifest, or a document that regpolicy collect wrote"},
		{"half a List", save(t, "x.yaml", []byte("apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n")), `reading "FILE": line 3: half a List: it ends after 1 items, without its kind`, "save it again and let kubectl finish; is the disk full?"},
		{"half a JSON List", save(t, "x.json", []byte("{\"apiVersion\":\"v1\",\n\"items\":[{\"apiVersion\":\"v1\"},")), `reading "FILE": line 2, column 30: the JSON text ends too early`, "save it again and let kubectl finish; is the disk full?"},
		{"a truncated document", save(t, "x.json", []byte(document[:60])), `reading "FILE": line 1, column 61: the JSON text ends too early`, "save it again and let kubectl finish; is the disk full?"},
		{"a 2 GB file", sparse, `reading "FILE": larger than the limit of 512 MiB`, "save it in parts, one namespace or one kind each"},
		{"binary junk", save(t, "x.yaml", []byte("\x7fELF\x02\x01\x01\x00\x00\xff\xfe")), `reading "FILE": line 1, column 8: it holds NUL bytes: it is binary, or text in UTF-16`, utf8Hint},
		{"UTF-16", save(t, "x.yaml", []byte("\xff\xfek\x00i\x00")), `reading "FILE": the text is in UTF-16, not in UTF-8`, utf8Hint},
		{"deep nesting", save(t, "x.yaml", []byte("apiVersion: v1\nkind: Pod\na: "+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+"\n")), `reading "FILE": line 3, column 503: it nests deeper than 500 levels`, "correct the file, or leave it out"},
		{"very deep nesting", save(t, "x.json", []byte(strings.Repeat("[", 1_000_000))), `reading "FILE": line 1, column 10001: it nests far too deep`, "correct the file, or leave it out"},
		{"an alias bomb", save(t, "x.yaml", []byte(aliasBomb)), `reading "FILE": line 3, column 23: its aliases repeat more than 4000000 values`, "correct the file, or leave it out"},
		{"a key that stands twice", save(t, "x.yaml", []byte("apiVersion: v1\nkind: Pod\nkind: Pod\n")), `reading "FILE": line 3, column 1: the key "kind" stands twice in one mapping`, "remove one of the two; kubectl apply refuses it, too"},
		{"a Helm template", save(t, "x.yaml", []byte("apiVersion: v1\nkind: Pod\n{{- if .x }}\na: 1\n{{- end }}\n")), `reading "FILE": line 3: it is a template, not YAML: it is not YAML: could not find expected ':'`, "render it first: helm template CHART | regpolicy eval -"},
		{"an empty file", save(t, "x.yaml", nil), `reading "FILE": it is empty`, "save it again: did kubectl print an error instead?"},
		{"HTML", save(t, "x.json", []byte("<!DOCTYPE html>\n<title>Login</title>")), `reading "FILE": it is HTML or XML, not YAML or JSON`, "save it again: it may be the page of a login or a proxy"},
		{"a certificate", save(t, "ca.crt", []byte("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n")), `reading "FILE": it is PEM, not YAML or JSON`, "put it where it lies on the node, as nodes/<node>/etc/ssl/certs/ of a capture folder"},
		{"a transcript", save(t, "x.txt", []byte("depth=0\nCONNECTED(00000003)\n---\n")), `reading "FILE": it is the output of openssl s_client`, "put it into a capture folder as endpoints/<host>_<port>.txt"},
		{"a policy", save(t, "x.rego", []byte("package x\n\nimport rego.v1\n")), `reading "FILE": it is a policy, not evidence`, "name it with -p"},
		{"a kubeconfig", save(t, "config", []byte("apiVersion: v1\nkind: Config\nclusters: []\n")), `reading "FILE": a kubeconfig is no source by itself`, "read that cluster with --kubeconfig FILE, without naming it as SOURCE"},
		{"an answer of the API server that refuses", save(t, "x.json", []byte(apiRefusal)), `reading "FILE": it holds an error of the API server: pods is forbidden: User "x" cannot list`, "save it again as a user who may read it"},
		{"an error of kubectl", save(t, "x.yaml", []byte("Error from server (Forbidden): pods is forbidden: User \"x\" cannot list\n")), `reading "FILE": it holds an error of kubectl: Error from server (Forbidden): pods is forbidden: User "x" cannot list`, "save it again as a user who may read it"},
		{"a report", save(t, "x.json", []byte(`{"schema_version":"regpolicy.report/v1"}`)), `reading "FILE": a report, not evidence`, "name the evidence document it was made from; a report is not judged again"},
		{"a document of a later version", save(t, "x.json", []byte(`{"schema_version":"regpolicy.evidence/v9"}`)), `reading "FILE": its schema_version is "regpolicy.evidence/v9", this program reads "regpolicy.evidence/v1"`, "write it anew with regpolicy collect"},
		{"an empty folder", files{}.write(t), `reading "FILE": it is empty: there is nothing to read`, folderHint},
		{"an empty capture", files{"objects/": "", "nodes/": ""}.write(t), `reading "FILE": it is empty: there is nothing to read`, folderHint},
		{"a folder of archives", files{"a.tar.gz": "x", "b.zip": "x"}.write(t), `reading "FILE": it holds no Kubernetes object, only 2 archives such as "a.tar.gz"`, "name the archives themselves: \"FILE/a.tar.gz\" and so on"},
		{"a folder of one archive", files{"b/c.tgz": "x", "README": ""}.write(t), `reading "FILE": it holds no Kubernetes object, only the archive "b/c.tgz"`, "name the archive itself: \"FILE/b/c.tgz\""},
		{"a folder of other files", files{"README": "x"}.write(t), `reading "FILE": it holds no *.yaml, *.yml or *.json file, only others such as "README"`, folderHint},
		{"a folder of other YAML", files{"a/values.yaml": "a: 1\n", "b.yml": "b: 1\n"}.write(t), `reading "FILE": it holds no Kubernetes object, only 2 files of other kinds`, folderHint},
		{"a folder of broken files", files{"objects/a.yaml": "a: [\n", "objects/b.yaml": "b: [\n"}.write(t), `reading "FILE": nothing in it can be used: "objects/a.yaml", line 1: it is not YAML: did not find expected node content`, yamlHint},
		{"a FIFO", fifo, `reading "FILE": a FIFO, not a file`, `pipe it in and name it "-": ... | regpolicy eval -`},
		{"a device", os.DevNull, `reading "FILE": a device, not a file`, `pipe it in and name it "-": ... | regpolicy eval -`},
		{"half an archive", save(t, "x.tgz", gz(t, packTar(t, captureFiles.write(t), ""))[:300]), `reading "FILE": unpacking tar: "endpoints/harbor.corp.example_443.txt": unexpected EOF`, "copy it again: it seems to be damaged or cut short"},
		{"an archive of another kind", save(t, "x.tar.xz", []byte("\xfd7zXZ\x00abc")), `reading "FILE": an archive of a kind that is not read`, "unpack it and name the folder, or pack it as .tar.gz or .zip"},
		{"an archive bomb", save(t, "x.tgz", gz(t, make([]byte, 80<<20))), `reading "FILE": unpacking gzip: more than 200 times its size: unpacks to far more than it holds`, "if you trust it, unpack it and name the folder"},
		{"an empty archive", save(t, "x.tar", packTar(t, files{"a/": ""}.write(t), "")), `reading "FILE": it is empty: there is nothing to read`, folderHint},
		{"a name with a line end", filepath.Join(t.TempDir(), "a\nb\x1b[31m"), `reading "FILE": no such file or folder`, "check the path; without any SOURCE the live cluster is read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, err := source.Open(t.Context(), []string{test.arg}, nil, source.DefaultLimits())
			if err == nil {
				t.Fatalf("no error, got %v, %v", objects(in), problems(in))
			}
			var inputErr *source.InputError
			if !errors.As(err, &inputErr) {
				t.Fatalf("err = %#v, want *InputError", err)
			}
			if strings.ContainsAny(err.Error()+inputErr.Hint(), "\n\x1b") {
				t.Errorf("%q is more than one line", err)
			}
			want := strings.Replace(test.want, `"FILE"`, fmt.Sprintf("%q", test.arg), 1)
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(strings.Replace(test.hint, `"FILE/`, `"`+test.arg+"/", 1), inputErr.Hint()); diff != "" {
				t.Errorf("hint (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAliasBombIsRefusedWithoutExpanding(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := source.Open(t.Context(), []string{save(t, "x.yaml", []byte(aliasBomb))}, nil, source.DefaultLimits())
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "its aliases repeat more than 4000000 values") {
		t.Errorf("err = %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 400<<20 {
		t.Errorf("it took %d MiB", used>>20)
	}
}

// Files of a capture that cannot be used: the others are kept.
func TestBadFilesOfACaptureAreProblems(t *testing.T) {
	root := files{
		"objects/good.yaml":             pod("good"),
		"objects/broken.yaml":           "apiVersion: v1\nkind: Pod\n metadata: {}\n",
		"objects/half.yaml":             "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: first, namespace: ns}\n- apiVersion: v1\n  kind: Pod\n",
		"objects/half.json":             `{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"second","namespace":"ns"}},{"api`,
		"objects/stream.yaml":           pod("third") + "---\na: [\n---\n" + pod("fourth"),
		"objects/junk.json":             "\x00\x01\x02",
		"objects/empty.yaml":            "",
		"objects/comment.yaml":          "# nothing\n",
		"objects/values.yaml":           "image: x\n",
		"objects/mixed.yaml":            pod("fifth") + "---\nimage: x\n",
		"objects/refused.json":          apiRefusal,
		"objects/login.json":            "<html></html>",
		"objects/pods.txt":              pod("no"),
		"objects/loop.yaml":             "-> loop.yaml",
		"objects/round/a":               "-> b",
		"objects/round/b":               "-> a",
		"objects/out.yaml":              "-> ../../../outside.yaml",
		"objects/absolute.yaml":         "-> /etc/hostname",
		"objects/dangling.yaml":         "-> none.yaml",
		"objects/inside.yaml":           "-> ../shared/shared.yaml",
		"objects/again.yaml":            "-> good.yaml",
		"objects/shared":                "-> ../shared",
		"objects/deep/folder":           "-> ..",
		"shared/shared.yaml":            pod("shared"),
		"nodes/linked":                  "-> ../shared",
		"nodes/a.txt":                   "x",
		"endpoints/no-port.txt":         "CONNECTED(00000003)\n",
		"endpoints/a.example_99999.txt": "CONNECTED(00000003)\n",
		"endpoints/a.example_443.txt":   "",
		"endpoints/b.example_443.txt":   "\xff\xfeC\x00",
		"endpoints/c.example_443.txt":   "-> /etc/hostname",
	}.write(t)
	if err := syscall.Mkfifo(filepath.Join(root, "objects/fifo.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	in := open(t, root)
	want := []string{
		"endpoints/a.example_443.txt:0 truncated: it is empty",
		"endpoints/a.example_99999.txt:0 parse_error: the name is not <host>_<port>.txt",
		"endpoints/b.example_443.txt:0 parse_error: the text is in UTF-16, not in UTF-8",
		"endpoints/c.example_443.txt:0 not_regular: a symbolic link that leads out of the folder is not followed",
		"endpoints/no-port.txt:0 parse_error: the name is not <host>_<port>.txt",
		"nodes/linked:0 not_regular: a symbolic link to a folder is not followed",
		"objects/broken.yaml:3 parse_error: it is not YAML: mapping values are not allowed in this context",
		"objects/comment.yaml:0 parse_error: it holds no Kubernetes object: apiVersion and kind are missing",
		"objects/empty.yaml:0 truncated: it is empty",
		"objects/fifo.yaml:0 not_regular: a FIFO: not a regular file",
		"objects/half.json:1 truncated: the JSON text ends too early",
		"objects/half.yaml:6 truncated: half a List: it ends after 2 items, without its kind",
		"objects/junk.json:1 parse_error: it holds NUL bytes: it is binary, or text in UTF-16",
		"objects/login.json:0 parse_error: it is HTML or XML, not YAML or JSON",
		"objects/mixed.yaml:0 parse_error: 1 of its documents are no Kubernetes objects: apiVersion and kind are missing",
		`objects/refused.json:1 forbidden: it holds an error of the API server: pods is forbidden: User "x" cannot list`,
		"objects/stream.yaml:5 parse_error: it is not YAML: did not find expected node content",
		"objects/values.yaml:0 parse_error: it holds no Kubernetes object: apiVersion and kind are missing",
		"objects/absolute.yaml:0 not_regular: a symbolic link that leads out of the folder is not followed",
		"objects/dangling.yaml:0 dangling_symlink: a symbolic link that leads to nothing",
		"objects/loop.yaml:0 not_regular: a symbolic link that leads to itself is not followed",
		"objects/out.yaml:0 not_regular: a symbolic link that leads out of the folder is not followed",
		"objects/round/a:0 not_regular: a symbolic link that leads to itself is not followed",
		"objects/round/b:0 not_regular: a symbolic link that leads to itself is not followed",
		"objects/shared:0 not_regular: a symbolic link to a folder is not followed",
	}
	if diff := cmp.Diff(want, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	wantObjects := []string{
		"Pod/ns/good objects/good.yaml:1", "Pod/ns/second objects/half.json:1", "Pod/ns/first objects/half.yaml:3",
		"Pod/ns/fifth objects/mixed.yaml:1", "Pod/ns/third objects/stream.yaml#1:1", "Pod/ns/fourth objects/stream.yaml#2:7", "Pod/ns/shared objects/inside.yaml:1",
	}
	if diff := cmp.Diff(wantObjects, objects(in)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	for _, p := range in.Problems {
		part, _, _ := strings.Cut(p.Path, "/")
		if !slices.Contains(evidence.Reasons, p.Reason) || p.Hint == "" || p.Endpoint != (part == "endpoints") || (p.Node == "linked") != (part == "nodes") {
			t.Errorf("problem %+v", p)
		}
	}
}

func TestBadFilesOfAFolderOfManifestsAreProblemsIfTheyMayBeManifests(t *testing.T) {
	in := open(t, files{
		"good.yaml":                    pod("good"),
		"chart/templates/deploy.yaml":  "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  {{- include \"labels\" . | nindent 4 }}\n  name: a\n",
		"chart/templates/_helpers.tpl": "{{- define \"x\" }}\n",
		"broken-manifest.yaml":         "apiVersion: v1\nkind: [\n",
		"broken-other.yaml":            "a: [\n",
		"saved-by-powershell.yaml":     "\xff\xfea\x00p\x00i\x00",
		"wrong-types.yaml":             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: 5}]}}}\n",
		"link.yaml":                    "-> /etc/passwd.yaml",
		"story/objects/pod.yaml":       pod("captured"),
		"story/nodes/wk-1/etc/hosts":   "x",
	}.write(t))
	want := []string{
		"broken-manifest.yaml:2 parse_error: it is not YAML: did not find expected node content",
		"chart/templates/deploy.yaml:4 parse_error: it is a template, not YAML: it is not YAML: did not find expected node content",
		"saved-by-powershell.yaml:0 parse_error: the text is in UTF-16, not in UTF-8",
		"story:0 not_in_source: a capture within a folder of manifests: its nodes and transcripts are not read",
		`wrong-types.yaml:1 parse_error: the pod template of Deployment "web": containers.image is not of type string`,
		"link.yaml:0 not_regular: a symbolic link that leads out of the folder is not followed",
	}
	if diff := cmp.Diff(want, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestBadEntriesOfAnArchiveAreProblems(t *testing.T) {
	evil := packTar(t, files{"pods.yaml": pod("evil")}.write(t), "../../")
	inner := packTar(t, captureFiles.write(t), "capture/")
	joined := append(inner[:len(inner)-1024], evil...) // without the end mark of the first
	in := open(t, save(t, "x.tar", joined))
	if diff := cmp.Diff([]string{"../../pods.yaml:0 not_regular: an entry that is not unpacked: its name leads out of the archive"}, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(in.Objects) != 3 {
		t.Errorf("objects %v", objects(in))
	}
}

func TestLimitsAreKept(t *testing.T) {
	capture := files{"objects/a.yaml": pod("a"), "objects/b.yaml": pod("b"), "objects/large.yaml": pod("c") + "#" + strings.Repeat("x", 200)}.write(t)
	limits := func(change func(*source.Limits)) source.Limits {
		l := source.DefaultLimits()
		change(&l)
		return l
	}
	for _, test := range []struct {
		name   string
		limits source.Limits
		want   string
	}{
		{"files", limits(func(l *source.Limits) { l.Files = 2 }), "more than 2"},
		{"bytes together", limits(func(l *source.Limits) { l.TotalBytes = 100 }), "larger than the limit of 100 bytes"},
	} {
		for _, arg := range []string{capture, save(t, "x.tar", packTar(t, capture, "")), save(t, "x.zip", packZip(t, capture, ""))} {
			_, err := source.Open(t.Context(), []string{arg}, nil, test.limits)
			var inputErr *source.InputError
			if !errors.As(err, &inputErr) || test.name == "files" && !strings.Contains(err.Error(), test.want) || inputErr.Hint() == "" {
				t.Errorf("%s of %s: %v", test.name, filepath.Base(arg), err)
			}
		}
	}
	small := limits(func(l *source.Limits) { l.FileBytes = 150 })
	in, err := source.Open(t.Context(), []string{capture}, nil, small)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if diff := cmp.Diff([]string{"objects/large.yaml:0 truncated: larger than the limit of 150 bytes"}, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if _, err := source.Open(t.Context(), []string{"-"}, strings.NewReader(strings.Repeat("a", 200)), small); err == nil || !strings.Contains(err.Error(), "larger than the limit of 150 bytes") {
		t.Errorf("standard input: %v", err)
	}
	if _, err := source.Open(t.Context(), []string{"-"}, nil, small); err == nil || !strings.Contains(err.Error(), "no standard input") {
		t.Errorf("no standard input: %v", err)
	}
}

func TestNoValueOfASecretIsInAMessage(t *testing.T) {
	const canary = "hunter2-canary"
	for _, content := range []string{
		"apiVersion: v1\nkind: Secret\nstringData: {a: " + canary + "\n",
		"apiVersion: v1\nkind: Secret\nstringData:\n  a: !!int " + canary + "\n",
		"apiVersion: v1\nkind: Secret\nstringData:\n  a: \"" + canary + "\n",
		"apiVersion: v1\nkind: Secret\nstringData:\n  a: " + canary + ": b\n",
		"apiVersion: v1\nkind: Secret\nstringData:\n  ? [" + canary + "]\n  : b\n",
		`{"apiVersion":"v1","kind":"Secret","stringData":{"a":"` + canary + `" "b"}}`,
		`{"apiVersion":"v1","kind":"Deployment","spec":{"template":{"spec":{"containers":"` + canary + `"}}}}`,
	} {
		root := files{"objects/a.yaml": content, "objects/b.yaml": pod("b")}.write(t)
		in := open(t, root)
		if len(in.Problems) != 1 {
			t.Errorf("%q: problems %v", content, problems(in))
		}
		for _, p := range in.Problems {
			if strings.Contains(fmt.Sprintf("%+v", p), canary) {
				t.Errorf("%q: %+v", content, p)
			}
		}
		_, err := source.Open(t.Context(), []string{filepath.Join(root, "objects/a.yaml")}, nil, source.DefaultLimits())
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %v", content, err)
		}
	}
}
