package nodecerts_test

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// tools are what the script may use besides a shell's own commands.
var tools = []string{"cat", "date", "ls", "readlink", "sed"}

// shells are those that the script must run in.
var shells = []string{"dash", "bash", "busybox"}

// install puts a shell and the tools into a tree, and so makes it a root that a
// command can run in.
func install(t *testing.T, root, shell string) {
	t.Helper()
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	copyProgram(t, root, shell)
	link := func(name, to string) {
		if err := os.Symlink(to, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("sh", shell)
	for _, tool := range tools {
		if shell == "busybox" {
			link(tool, shell)
		} else {
			copyProgram(t, root, tool)
		}
	}
	files{"/dev/null": ""}.buildIn(t, root) // a file does
	if err := os.Chmod(filepath.Join(root, "dev/null"), 0o666); err != nil {
		t.Fatal(err)
	}
}

func copyProgram(t *testing.T, root, name string) {
	t.Helper()
	from, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	copyFile(t, from, filepath.Join(root, "bin", name))
	for _, library := range libraries(t, from, map[string]bool{}) {
		copyFile(t, library, filepath.Join(root, library))
	}
}

// libraries are the files that a program needs to be loaded, without ldd.
func libraries(t *testing.T, program string, seen map[string]bool) []string {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Skipf("%s is no ELF program: %v", program, err)
	}
	defer file.Close()
	var found []string
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			text := make([]byte, p.Filesz)
			if _, err := p.ReadAt(text, 0); err != nil {
				t.Fatal(err)
			}
			found = append(found, strings.TrimRight(string(text), "\x00"))
		}
	}
	needed, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range needed {
		if seen[name] {
			continue
		}
		seen[name] = true
		matches, err := filepath.Glob("/lib*/" + name)
		if err != nil || len(matches) == 0 {
			matches, _ = filepath.Glob("/lib*/*-linux-gnu*/" + name)
		}
		if len(matches) == 0 {
			matches, _ = filepath.Glob("/usr/lib*/" + name)
		}
		if len(matches) == 0 {
			t.Skipf("library %s of %s was not found", name, program)
		}
		found = append(append(found, matches[0]), libraries(t, matches[0], seen)...)
	}
	return found
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if _, err := os.Stat(to); err == nil {
		return
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// runIn runs the script's command in a root and returns its output. uid is the
// user who runs it.
func runIn(t *testing.T, root string, uid uint32) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", nodecerts.Command())
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	} else {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("neither root nor user namespaces: %v", err)
	}
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("the script: %v\n%s", err, stderr.Bytes())
	}
	return out
}
