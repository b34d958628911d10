package nodecerts_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

// The whole way: the command over SSH, run by each shell in a root of its own,
// makes the records that the mounted root and the copied tree make.
func TestThreeWaysMakeTheSameRecords(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	for name, tree := range map[string]files{"photon": p.photon(t), "ubuntu": p.ubuntu(t), "rhel": p.rhel(), "configured": p.ubuntu(t).with(p.configured())} {
		for _, shell := range shells {
			t.Run(name+" in "+shell, func(t *testing.T) {
				t.Parallel()
				root := tree.build(t)
				kernelFiles().buildIn(t, root)
				install(t, root, shell)
				runIn(t, root, uint32(os.Geteuid())) // skips where it cannot
				server := sshtest.Start(t, sshtest.Options{Exec: func(command string, stdout, _ io.Writer) int {
					if command != nodecerts.Command() {
						return 127
					}
					if _, err := stdout.Write(runIn(t, root, uint32(os.Geteuid()))); err != nil {
						return 1
					}
					return 0
				}})
				overSSH := evidence.NewBuilder(evidence.Tool{}, testTime)
				nodecerts.CollectSSH(t.Context(), overSSH, []nodecerts.Target{{Name: "wk-1", Address: server.Addr()}}, pool(t, server), remote.Reason, nodecerts.Options{Now: time.Now})
				fromSSH := overSSH.Build("internal")
				if skew := fromSSH.Nodes["wk-1"].Clock.SkewSeconds; skew == nil || *skew < -2 || *skew > 2 {
					t.Errorf("this machine's clock is off by %v seconds", skew)
				}
				want := comparable(fromSSH)
				fromRoot := recordListing(t, mounted(t, root), nil)
				if diff := cmp.Diff(want, comparable(fromRoot)); diff != "" {
					t.Errorf("SSH (-), mounted root (+):\n%s", diff)
				}
				// A copy has neither owners nor processes.
				for _, doc := range []*evidence.Document{fromSSH, fromRoot} {
					n := doc.Nodes["wk-1"]
					n.Runtime.StartedAt = nil
					for path, f := range n.TrustFiles {
						f.Mode, f.Owner, f.Group = "", nil, nil
						n.TrustFiles[path] = f
					}
				}
				if diff := cmp.Diff(comparable(fromSSH), comparable(recordTree(t, root))); diff != "" {
					t.Errorf("SSH (-), copied tree (+):\n%s", diff)
				}
			})
		}
	}
}

// comparable is a document without what tells how its node was reached, and when.
func comparable(d *evidence.Document) *evidence.Document {
	c := *d
	n := c.Nodes["wk-1"]
	n.Access, n.Clock, n.Provenance, n.Address = nil, nil, evidence.Provenance{}, ""
	c.Nodes = map[string]evidence.Node{"wk-1": n}
	c.Tool, c.Sources, c.Coverage = evidence.Tool{}, nil, nil
	c.Proxies = map[string]evidence.Proxy{}
	for key, proxy := range d.Proxies {
		proxy.Provenance = evidence.Provenance{}
		c.Proxies[key] = proxy
	}
	return &c
}

// An ls that knows no --full-time: times then have no seconds, and nothing else
// is missing. (busybox runs its own ls whatever lies in the path.)
func TestScriptWithAPlainLs(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	for _, shell := range []string{"dash", "bash"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			root := p.photon(t).build(t)
			kernelFiles().buildIn(t, root)
			install(t, root, shell)
			bin := filepath.Join(root, "bin")
			if err := os.Rename(filepath.Join(bin, "ls"), filepath.Join(bin, "real-ls")); err != nil {
				t.Fatal(err)
			}
			files{"/bin/ls": "#!/bin/sh\ncase $* in *--full-time*) echo unknown option >&2; exit 2;; esac\nexec real-ls \"$@\"\n"}.buildIn(t, root)
			if err := os.Chmod(filepath.Join(bin, "ls"), 0o755); err != nil {
				t.Fatal(err)
			}
			recent := time.Now().Add(-48 * time.Hour) // ls tells the minute of recent times only
			for name := range p.photon(t) {
				if err := os.Chtimes(root+name, recent, recent); err != nil {
					t.Fatal(err)
				}
			}
			want := mounted(t, root)
			for _, f := range want.Files {
				f.ModTime = f.ModTime.Truncate(time.Minute)
			}
			got := listed(t, runIn(t, root, uint32(os.Geteuid())), want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mounted root (-), script (+):\n%.4000s", diff)
			}
		})
	}
}
