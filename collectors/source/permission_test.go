//go:build linux

package source_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/source"
)

const childArgument = "SOURCE_TEST_ARGUMENT"

// TestPermissionChild is the part of the test below that must not run as root.
func TestPermissionChild(t *testing.T) {
	arg := os.Getenv(childArgument)
	if arg == "" {
		return
	}
	in, err := source.Open(t.Context(), []string{arg}, nil, source.DefaultLimits())
	if err != nil {
		t.Logf("ERROR %v", err)
		return
	}
	defer in.Close()
	for _, line := range append(problems(in), objects(in)...) {
		t.Logf("LINE %s", line)
	}
	for name := range in.Nodes {
		t.Logf("LINE node %s", name)
	}
}

// asNobody opens an argument in a process without root's rights, which may read
// all, and returns what it logged.
func asNobody(t *testing.T, arg string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPermissionChild$", "-test.v")
	if os.Getuid() == 0 {
		cmd = exec.Command(reachableBinary(t), cmd.Args[1:]...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
	}
	cmd.Env = append(os.Environ(), childArgument+"="+arg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		for _, mark := range []string{"LINE ", "ERROR "} {
			if _, rest, ok := strings.Cut(line, mark); ok {
				lines = append(lines, strings.TrimSpace(rest))
			}
		}
	}
	return lines
}

// reachableBinary is a copy of the test binary that others may run: go test
// builds it in a folder of its own user.
func reachableBinary(t *testing.T) string {
	t.Helper()
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	name := filepath.Join(reachableDir(t), "test")
	to, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// reachableDir is a temporary folder that others may enter.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWhatMayNotBeReadIsAProblem(t *testing.T) {
	root := files{
		"objects/good.yaml":       pod("good"),
		"objects/secret.yaml":     pod("secret"),
		"objects/closed/pod.yaml": pod("closed"),
		"nodes/wk-1/etc/hosts":    "x",
		"nodes/wk-2/etc/hosts":    "x",
		"endpoints/a_443.txt":     "x",
		"endpoints/b_443.txt":     "x",
	}.write(t)
	for _, dir := range []string{filepath.Dir(filepath.Dir(root)), filepath.Dir(root)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	closed := []string{"objects/secret.yaml", "objects/closed", "nodes/wk-1", "endpoints/a_443.txt"}
	for _, name := range closed {
		full := filepath.Join(root, name)
		if err := os.Chmod(full, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(full, 0o755) })
	}
	want := []string{
		"endpoints/a_443.txt:0 permission_denied: permission denied",
		"nodes/wk-1:0 permission_denied: permission denied",
		"objects/closed:0 permission_denied: permission denied",
		"objects/secret.yaml:0 permission_denied: permission denied",
		"Pod/ns/good objects/good.yaml:1",
		"node wk-2",
	}
	if diff := cmp.Diff(want, asNobody(t, root)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for arg, want := range map[string]string{
		filepath.Join(root, "objects/secret.yaml"): "permission denied",
		filepath.Join(root, "objects/closed"):      "permission denied",
		filepath.Join(root, "nodes/wk-1"):          "permission denied",
	} {
		if got := asNobody(t, arg); len(got) != 1 || !strings.HasPrefix(got[0], "reading ") || !strings.HasSuffix(got[0], want) {
			t.Errorf("%s: %q, want an error with %q", arg, got, want)
		}
	}
}

func TestPartsOfACaptureThatMayNotBeListedAreProblems(t *testing.T) {
	root := files{"objects/a.yaml": pod("a"), "nodes/wk-1/etc/hosts": "x", "endpoints/a_443.txt": "x"}.write(t)
	for _, dir := range []string{filepath.Dir(filepath.Dir(root)), filepath.Dir(root)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"nodes", "endpoints"} {
		full := filepath.Join(root, name)
		if err := os.Chmod(full, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(full, 0o755) })
	}
	want := []string{
		"endpoints:0 permission_denied: permission denied",
		"nodes:0 permission_denied: permission denied",
		"Pod/ns/a objects/a.yaml:1",
	}
	if diff := cmp.Diff(want, asNobody(t, root)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
