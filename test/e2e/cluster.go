package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// clusterDir holds the cluster's certificates.
const clusterDir = stateDir + "/cluster"

func (l *lab) startCluster(ctx context.Context) error {
	etcd, err := l.start("etcd", "etcd", "--data-dir=/var/lib/etcd", "--unsafe-no-fsync",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379", "--listen-peer-urls=http://127.0.0.1:2380")
	if err != nil {
		return err
	}
	if err := l.writeClusterPKI(); err != nil {
		return err
	}
	apiserver, err := l.startAPIServer()
	if err != nil {
		return err
	}
	if err := l.startRegistries(ctx); err != nil {
		return err
	}
	if err := l.startContainerd(ctx); err != nil {
		return err
	}
	if l.admin, err = newClient(apiServer, clusterDir, "admin"); err != nil {
		return err
	}
	ready := func(ctx context.Context) error { return l.admin.get(ctx, "/readyz", nil) }
	if err := await(ctx, time.Minute, "the API server", ready, etcd, apiserver); err != nil {
		return err
	}
	l.tally.check("API server", "ready", "ready")
	if err := serveAPIToPods(); err != nil {
		return err
	}
	if err := l.startControllers(); err != nil {
		return err
	}
	return l.startKubelet(ctx)
}

// startRegistries also makes the node trust what it is to trust, before
// containerd looks for the first time.
func (l *lab) startRegistries(ctx context.Context) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	registries, err := l.start("registries", filepath.Join(l.bin, "registries"), "-dir", stateDir, "-hello", filepath.Join(l.bin, "hello"),
		"-regpolicy", filepath.Join(l.bin, "regpolicy"), "-busybox", busybox)
	if err != nil {
		return err
	}
	up := func(context.Context) error {
		_, err := os.Stat(filepath.Join(stateDir, "ready"))
		return err
	}
	if err := await(ctx, 30*time.Second, "the registries", up, registries); err != nil {
		return err
	}
	files, err := filepath.Glob(stateDir + "/trusted/*.pem")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := copyFile(file, filepath.Join("/etc/ssl/certs", filepath.Base(file))); err != nil {
			return err
		}
	}
	l.tally.check("registries", "ready", "ready")
	return nil
}

func (l *lab) startAPIServer() (*process, error) {
	in := func(name string) string { return filepath.Join(clusterDir, name) }
	return l.start("apiserver", filepath.Join(l.bin, "kube"), "apiserver",
		"--etcd-servers=http://127.0.0.1:2379", "--bind-address=127.0.0.1", "--secure-port=6443", "--advertise-address="+nodeAddress,
		"--service-cluster-ip-range=10.96.0.0/16", "--tls-cert-file="+in("apiserver.crt"), "--tls-private-key-file="+in("apiserver.key"),
		"--client-ca-file="+in("ca.crt"), "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+in("tokens.crt"), "--service-account-signing-key-file="+in("tokens.key"),
		"--kubelet-client-certificate="+in("admin.crt"), "--kubelet-client-key="+in("admin.key"), "--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=Node,RBAC")
}

func (l *lab) startKubelet(ctx context.Context) error {
	kubelet, err := l.start("kubelet", filepath.Join(l.bin, "kube"), "kubelet", "--config=/etc/kubernetes/kubelet.yaml",
		"--kubeconfig="+filepath.Join(clusterDir, "kubelet.conf"), "--cgroup-root="+l.cgroup, "--hostname-override="+nodeName,
		"--node-ip="+nodeAddress, "--root-dir=/var/lib/kubelet", "--cert-dir=/var/lib/kubelet/pki")
	if err != nil {
		return err
	}
	ready := func(ctx context.Context) error {
		var node struct {
			Status struct {
				Conditions []struct{ Type, Status, Message string }
			}
		}
		if err := l.admin.get(ctx, "/api/v1/nodes/"+nodeName, &node); err != nil {
			return err
		}
		for _, c := range node.Status.Conditions {
			if c.Type == "Ready" && c.Status == "True" {
				return nil
			}
		}
		return fmt.Errorf("not ready: %+v", node.Status.Conditions)
	}
	if err := await(ctx, time.Minute, "the node", ready, kubelet); err != nil {
		return err
	}
	l.tally.check("node", "ready", "ready")
	return l.awaitNamespace(ctx, "default")
}

// startContainerd returns when containerd's CRI answers: until then the kubelet
// would be told "server is not initialized yet", which costs a pod ten seconds.
func (l *lab) startContainerd(ctx context.Context) error {
	env, err := unitEnvironment("containerd")
	if err != nil {
		return err
	}
	if l.containerd, err = l.startWith(env, "containerd", "containerd"); err != nil {
		return err
	}
	return await(ctx, 30*time.Second, "containerd", criAnswers, l.containerd)
}

func (l *lab) restartContainerd(ctx context.Context) error {
	if err := l.containerd.stop(); err != nil {
		return err
	}
	return l.startContainerd(ctx)
}

// criAnswers asks as the kubelet does: gRPC over HTTP/2, here with an empty message.
func criAnswers(ctx context.Context) error {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: &protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", "/run/containerd/containerd.sock")
		},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://containerd/runtime.v1.RuntimeService/ListContainers", bytes.NewReader(make([]byte, 5)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		return err
	}
	if response.Trailer.Get("Grpc-Status") != "0" && response.Header.Get("Grpc-Status") != "0" {
		return errors.New("its CRI is not there yet")
	}
	return nil
}

// writeClusterPKI writes what the API server, the kubelet and the administrator
// need. The API server takes a user from the common name, groups from the
// organisations.
func (l *lab) writeClusterPKI() error {
	ca, err := pki.NewAuthority("kubernetes", nil)
	if err != nil {
		return err
	}
	if err := pki.WriteFile(filepath.Join(clusterDir, "ca.crt"), ca.PEM(), 0o644); err != nil {
		return err
	}
	for _, c := range []struct {
		file, name string
		options    []pki.Option
	}{
		{"apiserver", "localhost", []pki.Option{pki.Addresses(net.IPv4(127, 0, 0, 1), net.ParseIP(nodeAddress), net.IPv4(10, 96, 0, 1))}},
		{"tokens", "service account tokens", nil},
		{"admin", "administrator", []pki.Option{pki.ForClients, pki.Groups("system:masters")}},
		{"kubelet", "system:node:" + nodeName, []pki.Option{pki.ForClients, pki.Groups("system:nodes")}},
		{"no-events", "no-events", []pki.Option{pki.ForClients}},
	} {
		leaf, err := ca.Leaf(c.name, c.options...)
		if err != nil {
			return err
		}
		if err := pki.Write(filepath.Join(clusterDir, c.file), leaf); err != nil {
			return err
		}
	}
	for _, user := range []string{"kubelet", "admin"} {
		if _, err = writeKubeconfig(user, certificateOf(user)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return pki.WriteFile(to, content, 0o644)
}
