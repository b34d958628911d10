package nodecerts_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// mounted lists a root as a pod does that has it mounted. (An os.Root would do,
// but not for a user who may pass through a folder and not read it.)
func mounted(t *testing.T, root string) *nodecerts.Listing {
	t.Helper()
	l, err := nodecerts.ReadHostRoot(t.Context(), os.DirFS(root), os.DirFS(filepath.Join(root, "proc")), testTime)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// listed parses what the script wrote and takes the clock out of it, which is
// all that a mounted root cannot have in common with it.
func listed(t *testing.T, out []byte, like *nodecerts.Listing) *nodecerts.Listing {
	t.Helper()
	l, err := nodecerts.ParseStream(bytes.NewReader(out), 0)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if l.Began.Sub(now).Abs() > time.Minute || l.Ended.Before(l.Began) {
		t.Errorf("the script's clock says %v to %v, it is %v", l.Began, l.Ended, now)
	}
	l.Began, l.Ended = like.Began, like.Ended
	return l
}

func TestScriptAndMountedRootGiveTheSameListing(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	trees := map[string]struct {
		files files
		after func(t *testing.T, root string)
		// empty: /proc is not there, nor anything else
		noProc bool
	}{
		"photon":        {files: p.photon(t)},
		"ubuntu":        {files: p.ubuntu(t)},
		"rhel":          {files: p.rhel()},
		"odd files":     {files: p.odd(), after: specialFiles},
		"configured":    {files: p.configured()},
		"empty":         {files: files{}, noProc: true},
		"lab, format 2": {files: labTree(t, "config-v2.toml")},
		"lab, format 3": {files: labTree(t, "config-v3.toml")},
		"no bundle": {files: files{
			"/etc/ssl/certs/tkg-corp.pem": string(p.corp.PEM()), "/etc/ssl/certs/other.pem": string(p.other.PEM()),
		}},
		"bundle beyond the limit": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": strings.Repeat("# comment\n", 110_000),
			"/etc/ssl/certs/other.pem":           string(p.other.PEM()),
		}},
		"glued bundle": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": strings.TrimSuffix(join(p.public...), "\n") + string(p.corp.PEM()) + string(p.public[5]),
			"/etc/ssl/certs/first.pem":           string(p.public[0]),
			"/etc/ssl/certs/last.pem":            string(p.public[5]),
			"/etc/ssl/certs/corp.pem":            string(p.corp.PEM()),
		}},
		"more than a listing may hold": {files: crowd(p)},
	}
	for name, tree := range trees {
		for _, shell := range shells {
			t.Run(name+" in "+shell, func(t *testing.T) {
				t.Parallel()
				root := tree.files.build(t)
				if !tree.noProc {
					kernelFiles().buildIn(t, root)
				}
				if tree.after != nil {
					tree.after(t, root)
				}
				install(t, root, shell)
				want := mounted(t, root)
				got := listed(t, runIn(t, root, uint32(os.Geteuid())), want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("mounted root (-), script (+):\n%.6000s", diff)
				}
			})
		}
	}
}

// specialFiles adds what os.WriteFile cannot make.
func specialFiles(t *testing.T, root string) {
	t.Helper()
	certs := filepath.Join(root, "etc/ssl/certs")
	if err := syscall.Mkfifo(filepath.Join(certs, "tkg-fifo.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int64{"tkg-sparse.pem": 1 << 30, "tkg-limit.pem": 1 << 20, "tkg-above.pem": 1<<20 + 1} {
		if err := os.Truncate(touch(t, filepath.Join(certs, name)), size); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(certs, "tkg-glued.pem"), 0o4751); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(certs, "tkg-crlf.pem"), 0o2600|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(certs, "tkg-glued.pem"), 1000, 4242); err != nil {
			t.Fatal(err)
		}
	}
}

func touch(t *testing.T, name string) string {
	t.Helper()
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// crowd is a folder with more than a listing may hold.
func crowd(p pki) files {
	f := p.odd()
	for i := range 400 {
		f[debianPlace+"/"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String()+".crt"] = strings.Repeat("# padding\n", i) + string(p.corp.PEM())
	}
	return f
}

// As somebody who is not root: what cannot be read is told from what is missing.
func TestScriptAndMountedRootGiveTheSameListingToAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	const nobody = 65534
	p := newPKI(t)
	tree := p.configured().with(p.ubuntu(t)).with(files{
		"/etc/ssl/certs/tkg-closed.pem":                     string(p.corp.PEM()),
		"/etc/ssl/certs/tkg-link.pem":                       linkTo + "/closed/ca.pem",
		"/closed/ca.pem":                                    string(p.corp.PEM()),
		anchors + "/tkg-x.crt":                              string(p.corp.PEM()),
		dockerPlace + "/closed.example/ca.crt":              string(p.corp.PEM()),
		"/etc/containerd/certs.d/closed.example/hosts.toml": "server = \"https://closed.example\"\nca = \"/closed/ca.pem\"\n",
	})
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			root := tree.build(t)
			kernelFiles().buildIn(t, root)
			install(t, root, shell)
			for name, mode := range map[string]os.FileMode{
				"/etc/ssl/certs/tkg-closed.pem":                          0o600,
				"/etc/systemd/system/containerd.service.d/10-proxy.conf": 0o640,
				"/closed":                       0o700,
				dockerPlace + "/closed.example": 0o700,
				"/opt/shared":                   0o711,
				"/opt/certs.d":                  0o744,
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
			got := listed(t, runIn(t, root, nobody), want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mounted root (-), script (+):\n%.6000s", diff)
			}
			for _, name := range []string{"/etc/ssl/certs/tkg-link.pem", anchors + "/tkg-x.crt", "/usr/lib/systemd/system/containerd.service"} {
				if s := got.Files[name].Status; s != nodecerts.StatusUnreadable {
					t.Errorf("%s, behind a closed folder, is %q", name, s)
				}
			}
		})
	}
}

// openToAll makes the folders above a test's root passable, which are the test
// user's own.
func openToAll(t *testing.T, root string) {
	t.Helper()
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// asUser runs fn with another user's rights on files. They are those of a thread,
// which ends with the goroutine.
func asUser[T any](t *testing.T, uid int, fn func() T) T {
	t.Helper()
	result := make(chan T)
	go func() {
		defer close(result)
		runtime.LockOSThread() // and never unlock it
		if err := syscall.Setfsgid(uid); err != nil {
			t.Error(err)
			return
		}
		if err := syscall.Setfsuid(uid); err != nil {
			t.Error(err)
			return
		}
		result <- fn()
	}()
	return <-result
}

// The parts that update-ca-certificates makes, by the real program.
func TestUpdateCACertificatesLayout(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("update-ca-certificates"); err != nil {
		t.Skip("update-ca-certificates is not installed")
	}
	p := newPKI(t)
	root := files{
		"/etc/ssl/certs/":                  "",
		"/etc/ca-certificates.conf":        "mozilla/A.crt\nmozilla/B.crt\n",
		"/share/mozilla/A.crt":             string(p.public[0]),
		"/share/mozilla/B.crt":             string(p.public[1]),
		debianPlace + "/tkg-corp.crt":      string(p.corp.PEM()),
		debianPlace + "/tkg-unnoticed.pem": string(p.other.PEM()),
		"/etc/os-release":                  "ID=ubuntu\nPRETTY_NAME=Ubuntu\n",
	}.build(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "update-ca-certificates", "--fresh",
		"--certsconf", root+"/etc/ca-certificates.conf", "--certsdir", root+"/share",
		"--localcertsdir", root+debianPlace, "--etccertsdir", root+"/etc/ssl/certs", "--hooksdir", root+"/none")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("update-ca-certificates: %v\n%s", err, out)
	}
	certs := filepath.Join(root, "etc/ssl/certs")
	names, err := os.ReadDir(certs)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range names { // its links are absolute, and so name this machine's root
		to, err := os.Readlink(filepath.Join(certs, e.Name()))
		if err == nil && strings.HasPrefix(to, root) {
			os.Remove(filepath.Join(certs, e.Name()))
			if err := os.Symlink(strings.TrimPrefix(to, root), filepath.Join(certs, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	doc := recordTree(t, root)
	n := doc.Nodes["wk-1"]
	file := n.TrustFiles["/etc/ssl/certs/tkg-corp.pem"]
	if file.Entry != "corp" || file.LinkTarget != debianPlace+"/tkg-corp.crt" || file.RealPath != file.LinkTarget || file.Form != "pem" {
		t.Errorf("the link is %+v", file)
	}
	if want := subjectHash(t, p.corp.PEM()) + ".0"; n.HashLinks[want] != "tkg-corp.pem" || len(n.HashLinks) != 1 {
		t.Errorf("hash links %v, want %s", n.HashLinks, want)
	}
	if _, ok := n.TrustFiles[debianPlace+"/tkg-unnoticed.pem"]; !ok {
		t.Error("the .pem that the command does not notice is not told")
	}
	for store, anchors := range map[string][]string{"go": doc.TrustStores[n.TrustStore].Anchors, "openssl": doc.TrustStores[n.OpenSSLStore].Anchors} {
		if len(anchors) != 3 {
			t.Errorf("the %s store has %d anchors, want 3", store, len(anchors))
		}
	}
}

// A folder of certificates that is closed to the user: nothing is known to be
// missing from it, and there is no store.
func TestClosedFoldersAreGaps(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("root reads everything, and only root can become another user")
	}
	p := newPKI(t)
	for closed, want := range map[string][]string{
		"/etc/ssl":        {"trust_files: permission_denied", "trust_store: permission_denied"},
		"/etc/ssl/certs":  {"trust_files: permission_denied", "trust_store: permission_denied"},
		"/etc/containerd": {"registry_config: permission_denied"},
		"/usr/local":      {"trust_files: permission_denied", "trust_store: permission_denied"},
		"/etc": {
			"environment: permission_denied", "proxy: permission_denied", "registry_config: permission_denied",
			"trust_files: permission_denied", "trust_store: permission_denied",
		},
	} {
		t.Run(closed, func(t *testing.T) {
			t.Parallel()
			root := p.ubuntu(t).with(files{"/bin/": ""}).build(t)
			openToAll(t, root)
			if err := os.Chmod(root+closed, 0o700); err != nil {
				t.Fatal(err)
			}
			l := asUser(t, 65534, func() *nodecerts.Listing {
				l, err := nodecerts.ReadTree(t.Context(), os.DirFS(root))
				if err != nil {
					t.Error(err)
				}
				return l
			})
			doc := recordListing(t, l, nil)
			if got := gapsOf(doc); !slices.Equal(got, want) {
				t.Errorf("gaps %q, want %q", got, want)
			}
			if n := doc.Nodes["wk-1"]; (n.TrustStore == "") != strings.HasPrefix(closed, "/etc/ssl") && closed != "/etc" {
				t.Errorf("store %q", n.TrustStore)
			}
		})
	}
}
