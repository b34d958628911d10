package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
		Clusters: kube.Options{QPS: -1, Retries: -1, Timeout: 500 * time.Millisecond},
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

func TestEachClusterHasADocument(t *testing.T) {
	s := newSite(t)
	docs := gather(t, t.Context(), s.config(t, ""))
	for name, want := range map[string]struct{ reason, says string }{
		"team-a/web":      {},
		"team-b/web":      {},
		"team-b/old":      {},
		"team-a/gone":     {"refused", "connection refused"},
		"team-a/silent":   {"timeout_handshake", "no TLS handshake"},
		"team-a/bare":     {"not_found", "(the cluster is Provisioning)"},
		"team-a/denied":   {"forbidden", `reading secret "denied-kubeconfig" of namespace "team-a"`},
		"team-a/keyless":  {"parse_error", `it has no key "value"`},
		"team-a/garbage":  {"parse_error", `using secret "garbage-kubeconfig" of namespace "team-a": it is no kubeconfig`},
		"team-a/huge":     {"truncated", `using secret "huge-kubeconfig" of namespace "team-a": the kubeconfig is longer than`},
		"team-a/program":  {"auth_failed", "credential plugin (exec)"},
		"team-a/stranger": {"auth_failed", "does not accept the credentials (401)"},
	} {
		doc := docs[name]
		if doc == nil {
			t.Errorf("no document of %q", name)
			continue
		}
		delete(docs, name)
		for collector, section := range map[string]string{evidence.Pods: "pods", evidence.Events: "events", evidence.Images: "images", evidence.Handshakes: "endpoints"} {
			gaps := doc.Coverage[collector].Gaps
			switch {
			case want.reason == "":
				if section != "endpoints" && len(gaps) > 0 { // that of harbor is refused
					t.Errorf("%s: gaps of %s: %+v", name, collector, gaps)
				}
			case len(gaps) != 1 || gaps[0].Reason != want.reason || gaps[0].Subject["name"] != section || !strings.Contains(gaps[0].Detail, want.says):
				t.Errorf("%s: gaps of %s: %+v, want %s: ...%s...", name, collector, gaps, want.reason, want.says)
			}
		}
		if pods := len(doc.Pods); (pods == 1) != (want.reason == "") {
			t.Errorf("%s: %d pods", name, pods)
		}
		if names := slices.Collect(maps.Keys(doc.Clusters)); !slices.Equal(names, []string{name}) {
			t.Errorf("%s: knows the clusters %q", name, names)
		}
		checkTrust(t, name, doc)
	}
	for name := range docs {
		t.Errorf("a document of %q", name)
	}
	// Once for all clusters.
	for _, list := range []string{"/clusters", "/machines", "/tanzukubernetesclusters", "/tkgserviceconfigurations"} {
		if n := s.supervisor.asked(list); n != 1 {
			t.Errorf("the Supervisor was asked %d times for %s", n, list)
		}
	}
	if n := s.supervisor.asked("-ssh"); n != 0 {
		t.Errorf("%d SSH keys were read without being asked for", n)
	}
}

// checkTrust: the cluster's own trust entry and nobody else's, and its machines.
func checkTrust(t *testing.T, name string, doc *evidence.Document) {
	t.Helper()
	want := []string{"workload/TkgServiceConfiguration//tkg-service-configuration/global-ca"}
	if name != "team-b/old" {
		want = append(want, "workload/Cluster/"+name+"/corp-ca")
	}
	got := slices.Sorted(maps.Keys(doc.Trust))
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
		t.Errorf("%s: trust entries (-want +got):\n%s", name, diff)
	}
	for key, e := range doc.Trust {
		if !e.Resolved || e.Value == nil || len(e.Value.Blocks) != 1 {
			t.Errorf("%s: %s holds %+v", name, key, e.Value)
		}
	}
	if gaps := doc.Coverage[evidence.Trust].Gaps; len(gaps) > 0 {
		t.Errorf("%s: gaps of trust %+v", name, gaps)
	}
	machines := []string{}
	if strings.HasSuffix(name, "/web") {
		machines = append(machines, name+"-1")
	}
	if diff := cmp.Diff(machines, slices.Sorted(maps.Keys(doc.Machines)), cmpEmpty()); diff != "" {
		t.Errorf("%s: machines (-want +got):\n%s", name, diff)
	}
}

func cmpEmpty() cmp.Option {
	return cmp.Transformer("list", func(s []string) string { return fmt.Sprint(s) })
}

func TestANamespaceNarrows(t *testing.T) {
	s := newSite(t)
	s.supervisor.forbidden = []string{"/apis/cluster.x-k8s.io/v1beta1/clusters"} // of all namespaces
	docs := gather(t, t.Context(), s.config(t, "team-b"))
	if names := slices.Sorted(maps.Keys(docs)); !slices.Equal(names, []string{"team-b/old", "team-b/web"}) {
		t.Errorf("documents of %q", names)
	}
}

func TestOneListForbidden(t *testing.T) {
	s := newSite(t)
	s.supervisor.forbidden = []string{"/apis/run.tanzu.vmware.com/v1alpha3/tanzukubernetesclusters"}
	docs := gather(t, t.Context(), s.config(t, ""))
	if docs["team-a/web"] == nil || docs["team-b/old"] != nil {
		t.Fatalf("documents of %q", slices.Sorted(maps.Keys(docs)))
	}
	for name, doc := range docs { // there may be clusters that nobody knows of
		gaps := doc.Coverage[evidence.Trust].Gaps
		if len(gaps) != 1 || gaps[0].Reason != "forbidden" || gaps[0].Subject["name"] != "tanzukubernetesclusters" {
			t.Errorf("%s: gaps of trust %+v", name, gaps)
		}
	}
}

// TestANameThatCannotBe is no file's and no path's, and is not passed over either.
func TestANameThatCannotBe(t *testing.T) {
	s := newSite(t)
	s.supervisor.serve("cluster.x-k8s.io/v1beta1", "clusters", "Cluster", s.cluster("team-c", "../../etc"), s.cluster("team_c", "web"), s.cluster("team-c", "good"))
	s.kubeconfig("team-c", "good", s.workload.kubeconfig(""))
	docs := gather(t, t.Context(), s.config(t, ""))
	doc := docs["team-c/good"]
	if doc == nil || len(docs) != 3 { // and the two that TanzuKubernetesClusters name
		t.Fatalf("documents of %q", slices.Sorted(maps.Keys(docs)))
	}
	gaps := doc.Coverage[evidence.Trust].Gaps
	if len(gaps) != 1 || !strings.Contains(gaps[0].Detail, "2 of them have a name that no API server would take") {
		t.Errorf("gaps of trust %+v", gaps)
	}
}

// TestAllListsForbidden: nobody knows of any cluster, and that must not look well.
func TestAllListsForbidden(t *testing.T) {
	s := newSite(t)
	s.supervisor.forbidden = []string{"/apis/run.tanzu.vmware.com/v1alpha3/tanzukubernetesclusters", "/apis/cluster.x-k8s.io/v1beta1/clusters"}
	docs := gather(t, t.Context(), s.config(t, ""))
	doc := docs["sv"]
	if doc == nil || len(docs) != 1 {
		t.Fatalf("documents of %q", slices.Sorted(maps.Keys(docs)))
	}
	for _, collector := range []string{evidence.Pods, evidence.Trust} {
		if gaps := doc.Coverage[collector].Gaps; len(gaps) == 0 || gaps[0].Reason != "forbidden" {
			t.Errorf("gaps of %s: %+v", collector, gaps)
		}
	}
}

func TestASupervisorWithoutClusters(t *testing.T) {
	for name, fill := range map[string]func(*api){
		"of another kind": func(*api) {},
		"still empty": func(a *api) {
			a.serve("cluster.x-k8s.io/v1beta1", "clusters", "Cluster")
			a.serve("run.tanzu.vmware.com/v1alpha3", "tanzukubernetesclusters", "TanzuKubernetesCluster")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{supervisor: newAPI(t, ownToken)}
			fill(s.supervisor)
			err := supervisor.Run(t.Context(), s.config(t, ""), func(doc *evidence.Document) error {
				t.Errorf("a document of %q", doc.Cluster)
				return nil
			})
			if !errors.Is(err, supervisor.ErrNone) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAnInterruption leaves a document of each cluster all the same.
func TestAnInterruption(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := s.config(t, "")
	var finished atomic.Int32
	cfg.Progress = func(int, int) { finished.Add(1); cancel() }
	cfg.Jobs = 1
	docs := gather(t, ctx, cfg)
	if len(docs) != 12 || finished.Load() != 12 {
		t.Errorf("%d documents, %d finished", len(docs), finished.Load())
	}
	cancelled := 0
	for _, doc := range docs {
		if gaps := doc.Coverage[evidence.Pods].Gaps; len(gaps) == 1 && gaps[0].Reason == "cancelled" {
			cancelled++
		}
	}
	if cancelled != 11 {
		t.Errorf("%d of 11 say that they were cancelled", cancelled)
	}
}

// TestADocumentThatIsNotTaken ends it all.
func TestADocumentThatIsNotTaken(t *testing.T) {
	s := newSite(t)
	cfg := s.config(t, "")
	cfg.Jobs = 1
	full := errors.New("the disk is full")
	n := 0
	err := supervisor.Run(t.Context(), cfg, func(*evidence.Document) error {
		n++
		return full
	})
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("%d were handed over, %v", n, err)
	}
}

// TestClustersAreReadSideBySide, as many as Jobs says and no more.
func TestClustersAreReadSideBySide(t *testing.T) {
	s := newSite(t)
	var mu sync.Mutex
	now, most := 0, 0
	var clusters []object
	for i := range 12 {
		clusters = append(clusters, s.cluster("team-c", fmt.Sprintf("c%d", i)))
		s.kubeconfig("team-c", fmt.Sprintf("c%d", i), s.workload.kubeconfig(""))
	}
	s.supervisor.serve("cluster.x-k8s.io/v1beta1", "clusters", "Cluster", clusters...)
	cfg := s.config(t, "team-c")
	cfg.Jobs = 3
	cfg.Each.Now = func() time.Time { // the first thing that each run does
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	}
	if docs := gather(t, t.Context(), cfg); len(docs) != 12 {
		t.Errorf("%d documents", len(docs))
	}
	if most > 3 || most < 2 {
		t.Errorf("%d at once, want 3 at most", most)
	}
}
