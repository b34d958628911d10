package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// badText are texts that no kubectl wrote, and what is said of them.
var badText = []struct { //nolint:gochecknoglobals // a table
	name, text, says string
}{
	{"no YAML", "apiVersion: v1\nkind: Pod\nmetadata: {name: [a}\n", "line 3"},
	{"half a List in YAML", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: \"a\n", "line "},
	{"half a List in JSON", `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"`, ""},
	{"binary junk", "\x7fELF\x02\x01\x01\x00\x00\x00\xff\xfe\x00\x01" + strings.Repeat("\x00\x9f\x01", 4096), ""},
	{"YAML nested too deep", "apiVersion: v1\nkind: Pod\nspec: " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "\n", ""},
	{"JSON nested too deep", `{"apiVersion":"v1","kind":"Pod","spec":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + "}", ""},
	{"an alias bomb", aliasBomb(), ""},
}

// aliasBomb is the billion laughs: nine levels of nine aliases each.
func aliasBomb() string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: Pod\na: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n")
	for c := 'b'; c <= 'k'; c++ {
		out.WriteString(string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n")
	}
	return out.String()
}

// TestBadFileAsSource: a file that cannot be used at all is wrong use.
func TestBadFileAsSource(t *testing.T) {
	for _, tt := range badText {
		t.Run(tt.name, func(t *testing.T) {
			file := writeFile(t, "bad.yaml", tt.text)
			got := process{args: []string{"eval", file}, limit: 20 * time.Second}.run(t)
			got.checkComplaint(t, exitUsage, file, tt.says)
			if got.stdout != "" {
				t.Errorf("standard output is not empty:\n%.300s", got.stdout)
			}
			got = process{args: []string{"eval", "-"}, stdin: tt.text, limit: 20 * time.Second}.run(t)
			got.checkComplaint(t, exitUsage, `"-"`, tt.says)
		})
	}
}

// TestBadFileInCapture: the same file in a capture is a gap, and all else is
// kept.
func TestBadFileInCapture(t *testing.T) {
	whole := evalCapture(t, copyStory(t, "secret-encoded-once"), 1)
	for _, tt := range badText {
		t.Run(tt.name, func(t *testing.T) {
			dir := copyStory(t, "secret-encoded-once")
			place(t, dir, "objects/bad.yaml", tt.text)
			rep := evalCapture(t, dir, 1, "objects/bad.yaml", tt.says)
			wantFileGap(t, rep, "objects/bad.yaml")
			if len(rep.Diagnosis) == 0 || rep.Diagnosis[0].ID != whole.Diagnosis[0].ID {
				t.Errorf("the diagnosis is lost: %+v", rep.Diagnosis)
			}
			if rep.Summary.Fail != whole.Summary.Fail {
				t.Errorf("%d failures, %d without the bad file", rep.Summary.Fail, whole.Summary.Fail)
			}
		})
	}
	t.Run("where nothing fails it is inconclusive", func(t *testing.T) {
		dir := copyStory(t, "secret-encoded-once-repaired")
		place(t, dir, "objects/bad.yaml", badText[0].text)
		evalCapture(t, dir, exitInconclusive, "objects/bad.yaml")
	})
}

// TestHugeFile gives a file of 2 GiB, which takes no room, wherever a file goes.
func TestHugeFile(t *testing.T) {
	huge := filepath.Join(t.TempDir(), "huge.yaml")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 2<<30); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	document := documentWith(t)
	for name, args := range map[string][]string{
		"source":     {"eval", huge},
		"waivers":    {"eval", document, "--waivers", huge},
		"params":     {"eval", document, "--params", huge},
		"data":       {"eval", document, "--data", huge},
		"kubeconfig": {"eval", "--kubeconfig", huge},
		"ssh key":    {"eval", document, "--node", "wk-1=127.0.0.1", "--ssh-key", huge},
	} {
		t.Run(name, func(t *testing.T) {
			got := process{args: args, limit: 20 * time.Second}.run(t)
			got.checkComplaint(t, exitUsage, huge)
			if got.took > 10*time.Second {
				t.Errorf("it took %s", got.took)
			}
		})
	}
	t.Run("policy", func(t *testing.T) {
		rego := filepath.Join(filepath.Dir(huge), "huge.rego")
		if err := os.Link(huge, rego); err != nil {
			t.Skip(err)
		}
		process{args: []string{"eval", document, "-p", rego}}.run(t).checkComplaint(t, exitUsage, rego)
	})
	t.Run("in a capture", func(t *testing.T) {
		dir := copyStory(t, "secret-encoded-once")
		for _, name := range []string{"objects/huge.yaml", "nodes/test-gc-e2e-demo-workers-8s2kd-7f9c6/etc/ssl/certs/tkg-huge.pem"} {
			if err := os.Link(huge, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Skip(err)
			}
		}
		rep := evalCapture(t, dir, 1, "objects/huge.yaml")
		wantFileGap(t, rep, "objects/huge.yaml")
	})
}

// TestLinks: links that lead nowhere good are gaps; nothing outside is read.
func TestLinks(t *testing.T) {
	outside := writeFile(t, "outside.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: canary-outside, namespace: x}\n")
	dir := copyStory(t, "secret-encoded-once")
	for name, target := range map[string]string{
		"objects/loop.yaml": "loop.yaml",
		"objects/a.yaml":    "b.yaml",
		"objects/b.yaml":    "a.yaml",
		"objects/out.yaml":  outside,
		"objects/up.yaml":   "../../../../../../../../etc/passwd",
		"objects/gone.yaml": "nowhere.yaml",
		"objects/self":      "../objects",
	} {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Skip(err)
		}
	}
	got := regpolicy(t, "eval", "-o", "json", dir)
	got.checkCalm(t)
	if got.code != 1 {
		t.Errorf("exit code %d, want 1", got.code)
	}
	rep := readReport(t, got.stdout)
	for _, name := range []string{"objects/loop.yaml", "objects/a.yaml", "objects/out.yaml", "objects/up.yaml"} {
		wantFileGap(t, rep, name)
		if !strings.Contains(got.stderr, `warning: reading "`+name+`": `) {
			t.Errorf("stderr does not name %s:\n%s", name, got.stderr)
		}
	}
	for _, text := range []string{"canary-outside", "root:"} {
		if strings.Contains(got.stdout+got.stderr, text) {
			t.Errorf("%q got out", text)
		}
	}
}

func TestEmptyFolder(t *testing.T) {
	for name, dirs := range map[string][]string{
		"nothing in it":    nil,
		"an empty capture": {"objects", "nodes", "endpoints"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, d := range dirs {
				if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			regpolicy(t, "eval", dir).checkComplaint(t, exitUsage, dir)
		})
	}
}

// TestBadArchive: an archive that is damaged, and one that grows without end.
func TestBadArchive(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 80 { // enough for the limit on how an archive may grow
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"cut.tar.gz":  bomb.Bytes()[:1000],
		"bomb.tar.gz": bomb.Bytes(),
		"junk.zip":    []byte("PK\x03\x04" + strings.Repeat("junk", 100)),
	} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, name, string(content))
			regpolicy(t, "eval", file).checkComplaint(t, exitUsage, file)
		})
	}
}

// TestHostileText: what somebody wrote into a cluster cannot act on a terminal.
func TestHostileText(t *testing.T) {
	const hostile = `\u001b[2J\u001b]0;owned\u0007\u202egpj.exe\u009b31m\r`
	pods := `{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"web"},
	 "spec":{"nodeName":"wk-1` + hostile + `","containers":[{"name":"web","image":"harbor.corp.example/web:1"}]},
	 "status":{"phase":"Pending","containerStatuses":[{"name":"web","image":"harbor.corp.example/web:1","state":{"waiting":{"reason":"ErrImagePull",
	  "message":"failed to pull: ` + hostile + `: x509: certificate signed by unknown authority"}}}]}}`
	file := writeFile(t, "pods.json", pods)
	for _, args := range [][]string{{"eval", file, "--color", "never"}, {"eval", file, "--show-passed", "--color", "never"}} {
		got := regpolicy(t, args...)
		for _, r := range got.stdout + got.stderr {
			if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' {
				t.Fatalf("%q is in the report:\n%q", r, got.stdout)
			}
		}
		if got.code != 1 {
			t.Errorf("exit code %d, want 1\n%s", got.code, got.stderr)
		}
	}
}

// copyStory is a copy of a story's capture that the test may spoil.
func copyStory(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "capture")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixturesDir, name, "source"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func place(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// evalCapture judges a capture and wants warnings that say all of what, each with
// a hint behind it.
func evalCapture(t *testing.T, dir string, code int, what ...string) *report.Report {
	t.Helper()
	got := process{args: []string{"eval", "-o", "json", dir}, limit: 20 * time.Second}.run(t)
	got.checkCalm(t)
	if got.code != code {
		t.Errorf("exit code %d, want %d\n%s", got.code, code, got.stderr)
	}
	if len(what) == 0 {
		if got.stderr != "" {
			t.Errorf("stderr is not empty:\n%s", got.stderr)
		}
		return readReport(t, got.stdout)
	}
	for _, text := range what {
		if !strings.Contains(got.stderr, text) {
			t.Errorf("stderr does not say %q:\n%s", text, got.stderr)
		}
	}
	if warnings, hints := strings.Count(got.stderr, "warning: "), strings.Count(got.stderr, "hint: "); warnings == 0 || warnings != hints {
		t.Errorf("%d warnings and %d hints:\n%s", warnings, hints, got.stderr)
	}
	return readReport(t, got.stdout)
}

func readReport(t *testing.T, text string) *report.Report {
	t.Helper()
	var rep report.Report
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&rep); err != nil {
		t.Fatalf("standard output is no report and nothing else: %v\n%.500s", err, text)
	}
	if dec.More() {
		t.Fatal("there is more on standard output than the report")
	}
	return &rep
}

func wantFileGap(t *testing.T, rep *report.Report, name string) {
	t.Helper()
	for _, c := range rep.Coverage {
		if slices.ContainsFunc(c.Gaps, func(g evidence.Gap) bool { return g.Subject["kind"] == "file" && g.Subject["name"] == name }) {
			return
		}
	}
	t.Errorf("no gap names %s", name)
}

// TestKubeconfigOfAnotherForm names the file and its form, and no type of Go.
func TestKubeconfigOfAnotherForm(t *testing.T) {
	for name, text := range map[string]string{"list": "- a\n", "json": `{"clusters": {"a": 1}}`, "secret": "kind: Secret\napiVersion: v1\n"} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, "kubeconfig", text)
			got := regpolicy(t, "eval", "--kubeconfig", file)
			got.checkComplaint(t, exitUsage, fmt.Sprintf("%q is no kubeconfig: ", file))
			if strings.Contains(got.stderr, "json: ") || !strings.Contains(got.stderr, "\nhint: name a kubeconfig") {
				t.Errorf("stderr is %q", got.stderr)
			}
		})
	}
}
