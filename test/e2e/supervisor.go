package main

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

//go:embed supervisor/crds.yaml
var supervisorCRDs []byte

const (
	supervisorAPI = "https://127.0.0.1:7443"
	supervisorDir = stateDir + "/supervisor"
	// supervisorHome is the home folder of the one who reads all clusters: the only
	// kubeconfig there is the Supervisor's.
	supervisorHome = "/run/e2e/supervisor-home"
)

// supervisor is a second API server, with the kinds of Cluster API and TKG.
type supervisor struct {
	admin *client
	token string // what regpolicy logs in with
	audit string // path of the log of all requests
}

// startSupervisor starts it, with its own etcd, certificates and kinds.
func (l *lab) startSupervisor(ctx context.Context) (*supervisor, error) {
	s := &supervisor{audit: filepath.Join(l.logs, "supervisor-audit.log")}
	etcd, err := l.start("supervisor-etcd", "etcd", "--data-dir=/var/lib/etcd/supervisor", "--unsafe-no-fsync",
		"--listen-client-urls=http://127.0.0.1:2479", "--advertise-client-urls=http://127.0.0.1:2479", "--listen-peer-urls=http://127.0.0.1:2480")
	if err != nil {
		return nil, err
	}
	if err := writeSupervisorPKI(); err != nil {
		return nil, err
	}
	apiserver, err := l.startSupervisorAPI(s)
	if err != nil {
		return nil, err
	}
	if s.admin, err = newClient(supervisorAPI, supervisorDir, "admin"); err != nil {
		return nil, err
	}
	ready := func(ctx context.Context) error { return s.admin.get(ctx, "/readyz", nil) }
	if err := await(ctx, time.Minute, "the Supervisor's API server", ready, etcd, apiserver); err != nil {
		return nil, err
	}
	l.tally.check("the Supervisor's API server", "ready", "ready")
	return s, s.serveKinds(ctx)
}

func writeSupervisorPKI() error {
	ca, err := pki.NewAuthority("supervisor", nil)
	if err != nil {
		return err
	}
	if err := pki.WriteFile(filepath.Join(supervisorDir, "ca.crt"), ca.PEM(), 0o644); err != nil {
		return err
	}
	for name, options := range map[string][]pki.Option{
		"apiserver": {pki.Addresses(net.IPv4(127, 0, 0, 1))},
		"tokens":    nil,
		"admin":     {pki.ForClients, pki.Groups("system:masters")},
	} {
		leaf, err := ca.Leaf(name, options...)
		if err != nil {
			return err
		}
		if err := pki.Write(filepath.Join(supervisorDir, name), leaf); err != nil {
			return err
		}
	}
	// Who asked for what, without what was answered.
	policy := "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n"
	return pki.WriteFile(filepath.Join(supervisorDir, "audit.yaml"), []byte(policy), 0o644)
}

func (l *lab) startSupervisorAPI(s *supervisor) (*process, error) {
	in := func(name string) string { return filepath.Join(supervisorDir, name) }
	return l.start("supervisor-apiserver", filepath.Join(l.bin, "kube"), "apiserver",
		"--etcd-servers=http://127.0.0.1:2479", "--bind-address=127.0.0.1", "--secure-port=7443", "--advertise-address="+nodeAddress,
		"--service-cluster-ip-range=10.97.0.0/16", "--tls-cert-file="+in("apiserver.crt"), "--tls-private-key-file="+in("apiserver.key"),
		"--client-ca-file="+in("ca.crt"), "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+in("tokens.crt"), "--service-account-signing-key-file="+in("tokens.key"),
		"--audit-policy-file="+in("audit.yaml"), "--audit-log-path="+s.audit, "--authorization-mode=RBAC")
}

// serveKinds makes the API server serve the kinds of Cluster API and TKG.
func (s *supervisor) serveKinds(ctx context.Context) error {
	objects, err := readManifests("supervisor/crds.yaml", supervisorCRDs)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := s.admin.create(ctx, o); err != nil {
			return err
		}
	}
	for _, path := range []string{
		"/apis/cluster.x-k8s.io/v1beta1/clusters", "/apis/cluster.x-k8s.io/v1beta1/machines",
		"/apis/run.tanzu.vmware.com/v1alpha3/tanzukubernetesclusters", "/apis/run.tanzu.vmware.com/v1alpha3/tkgserviceconfigurations",
		"/apis/run.tanzu.vmware.com/v1alpha3/kappcontrollerconfigs",
	} {
		served := func(ctx context.Context) error { return s.admin.get(ctx, path, nil) }
		if err := await(ctx, 30*time.Second, path, served); err != nil {
			return err
		}
	}
	return nil
}

// grant gives the service account of docs/rbac.yaml what that file grants, and the
// optional Roles in its comments for these clusters, by namespace.
func (s *supervisor) grant(ctx context.Context, path string, clusters map[string][]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	objects, err := readManifests(path, text)
	if err != nil {
		return err
	}
	for namespace, names := range clusters {
		optional, err := commentedManifests(path, []byte(strings.ReplaceAll(string(text), "NAMESPACE", namespace)))
		if err != nil {
			return err
		}
		if len(optional) != 4 {
			return fmt.Errorf("reading %q: %d optional objects, want 4", path, len(optional))
		}
		for _, o := range optional {
			nameClusters(o, names)
			objects = append(objects, o)
		}
	}
	for _, o := range objects {
		if err := s.admin.create(ctx, o); err != nil {
			return err
		}
	}
	var token struct{ Status struct{ Token string } }
	err = s.admin.post(ctx, "/api/v1/namespaces/regpolicy/serviceaccounts/regpolicy/token",
		object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": object{"expirationSeconds": 600}}, &token)
	s.token = token.Status.Token
	return err
}

// nameClusters puts each cluster's name in place of CLUSTER in a Role's
// resourceNames.
func nameClusters(o object, names []string) {
	rules, _ := o["rules"].([]any)
	for _, rule := range rules {
		r, _ := rule.(object)
		templates, _ := r["resourceNames"].([]any)
		var all []any
		for _, template := range templates {
			for _, name := range names {
				all = append(all, strings.ReplaceAll(fmt.Sprint(template), "CLUSTER", name))
			}
		}
		r["resourceNames"] = all
	}
}

// writeHome gives the one who reads all clusters a kubeconfig and host keys, and no
// key to log in with.
func (s *supervisor) writeHome(knownHosts string) error {
	kubeconfig, err := inlineKubeconfig("supervisor", supervisorAPI, filepath.Join(supervisorDir, "ca.crt"), object{"token": s.token})
	if err != nil {
		return err
	}
	if err := pki.WriteFile(filepath.Join(supervisorHome, ".kube", "config"), kubeconfig, 0o600); err != nil {
		return err
	}
	return copyFile(knownHosts, filepath.Join(supervisorHome, ".ssh", "known_hosts"))
}

// inlineKubeconfig is a kubeconfig that names no file, as Cluster API writes it.
func inlineKubeconfig(name, server, caFile string, user object) ([]byte, error) {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	return json.Marshal(object{
		"apiVersion": "v1", "kind": "Config", "current-context": name,
		"clusters": []any{object{"name": name, "cluster": object{"server": server, "certificate-authority-data": base64.StdEncoding.EncodeToString(ca)}}},
		"users":    []any{object{"name": name, "user": user}},
		"contexts": []any{object{"name": name, "context": object{"cluster": name, "user": name}}},
	})
}
