package supervisor_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/supervisor"
)

const (
	ownToken      = "supervisor-s3cret-t0ken"
	workloadToken = "workload-s3cret-t0ken"
)

// site is a Supervisor with clusters in two namespaces, and one of the clusters.
type site struct{ supervisor, workload *api }

// newSite makes a Supervisor whose clusters are read well or fail in one way each,
// by their names.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{newAPI(t, ownToken), newAPI(t, workloadToken)}
	s.workload.serve("v1", "pods", "Pod", object{
		"metadata": named("shop", "app-1"), "spec": object{"nodeName": "wk-1", "containers": []object{{"name": "app", "image": "harbor.corp.example/app:1"}}},
		"status": object{"phase": "Running"},
	})
	s.workload.serve("v1", "events", "Event")
	s.workload.serve("v1", "nodes", "Node", object{
		"metadata": named("", "wk-1"), "status": object{"addresses": []object{{"type": "InternalIP", "address": "127.0.0.1"}}},
	})
	var clusters []object
	for _, name := range []string{"web", "gone", "silent", "bare", "denied", "keyless", "garbage", "huge", "program", "stranger"} {
		clusters = append(clusters, s.cluster("team-a", name))
	}
	s.supervisor.serve("cluster.x-k8s.io/v1beta1", "clusters", "Cluster", append(clusters, s.cluster("team-b", "web"))...)
	s.supervisor.serve("cluster.x-k8s.io/v1beta1", "machines", "Machine",
		object{"metadata": named("team-a", "web-1"), "spec": object{"clusterName": "web"}, "status": object{"phase": "Running", "nodeRef": object{"name": "wk-1"}}},
		object{"metadata": named("team-b", "web-1"), "spec": object{"clusterName": "web"}})
	// web is what the Cluster of that name carries out; old has no such twin.
	s.supervisor.serve("run.tanzu.vmware.com/v1alpha3", "tanzukubernetesclusters", "TanzuKubernetesCluster",
		object{"metadata": named("team-a", "web"), "status": object{"phase": "running"}}, object{"metadata": named("team-b", "old")})
	s.supervisor.serve("run.tanzu.vmware.com/v1alpha3", "tkgserviceconfigurations", "TkgServiceConfiguration", object{
		"metadata": named("", "tkg-service-configuration"),
		"spec":     object{"trust": object{"additionalTrustedCAs": []object{{"name": "global-ca", "data": encode(s.workload.ca())}}}},
	})
	for _, cluster := range []string{"team-a/web", "team-b/web", "team-b/old"} {
		namespace, name, _ := strings.Cut(cluster, "/")
		s.kubeconfig(namespace, name, s.workload.kubeconfig(""))
	}
	s.kubeconfig("team-a", "gone", strings.Replace(s.workload.kubeconfig(""), s.workload.URL, "https://"+closedPort(t), 1))
	s.kubeconfig("team-a", "silent", strings.Replace(s.workload.kubeconfig(""), s.workload.URL, "https://"+silentPort(t), 1))
	s.supervisor.forbidden = append(s.supervisor.forbidden, "/api/v1/namespaces/team-a/secrets/denied-kubeconfig")
	s.supervisor.secret("team-a", "keyless-kubeconfig", map[string]string{"kubeconfig": s.workload.kubeconfig("")})
	s.kubeconfig("team-a", "garbage", "{"+workloadToken)
	s.kubeconfig("team-a", "huge", strings.Repeat("#"+workloadToken+"\n", 50_000))
	s.kubeconfig("team-a", "program", s.workload.kubeconfig(", exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [x], interactiveMode: Never}"))
	s.kubeconfig("team-a", "stranger", strings.Replace(s.workload.kubeconfig(""), workloadToken, "an-old-token", 1))
	return s
}

// cluster is one whose trust variable names a key of its trust secret.
func (s *site) cluster(namespace, name string) object {
	s.supervisor.secret(namespace, name+"-user-trusted-ca-secret", map[string]string{"corp-ca": encode(s.workload.ca())})
	return object{
		"metadata": named(namespace, name), "status": object{"phase": "Provisioning"},
		"spec": object{"topology": object{"class": "tanzukubernetescluster", "version": "v1.31.4", "variables": []object{
			{"name": "trust", "value": object{"additionalTrustedCAs": []object{{"name": "corp-ca"}}}},
		}}},
	}
}

func (s *site) kubeconfig(namespace, name, text string) {
	s.supervisor.secret(namespace, name+"-kubeconfig", map[string]string{"value": text})
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// silentPort accepts connections and says nothing.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func (s *site) config(t *testing.T, namespace string) supervisor.Config {
	t.Helper()
	return supervisor.Config{
		Each: collectors.Config{
			Tool: evidence.Tool{Name: "regpolicy", Version: "test"}, Now: func() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) },
			Probe: true, FromCollector: true, ProbeTimeout: time.Second, ConnectTo: map[string]string{"harbor.corp.example:443": "127.0.0.1:1"},
		},
		API: s.supervisor.connect(t, namespace), Name: "sv",
		Clusters: kube.Options{QPS: -1, Retries: -1, Timeout: 5 * time.Second},
	}
}

// gather runs it and returns the documents by cluster.
func gather(t *testing.T, ctx context.Context, cfg supervisor.Config) map[string]*evidence.Document {
	t.Helper()
	docs := map[string]*evidence.Document{}
	err := supervisor.Run(ctx, cfg, func(doc *evidence.Document) error {
		if docs[doc.Cluster] != nil {
			t.Errorf("two documents of %q", doc.Cluster)
		}
		docs[doc.Cluster] = doc
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, doc := range docs {
		check(t, name, doc)
	}
	return docs
}

// check holds what is true of every document, and that none has a secret.
func check(t *testing.T, name string, doc *evidence.Document) {
	t.Helper()
	for collector, c := range doc.Coverage {
		if c.Asked != c.Answered+len(c.Gaps)+c.Skipped {
			t.Errorf("%s: %s: %d asked, %d answered, %d gaps, %d skipped", name, collector, c.Asked, c.Answered, len(c.Gaps), c.Skipped)
		}
		for _, g := range c.Gaps {
			if !slices.Contains(evidence.Reasons, g.Reason) || g.Detail == "" {
				t.Errorf("%s: %s: gap %+v", name, collector, g)
			}
		}
	}
	encoded, err := evidence.Encode(doc)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, secret := range []string{ownToken, workloadToken, "an-old-token", "PRIVATE KEY"} {
		for offset := range 3 {
			inside := encode([]byte("xxx"[:offset] + secret))
			if strings.Contains(string(encoded), secret) || strings.Contains(string(encoded), inside[4:len(inside)-4]) {
				t.Errorf("%s: the document holds %q", name, secret)
			}
		}
	}
}
