package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// loginUser is who regpolicy logs in as by default. Nothing on the node is its own.
const loginUser = "vmware-system-user"

// makeLogin makes the user, its key and an empty known_hosts file.
func (l *lab) makeLogin() error {
	for file, line := range map[string]string{
		"/etc/passwd": loginUser + ":x:1990:1990::/:/bin/sh\n",
		"/etc/group":  loginUser + ":x:1990:\n",
		"/etc/shadow": loginUser + ":*:19000:0:99999:7:::\n", // no password, and not locked
	} {
		if err := appendTo(file, line); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/run/sshd", "/run/e2e"} { // sshd's own, for privilege separation; ours
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	l.loginKey, l.knownHosts = "/run/e2e/id_ed25519", "/run/e2e/known_hosts"
	if err := pki.WriteFile(l.knownHosts, nil, 0o600); err != nil {
		return err
	}
	return newSSHKey(l.loginKey)
}

// newSSHKey writes a key pair as PATH and PATH.pub.
func newSSHKey(path string) error {
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("making the key %q: %w: %s", path, err, out)
	}
	return nil
}

// startSSHD serves a node on port 22 of an address, in a mount namespace of its
// own in which tree's folders and files lie over the machine's. An empty tree is
// this node as it is.
func (l *lab) startSSHD(ctx context.Context, name, address, tree string) error {
	dir := filepath.Join("/run/e2e/sshd", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	hostKey := filepath.Join(dir, "host_key")
	if err := newSSHKey(hostKey); err != nil {
		return err
	}
	config := filepath.Join(dir, "sshd_config")
	text := fmt.Sprintf("ListenAddress %s:22\nHostKey %s\nAuthorizedKeysFile %s.pub\nPidFile none\nLogLevel VERBOSE\n"+
		"StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n", address, hostKey, l.loginKey)
	if err := pki.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		return err
	}
	const mountAndServe = `for path in etc/ssl etc/pki etc/containerd usr/local/share etc/os-release; do
	[ -z "$2" ] || mount --bind "$2/$path" "/$path" || exit
done
exec "$0" -D -e -f "$1"`
	p, err := l.start("sshd-"+name, "unshare", "-m", "sh", "-c", mountAndServe, sshd, config, tree)
	if err != nil {
		return err
	}
	listens := func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address+":22")
		if err != nil {
			return err
		}
		return conn.Close()
	}
	if err := await(ctx, 10*time.Second, "the SSH server of "+name, listens, p); err != nil {
		return err
	}
	return l.know(address, hostKey+".pub")
}

// know adds a host key to known_hosts.
func (l *lab) know(address, publicKey string) error {
	key, err := os.ReadFile(publicKey)
	if err != nil {
		return err
	}
	return appendTo(l.knownHosts, address+" "+string(key))
}

// sessions counts the commands that a node was told to run, by its server's log.
func (l *lab) sessions(name string) int {
	log, err := os.ReadFile(filepath.Join(l.logs, "sshd-"+name+".log"))
	if err != nil {
		return -1
	}
	return bytes.Count(log, []byte("Starting session: command"))
}

func appendTo(path, text string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if s := string(content); s != "" && !strings.HasSuffix(s, "\n") {
		text = "\n" + text
	}
	return os.WriteFile(path, append(content, text...), info.Mode().Perm())
}
