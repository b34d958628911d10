package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestForbiddenFiles judges captures of which a user may not read all.
func TestForbiddenFiles(t *testing.T) {
	const node = "nodes/test-gc-e2e-demo-workers-8s2kd-7f9c6"
	for _, tt := range []struct {
		name, closed string
		code         int
		collector    string
		says         string
	}{
		{"one node's tree", node, 3, evidence.Nodes, node},
		{"one folder of a node", node + "/etc/ssl/certs", 3, evidence.Nodes, ""},
		{"one file of a node", node + "/etc/ssl/certs/tkg-corp-root-ca.pem", 3, evidence.Nodes, ""},
		{"the folder of all nodes", "nodes", 3, evidence.Nodes, `"nodes"`},
		{"one file of objects", "objects/events.yaml", 3, evidence.Pods, "objects/events.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := copyStory(t, "secret-encoded-once-repaired")
			reachable(t, dir)
			closed := filepath.Join(dir, filepath.FromSlash(tt.closed))
			if err := os.Chmod(closed, 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(closed, 0o755) }) //nolint:errcheck // for the folder's removal
			code, rep, stderr := asNobody(t, dir)
			if code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, stderr)
			}
			gaps := rep.Coverage[tt.collector].Gaps
			if len(gaps) == 0 {
				t.Errorf("no gap of %s", tt.collector)
			}
			for _, g := range gaps {
				if g.Reason != "permission_denied" {
					t.Errorf("gap %+v, want permission_denied", g)
				}
			}
			if !strings.Contains(stderr, tt.says) {
				t.Errorf("stderr does not name %s:\n%s", tt.says, stderr)
			}
			if rep.Summary.Pass == 0 {
				t.Error("nothing else was kept")
			}
		})
	}
}

// reachable lets anybody enter a temporary folder.
func reachable(t *testing.T, dir string) {
	t.Helper()
	for d := dir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// asNobody runs eval without root's rights, which may read all.
func asNobody(t *testing.T, dir string) (int, *report.Report, string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "regpolicy")
	reachable(t, filepath.Dir(program))
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // others run it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "eval", "-o", "json", dir)
	c.Dir, c.Env = "/", []string{"HOME=/nonexistent"}
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr = &stdout, &stderr
	code := exitCode(c.Run())
	return code, readReport(t, stdout.String()), stderr.String()
}

// TestPipeFile gives a pipe that nobody writes to wherever a file goes: opening it would
// wait for ever, and a signal would not end that.
func TestPipeFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	document := documentWith(t)
	for name, args := range map[string][]string{
		"source":     {"eval", pipe},
		"report":     {"convert", pipe},
		"baseline":   {"eval", document, "--baseline", pipe},
		"waivers":    {"eval", document, "--waivers", pipe},
		"params":     {"eval", document, "--params", pipe},
		"data":       {"eval", document, "--data", pipe},
		"policy":     {"eval", document, "-p", pipe},
		"bundle key": {"eval", document, "--bundle-key", pipe},
		"fleet":      {"merge", "--expect", pipe, document},
		"kubeconfig": {"eval", "--kubeconfig", pipe},
		"CA file":    {"eval", document, "-p", "oci://127.0.0.1:1/x", "--ca-file", pipe},
		"ssh key":    {"eval", document, "--node", "wk-1=127.0.0.1", "--ssh-key", pipe},
	} {
		t.Run(name, func(t *testing.T) {
			process{args: args, limit: 20 * time.Second}.run(t).checkComplaint(t, exitUsage, pipe)
		})
	}
}
