package nodecerts_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// runRooted runs the script for mounted roots, with another root's shell and tools.
func runRooted(t *testing.T, root, shell string, uid uint32) []byte {
	t.Helper()
	program, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("%s is not installed", shell)
	}
	argv := nodecerts.RootedCommand(root)
	path := os.Getenv("PATH")
	if shell == "busybox" {
		path = t.TempDir()
		openToAll(t, path)
		for _, tool := range tools {
			if err := os.Symlink(program, filepath.Join(path, tool)); err != nil {
				t.Fatal(err)
			}
		}
		argv = append([]string{"sh"}, argv[1:]...)
	} else {
		argv = argv[1:]
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, argv...)
	cmd.Env = []string{"PATH=" + path}
	cmd.Dir = "/"
	if uid != uint32(os.Geteuid()) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("running the script: %v", err)
	}
	return out.Bytes()
}

func TestRootedScriptAndMountedRootGiveTheSameListing(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	for name, tree := range map[string]struct {
		files files
		after func(t *testing.T, root string)
	}{
		"photon":        {files: p.photon(t)},
		"ubuntu":        {files: p.ubuntu(t)},
		"rhel":          {files: p.rhel()},
		"odd files":     {files: p.odd(), after: specialFiles},
		"configured":    {files: p.configured()},
		"lab, format 2": {files: labTree(t, "config-v2.toml")},
		"lab, format 3": {files: labTree(t, "config-v3.toml")},
		"a large bundle": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": strings.Repeat("# comment\n", 110_000),
			"/etc/ssl/certs/other.pem":           string(p.other.PEM()),
		}},
		// Absolute links in the middle of paths: in another root they lead elsewhere.
		"folders that are links": {files: files{
			"/etc/ssl/certs":                linkTo + "/etc/pki/tls/certs",
			"/etc/pki":                      linkTo + "/opt/pki",
			"/opt/pki/tls/certs/tkg-x.pem":  string(p.corp.PEM()),
			"/opt/pki/tls/certs/up.pem":     linkTo + "../../../../../../../data/up.pem",
			"/data/up.pem":                  string(p.other.PEM()),
			"/etc/containerd/config.toml":   "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/registries\"\n",
			"/etc/registries":               linkTo + "/data/registries",
			"/data/registries/a.example":    linkTo + "/data/a",
			"/data/a/hosts.toml":            "ca = \"/data/*.pem\"\n",
			"/data/a/ca.crt":                linkTo + "/data/up.pem",
			"/etc/os-release":               linkTo + "../usr/lib/os-release",
			"/usr/lib/os-release":           "ID=photon\nPRETTY_NAME=Photon\n",
			debianPlace:                     linkTo + "/data/local",
			"/data/local/deep/er/tkg-y.crt": string(p.corp.PEM()),
		}},
	} {
		for _, shell := range shells {
			t.Run(name+" in "+shell, func(t *testing.T) {
				t.Parallel()
				root := tree.files.with(files{"/bin/": ""}).build(t)
				kernelFiles().buildIn(t, root)
				if tree.after != nil {
					tree.after(t, root)
				}
				want := mounted(t, root)
				for name := range want.Files { // the script's lists have no place for these
					if strings.Contains(name, "\n") {
						delete(want.Files, name)
						want.Cut = true
					}
				}
				got := listed(t, runRooted(t, root, shell, uint32(os.Geteuid())), want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("mounted root (-), script (+):\n%.6000s", diff)
				}
			})
		}
	}
}

// As the user that a pod runs as.
func TestRootedScriptGivesTheSameListingToAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	const nobody = 65534
	p := newPKI(t)
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			root := p.configured().with(p.ubuntu(t)).with(files{
				"/bin/":                                "",
				"/etc/ssl/certs/tkg-closed.pem":        string(p.corp.PEM()),
				"/etc/ssl/certs/tkg-link.pem":          linkTo + "/closed/ca.pem",
				"/closed/ca.pem":                       string(p.corp.PEM()),
				anchors + "/tkg-x.crt":                 string(p.corp.PEM()),
				dockerPlace + "/closed.example/ca.crt": string(p.corp.PEM()),
			}).build(t)
			kernelFiles().buildIn(t, root)
			for name, mode := range map[string]os.FileMode{
				"/etc/ssl/certs/tkg-closed.pem":                          0o600,
				"/etc/systemd/system/containerd.service.d/10-proxy.conf": 0o640,
				"/closed":                       0o700,
				dockerPlace + "/closed.example": 0o700,
				"/proc/1/stat":                  0o600,
				"/usr/lib/systemd":              0o700,
				anchors:                         0o744,
			} {
				if err := os.Chmod(root+name, mode); err != nil {
					t.Fatal(err)
				}
			}
			openToAll(t, root)
			want := asUser(t, nobody, func() *nodecerts.Listing { return mounted(t, root) })
			got := listed(t, runRooted(t, root, shell, nobody), want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mounted root (-), script (+):\n%.6000s", diff)
			}
		})
	}
}
