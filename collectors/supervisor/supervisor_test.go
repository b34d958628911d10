package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
	now, most, full := 0, 0, make(chan struct{})
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
		if most = max(most, now); now == 3 && !closed(full) {
			close(full)
		}
		mu.Unlock()
		select {
		case <-full:
		case <-time.After(10 * time.Second):
		}
		mu.Lock()
		now--
		mu.Unlock()
		return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	}
	if docs := gather(t, t.Context(), cfg); len(docs) != 12 {
		t.Errorf("%d documents", len(docs))
	}
	if most != 3 {
		t.Errorf("%d at once, want 3", most)
	}
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
