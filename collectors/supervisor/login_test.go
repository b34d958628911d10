package supervisor_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

func newKey(t *testing.T) (public ssh.PublicKey, text string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey(), string(pem.EncodeToMemory(block))
}

// TestNodesAreReadWithTheKeyOfTheCluster, each with its own.
func TestNodesAreReadWithTheKeyOfTheCluster(t *testing.T) {
	public, right := newKey(t)
	_, wrong := newKey(t)
	listing, err := nodecerts.ReadTree(t.Context(), os.DirFS("../../fixtures/secret-encoded-once/source/nodes/test-gc-e2e-demo-workers-8s2kd-q4x2m"))
	if err != nil {
		t.Fatal(err)
	}
	node := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{public}, Exec: func(command string, stdout, _ io.Writer) int {
		if command != nodecerts.Command() || nodecerts.WriteStream(stdout, listing) != nil {
			return 1
		}
		return 0
	}})
	known := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(known, []byte(node.KnownHosts()), 0o600); err != nil {
		t.Fatal(err)
	}
	_, portText, err := net.SplitHostPort(node.Addr())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	for _, name := range []string{"right", "wrong", "text", "none"} {
		s.kubeconfig("team-c", name, s.workload.kubeconfig(""))
	}
	s.supervisor.serve("cluster.x-k8s.io/v1beta1", "clusters", "Cluster", s.cluster("team-c", "right"), s.cluster("team-c", "wrong"), s.cluster("team-c", "text"), s.cluster("team-c", "none"))
	s.supervisor.secret("team-c", "right-ssh", map[string]string{"ssh-privatekey": right})
	s.supervisor.secret("team-c", "wrong-ssh", map[string]string{"ssh-privatekey": wrong})
	s.supervisor.secret("team-c", "text-ssh", map[string]string{"ssh-privatekey": "password: " + workloadToken})
	cfg := s.config(t, "team-c")
	cfg.Each.AllNodes, cfg.Each.FromNodes = true, true
	// The user's own key, which would let him in, is for no cluster that has none.
	own, err := remote.NewPool(remote.Config{User: "vmware-system-user", Port: port, Keys: []remote.Key{{Name: "own", PEM: []byte(right)}}, KnownHosts: []string{known}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	cfg.Each.SSH = own
	cfg.Login = func(key remote.Key) (*remote.Pool, error) {
		return remote.NewPool(remote.Config{User: "vmware-system-user", Port: port, Keys: []remote.Key{key}, KnownHosts: []string{known}})
	}
	docs := gather(t, t.Context(), cfg)
	for name, want := range map[string]struct{ subject, reason string }{
		"team-c/wrong": {"node", "auth_failed"},
		"team-c/text":  {"section", "parse_error"},
		"team-c/none":  {"section", "not_found"},
	} {
		gaps := docs[name].Coverage[evidence.Nodes].Gaps
		if len(gaps) != 1 || gaps[0].Subject["kind"] != want.subject || gaps[0].Reason != want.reason {
			t.Errorf("%s: gaps of nodes %+v, want %+v", name, gaps, want)
		}
	}
	for _, name := range []string{"team-c/text", "team-c/none"} {
		if gaps := docs[name].Coverage[evidence.Handshakes].Gaps; len(gaps) != 1 || gaps[0].Subject["vantage"] != "node/wk-1" {
			t.Errorf("%s: gaps of handshakes %+v", name, gaps)
		}
	}
	if n := docs["team-c/right"].Nodes["wk-1"]; !n.Read || n.TrustStore == "" {
		t.Errorf("with the right key: %+v", docs["team-c/right"].Coverage[evidence.Nodes])
	}
	if node.Accepted() != 3 { // two with the right key, to read and to probe
		t.Errorf("%d logins were tried, want 3", node.Accepted())
	}
}
