package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// tree is a node's files by path; a value that begins with "-> " is a link.
type tree map[string]string

// goodNodes are three nodes that trust the corporate CA, each laid out as its
// operating system does it. root is the CA's PEM.
func goodNodes(root string) map[string]tree {
	return map[string]tree{
		"photon": {
			"etc/os-release":                    "ID=photon\nVERSION_ID=5.0\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n",
			"etc/ssl/certs/tkg-corp.pem":        root,
			"etc/pki/tls/certs/ca-bundle.crt":   root,
			"etc/containerd/config.toml":        "version = 2\n",
			"usr/local/share/empty/placeholder": "",
		},
		"ubuntu": {
			"etc/os-release": "ID=ubuntu\nVERSION_ID=\"22.04\"\nPRETTY_NAME=\"Ubuntu 22.04.4 LTS\"\n",
			"usr/local/share/ca-certificates/tkg-corp.crt": root,
			"etc/ssl/certs/tkg-corp.pem":                   "-> /usr/local/share/ca-certificates/tkg-corp.crt",
			"etc/ssl/certs/ca-certificates.crt":            root,
			"etc/containerd/config.toml":                   "version = 2\n",
			"etc/pki/placeholder":                          "",
		},
		"rhel": {
			"etc/os-release": "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.4 (Plow)\"\n",
			"etc/pki/ca-trust/source/anchors/tkg-corp.pem":     root,
			"etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": root,
			"etc/pki/tls/certs/ca-bundle.crt":                  "-> /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
			"etc/ssl/certs":                                    "-> ../pki/tls/certs",
			"etc/containerd/config.toml":                       "version = 2\n",
			"usr/local/share/empty/placeholder":                "",
		},
	}
}

// wantNodes is what must be known of each: its family and where its CA lies.
var wantNodes = []struct{ name, address, family, file string }{
	{"photon", "10.99.2.1", "photon", "/etc/ssl/certs/tkg-corp.pem"},
	{"ubuntu", "10.99.2.2", "debian", "/usr/local/share/ca-certificates/tkg-corp.crt"},
	{"rhel", "10.99.2.3", "rhel", "/etc/pki/ca-trust/source/anchors/tkg-corp.pem"},
}

// badNodes are the three that cannot be read, by the reason that must be given.
var badNodes = []struct{ name, address, reason string }{
	{"down", "10.99.2.4", "refused"},
	{"impostor", "10.99.2.5", "host_key_changed"},
	{"stalled", "10.99.2.6", "timeout_handshake"},
}

// checkNodes reads six nodes, half of them in vain, without any cluster.
func (l *lab) checkNodes(ctx context.Context) error {
	if err := l.startNodes(ctx); err != nil {
		return err
	}
	stalled, err := net.Listen("tcp", "10.99.2.6:22") // the kernel accepts, nobody speaks
	if err != nil {
		return err
	}
	defer stalled.Close()
	args := l.overSSH("--registry", "harbor.corp.example", "--timeout", "40s")
	for _, n := range wantNodes {
		args = append(args, "--node", n.name+"="+n.address)
	}
	for _, n := range badNodes {
		args = append(args, "--node", n.name+"="+n.address)
	}
	started := time.Now()
	doc, _, err := l.collect(ctx, "nodes", append(args, "--vantage", "collector")...)
	if err != nil {
		return err
	}
	l.tally.check("ends within its time limit", time.Since(started) < 40*time.Second, true, time.Since(started).String())
	for _, n := range wantNodes {
		got := doc.Nodes[n.name]
		file := got.TrustFiles[n.file]
		l.tally.check("node "+n.name, fmt.Sprintf("read %v, %s, %s %s %s", got.Read, got.OSFamily, file.Entry, file.Form, file.Status),
			fmt.Sprintf("read true, %s, corp pem ok", n.family))
		l.tally.check("commands run on "+n.name+" for one listing", l.sessions(n.name), 1)
	}
	var want []string
	for _, n := range badNodes {
		want = append(want, "node "+n.name+": "+n.reason)
	}
	l.tally.check("gaps of nodes", gaps(doc.Coverage["nodes"]), strings.Join(want, "; "))
	rep, err := l.eval(ctx, "nodes", 3, args...)
	if err != nil {
		return err
	}
	l.tally.check("gaps of nodes in the report", gaps(rep.Coverage["nodes"]), strings.Join(want, "; "))
	l.tally.check("RT-TLS-002 for harbor", rep.verdict("RT-TLS-002", map[string]string{"kind": "registry", "name": "harbor.corp.example:443"}), "pass")
	return nil
}

// startNodes starts an SSH server for each node but those that are down or silent.
func (l *lab) startNodes(ctx context.Context) error {
	root, err := os.ReadFile(stateDir + "/trusted/tkg-corp-root-ca.pem")
	if err != nil {
		return err
	}
	if err := os.MkdirAll("/etc/pki", 0o755); err != nil { // a place to mount on
		return err
	}
	trees := goodNodes(string(root))
	for _, n := range wantNodes {
		dir := filepath.Join("/run/e2e/trees", n.name)
		if err := trees[n.name].write(dir); err != nil {
			return err
		}
		if err := l.startSSHD(ctx, n.name, n.address, dir); err != nil {
			return err
		}
	}
	impostor := badNodes[1]
	if err := newSSHKey("/run/e2e/former_host_key"); err != nil {
		return err
	}
	if err := l.know(impostor.address, "/run/e2e/former_host_key.pub"); err != nil {
		return err
	}
	return l.serveUnknown(ctx, impostor.name, impostor.address)
}

// serveUnknown starts a node whose real host key does not enter known_hosts.
func (l *lab) serveUnknown(ctx context.Context, name, address string) error {
	known := l.knownHosts
	defer func() { l.knownHosts = known }()
	l.knownHosts = "/run/e2e/unused_known_hosts"
	if err := pki.WriteFile(l.knownHosts, nil, 0o600); err != nil {
		return err
	}
	return l.startSSHD(ctx, name, address, "")
}

func (t tree) write(dir string) error {
	for path, content := range t {
		path = filepath.Join(dir, path)
		target, link := strings.CutPrefix(content, "-> ")
		if !link {
			if err := pki.WriteFile(path, []byte(content), 0o644); err != nil {
				return err
			}
			// A node has its files before its runtime starts.
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(-24*time.Hour)); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(target, path); err != nil {
			return err
		}
	}
	return nil
}
