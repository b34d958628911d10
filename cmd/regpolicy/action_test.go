package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// action is what action.yml says, as far as a runner needs it.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Steps []struct {
			Name string
			Run  string
			Env  map[string]string
		}
	}
}

// runner does a composite action's steps as GitHub's runner does: bash, inputs in
// the environment, and files for the PATH and for outputs.
type runner struct {
	action
	dir, temp, root string
	path, outputs   string
	env             []string
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("CI") == "" {
			t.Skipf("no %s here, which GitHub's runners have", tool)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{dir: t.TempDir(), temp: t.TempDir(), root: root}
	r.path, r.outputs = filepath.Join(r.temp, "path"), filepath.Join(r.temp, "outputs")
	text, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &r.action); err != nil {
		t.Fatal(err)
	}
	return r
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z._-]+) *\}\}`)

// step runs the step of this name.
func (r *runner) step(t *testing.T, name, ref string, inputs map[string]string) (int, string) {
	t.Helper()
	for _, s := range r.Runs.Steps {
		if s.Name != name {
			continue
		}
		system := map[string]string{"linux": "Linux", "darwin": "macOS"}[runtime.GOOS]
		machine := map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH]
		c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		c.Env = append([]string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "RUNNER_TEMP=" + r.temp, "RUNNER_OS=" + system,
			"RUNNER_ARCH=" + machine, "GITHUB_PATH=" + r.path, "GITHUB_OUTPUT=" + r.outputs,
		}, r.env...)
		for key, value := range s.Env {
			value = expression.ReplaceAllStringFunc(value, func(e string) string {
				switch found := expression.FindStringSubmatch(e)[1]; found {
				case "github.action_path":
					return r.root
				case "github.action_ref":
					return ref
				default:
					input, ok := strings.CutPrefix(found, "inputs.")
					if _, known := r.Inputs[input]; !ok || !known {
						t.Errorf("step %q reads %q, which there is not", name, found)
					}
					if given, ok := inputs[input]; ok {
						return given
					}
					return r.Inputs[input].Default
				}
			})
			c.Env = append(c.Env, key+"="+value)
		}
		c.Dir = r.dir
		out, err := c.CombinedOutput()
		return exitCode(err), string(out)
	}
	t.Fatalf("there is no step %q", name)
	return 0, ""
}

// program is this test's own program, as a release would have it.
func program(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	z, err := gzip.NewWriterLevel(&archive, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "regpolicy", Mode: 0o755, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// release serves one release's assets, and lets curl trust the server.
func (r *runner) release(t *testing.T, sum string, archive []byte) {
	t.Helper()
	name := fmt.Sprintf("regpolicy_1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/v1.2.3/checksums.txt":
			fmt.Fprintf(w, "%s  %s\n", sum, name)
		case "/v1.2.3/" + name:
			w.Write(archive)
		default:
			http.NotFound(w, q)
		}
	}))
	t.Cleanup(server.Close)
	trusted := writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	r.env = append(r.env, "RELEASES="+server.URL, "CURL_CA_BUNDLE="+trusted)
}

// TestActionInstalls does the first step: a release's asset where there is one, none
// that was changed on its way, and else the action's own source.
func TestActionInstalls(t *testing.T) {
	archive := program(t)
	sum := fmt.Sprintf("%x", sha256.Sum256(archive))
	for _, tt := range []struct {
		name, ref, version, sum string
		code                    int
		says                    string
	}{
		{"the ref is a release", "v1.2.3", "", sum, 0, "regpolicy v1.2.3 from its release"},
		{"the version is a release", "main", "v1.2.3", sum, 0, "regpolicy v1.2.3 from its release"},
		{"another checksum", "v1.2.3", "", strings.Repeat("0", 64), 1, "does not have the checksum"},
		{"no checksum", "v1.2.3", "", "", 1, "does not have the checksum"},
		{"the ref is a branch", "main", "", sum, 0, ""},
		{"a release without assets", "v1.2.4", "", sum, 0, "404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRunner(t)
			r.release(t, tt.sum, archive)
			code, out := r.step(t, "Install regpolicy", tt.ref, map[string]string{"version": tt.version})
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Fatalf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.says, out)
			}
			folder, err := os.ReadFile(r.path)
			if tt.code != 0 {
				if err == nil {
					t.Errorf("the PATH got %s", folder)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			version, err := exec.Command(filepath.Join(strings.TrimSpace(string(folder)), "regpolicy"), "version").Output()
			if err != nil || !strings.HasPrefix(string(version), "regpolicy ") {
				t.Errorf("it says %q, %v", version, err)
			}
		})
	}
}

// TestActionJudges does the second step with inputs as workflows write them.
func TestActionJudges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		inputs map[string]string
		code   int
		says   string
	}{
		{"two outputs", map[string]string{"format": "text\njson=report.json\n", "sources": "broken\n"}, 1, "RT-CFG-001"},
		{"annotations and SARIF", map[string]string{"format": "github\nsarif=report.json", "sources": "broken"}, 1, "::error "},
		{"nothing given", nil, 1, "::error "},
		{"repaired", map[string]string{"format": "text", "sources": "in order/"}, 0, "Nothing fails, but little was looked at"},
		{"arguments", map[string]string{"format": "text\r\n", "sources": "broken\r\n", "args": "--exclude\nRT-CFG-001\n\n"}, 0, "Nothing fails"},
		{"the folder of the job", map[string]string{"format": "text"}, 1, "RT-CFG-001"},
		{"no command of others", map[string]string{"format": "text", "sources": "$(touch owned); touch owned\n--context"}, 2, "error: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRunner(t)
			for name, story := range map[string]string{"broken": "manifests-only", "in order": "manifests-only-repaired"} {
				if err := os.CopyFS(filepath.Join(r.dir, name), os.DirFS(filepath.Join(fixturesDir, story, "source"))); err != nil {
					t.Fatal(err)
				}
			}
			if tt.inputs["sources"] == "" {
				if err := os.RemoveAll(filepath.Join(r.dir, "in order")); err != nil {
					t.Fatal(err)
				}
			}
			code, out := r.step(t, "regpolicy eval", "main", tt.inputs)
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.says, out)
			}
			if told, err := os.ReadFile(r.outputs); err != nil || string(told) != fmt.Sprintf("exit-code=%d\n", tt.code) {
				t.Errorf("outputs are %q, %v", told, err)
			}
			if _, err := os.Stat(filepath.Join(r.dir, "owned")); err == nil {
				t.Error("an input was run as a command")
			}
			if _, err := os.Stat(filepath.Join(r.dir, "report.json")); strings.Contains(tt.inputs["format"], "report.json") && err != nil {
				t.Error(err)
			}
		})
	}
}
