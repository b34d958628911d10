package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// certsDir is where the runtime looks for settings of a registry.
const certsDir = "/etc/containerd/certs.d"

// proxyFile is the drop-in that gives the runtime a proxy.
const proxyFile = "/etc/systemd/system/containerd.service.d/http-proxy.conf"

// clearNode takes from the node what other stages find wrong with it, so that a
// state's faults are its own, and gives it what some states begin with.
func (l *lab) clearNode(ctx context.Context) error {
	for _, path := range []string{"/etc/ssl/certs/tkg-corp-expired-root-ca.pem", lateFile, certsDir} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	for name, authority := range map[string]string{"ca-wrong": "ca-wrong-other", "ca-rekeyed": "ca-rekeyed-old"} {
		if err := copyFile(authorityFile(authority), (&state{name: name}).file()); err != nil {
			return err
		}
	}
	if err := updateTrust(ctx, l, nil); err != nil {
		return err
	}
	return l.restartContainerd(ctx)
}

// authorityFile is a CA's certificate as whoever runs the registry has it.
func authorityFile(name string) string { return filepath.Join(stateDir, "states", name+".pem") }

func restartRuntime(ctx context.Context, l *lab, _ *state) error { return l.restartContainerd(ctx) }

// outliveTolerance waits until what comes now is younger than the runtime by more than
// the two seconds that RT-NOD-007 allows clocks.
func outliveTolerance(ctx context.Context, _ *lab, _ *state) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(4 * time.Second):
		return nil
	}
}

// updateTrust is the trust command of the node's operating system.
func updateTrust(ctx context.Context, _ *lab, _ *state) error {
	out, err := exec.CommandContext(ctx, "update-ca-certificates").CombinedOutput()
	if err != nil {
		return fmt.Errorf("running update-ca-certificates: %w: %s", err, out)
	}
	return nil
}

// installCA puts the CA where the operating system takes CAs from, as a file of its
// own.
func installCA(_ context.Context, _ *lab, s *state) error {
	return copyFile(authorityFile(s.name), "/usr/local/share/ca-certificates/"+s.name+"-ca.crt")
}

// installation is what the report tells to do with a CA that a node lacks.
var installation = []step{
	{"put it as PEM into /usr/local/share/ca-certificates with the suffix .crt", installCA},
	{"run `update-ca-certificates`", updateTrust},
	{"restart the container runtime (`systemctl restart containerd`)", restartRuntime},
}

// encodedFile leaves there what one round of encoding too many leaves.
func encodedFile(ctx context.Context, l *lab, s *state) error {
	ca, err := os.ReadFile(authorityFile(s.name))
	if err != nil {
		return err
	}
	if err := pki.WriteFile(s.file(), []byte(base64.StdEncoding.EncodeToString(ca)), 0o644); err != nil {
		return err
	}
	return updateTrust(ctx, l, s)
}

// expiredFile leaves the CA's former certificate there.
func expiredFile(ctx context.Context, l *lab, s *state) error {
	if err := copyFile(authorityFile(s.name+"-old"), s.file()); err != nil {
		return err
	}
	return updateTrust(ctx, l, s)
}

func renewFile(_ context.Context, _ *lab, s *state) error {
	return copyFile(authorityFile(s.name), s.file())
}

func decodeFile(_ context.Context, _ *lab, s *state) error {
	text, err := os.ReadFile(s.file())
	if err != nil {
		return err
	}
	ca, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return err
	}
	return pki.WriteFile(s.file(), ca, 0o644)
}

// setProxy lets the runtime pull through the proxy.
func setProxy(_ context.Context, _ *lab, _ *state) error {
	return pki.WriteFile(proxyFile, []byte("[Service]\nEnvironment=\"HTTPS_PROXY=http://proxy.corp.example:3128\"\n"), 0o644)
}

// exemptFromProxy adds the registry to the proxy's exceptions.
func exemptFromProxy(_ context.Context, _ *lab, s *state) error {
	return appendTo(proxyFile, fmt.Sprintf("Environment=\"NO_PROXY=%s.corp.example\"\n", s.name))
}

// nameMirror lets the runtime ask a mirror first. The registry itself has nothing.
func nameMirror(_ context.Context, _ *lab, s *state) error {
	settings := fmt.Sprintf("server = \"https://%[1]s.corp.example\"\n\n[host.\"https://%[1]s-mirror.corp.example\"]\n", s.name)
	return pki.WriteFile(filepath.Join(certsDir, s.name+".corp.example", "hosts.toml"), []byte(settings), 0o644)
}

// nameMissingFile gives the registry settings with a CA file that is not there.
func nameMissingFile(_ context.Context, _ *lab, s *state) error {
	settings := fmt.Sprintf("[host.\"https://%s.corp.example\"]\n  ca = %q\n", s.name, s.hostsCA())
	return pki.WriteFile(filepath.Join(certsDir, s.name+".corp.example", "hosts.toml"), []byte(settings), 0o644)
}

// hostsCA is where hosts.toml looks for the registry's CA.
func (s *state) hostsCA() string { return filepath.Join(certsDir, s.name+".corp.example", "ca.crt") }

func putMissingFile(_ context.Context, _ *lab, s *state) error {
	return copyFile(authorityFile(s.name), s.hostsCA())
}

// repairRegistry lets whoever runs the registry do it: registries/switch.go.
func repairRegistry(_ context.Context, _ *lab, s *state) error {
	return pki.WriteFile(filepath.Join(stateDir, "repaired", s.name), nil, 0o600)
}

// makeSecret is kubectl create secret docker-registry.
func makeSecret(ctx context.Context, l *lab, s *state) error {
	login := base64.StdEncoding.EncodeToString([]byte("robot:s3cret"))
	config := fmt.Sprintf(`{"auths":{"%s.corp.example":{"auth":"%s"}}}`, s.name, login)
	return l.admin.post(ctx, "/api/v1/namespaces/"+s.name+"/secrets", object{
		"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": pullSecret}, "type": "kubernetes.io/dockerconfigjson",
		"data": object{".dockerconfigjson": base64.StdEncoding.EncodeToString([]byte(config))},
	}, nil)
}

// pullSecret is what the pull secrets are called.
const pullSecret = "registry-login"

// nameSecret lets the pod that comes name the secret.
func nameSecret(_ context.Context, _ *lab, s *state) error {
	s.secret = pullSecret
	return nil
}
