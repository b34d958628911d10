package main

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// supervisorServer is an API server of Cluster API's kinds: team-a/web is the
// workload cluster, team-a/gone has a kubeconfig that leads nowhere, team-b/bare has
// none. Its rest is as apiServer's, whose fault comes first.
func supervisorServer(t *testing.T, workload *httptest.Server, token, sshKey string) *httptest.Server {
	t.Helper()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: workload.Certificate().Raw})
	kubeconfig := func(server string) string {
		return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: %q}}]}`, server, base64.StdEncoding.EncodeToString(ca), token)
	}
	answers := map[string]any{
		"/apis/cluster.x-k8s.io":         map[string]any{"kind": "APIGroup", "apiVersion": "v1", "name": "cluster.x-k8s.io", "versions": []any{map[string]any{"groupVersion": "cluster.x-k8s.io/v1beta1", "version": "v1beta1"}}},
		"/apis/cluster.x-k8s.io/v1beta1": map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "cluster.x-k8s.io/v1beta1", "resources": []any{map[string]any{"name": "clusters", "namespaced": true, "kind": "Cluster"}}},
	}
	list := func(path string, names ...string) {
		items := []any{}
		for _, name := range names {
			namespace, name, _ := strings.Cut(name, "/")
			items = append(items, map[string]any{"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "metadata": map[string]any{"namespace": namespace, "name": name}, "spec": map[string]any{}})
		}
		answers["/apis/cluster.x-k8s.io/v1beta1/"+path] = map[string]any{"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "ClusterList", "metadata": map[string]any{}, "items": items}
	}
	list("clusters", "team-a/web", "team-a/gone", "team-b/bare")
	list("namespaces/team-a/clusters", "team-a/web", "team-a/gone")
	list("namespaces/team-b/clusters", "team-b/bare")
	list("namespaces/team-c/clusters")
	for name, data := range map[string]map[string]string{
		"web-kubeconfig":  {"value": kubeconfig(workload.URL)},
		"web-ssh":         {"ssh-privatekey": sshKey},
		"gone-kubeconfig": {"value": kubeconfig("https://127.0.0.1:1")},
	} {
		encoded := map[string]string{}
		for key, value := range data {
			encoded[key] = base64.StdEncoding.EncodeToString([]byte(value))
		}
		answers["/api/v1/namespaces/team-a/secrets/"+name] = map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"namespace": "team-a", "name": name}, "data": encoded}
	}
	return apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		if found := answers[r.URL.Path]; found != nil {
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(found); err != nil {
				t.Error(err)
			}
		}
	})
}

// allClusters are the flags that read them.
func allClusters(t *testing.T, c canaries) []string {
	t.Helper()
	s := supervisorServer(t, apiServer(t, nil), c.token, c.key)
	return []string{"--no-probe", "--kubeconfig", kubeconfigFor(t, s, fmt.Sprintf("{token: %q}", c.token)), "--supervisor-context", "test", "--all-clusters"}
}

func TestAllClusters(t *testing.T) {
	c := newCanaries(t)
	flags := allClusters(t, c)
	got := regpolicy(t, append([]string{"eval", "-o", "json"}, flags...)...)
	if got.code != exitFailed {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	var rep report.Report
	if err := json.Unmarshal([]byte(got.stdout), &rep); err != nil {
		t.Fatal(err)
	}
	var documents []string
	for _, d := range rep.Run.Documents {
		documents = append(documents, d.Cluster+" of "+d.URI)
	}
	if want := []string{"team-a/gone of live/team-a/gone", "team-a/web of live/team-a/web", "team-b/bare of live/team-b/bare"}; !slices.Equal(documents, want) {
		t.Errorf("documents %q, want %q", documents, want)
	}
	verdicts := map[string]string{}
	for _, r := range rep.Results {
		if r.ID != "RT-EVT-001" {
			continue
		}
		verdicts[r.Subject["cluster"]] = string(r.Verdict)
		for _, m := range r.Missing {
			verdicts[r.Subject["cluster"]] += " " + m.Reason
		}
	}
	for cluster, want := range map[string]string{"team-a/web": "fail", "team-a/gone": "inconclusive refused", "team-b/bare": "inconclusive not_found"} {
		if !strings.HasPrefix(verdicts[cluster], want) {
			t.Errorf("RT-EVT-001 of %s: %q, want %s", cluster, verdicts[cluster], want)
		}
	}
	got = regpolicy(t, append([]string{"eval", "--supervisor-namespace", "team-b"}, flags...)...)
	if got.code != exitInconclusive || !strings.Contains(got.stdout, "not_found") {
		t.Errorf("a namespace of a cluster that cannot be read: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestAllClustersCollected: the documents judged later give what is judged at once.
func TestAllClustersCollected(t *testing.T) {
	c := newCanaries(t)
	flags := allClusters(t, c)
	dir := filepath.Join(t.TempDir(), "fleet")
	got := regpolicy(t, append([]string{"collect", "-o", dir + "/"}, flags...)...)
	if got.code != exitOK || !strings.Contains(got.stderr, "gap: team-a/gone: pods: kind=section,name=pods: refused: ") || !strings.HasSuffix(got.stderr, ": 3\n") {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("files %q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := evidence.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Replace(doc.Cluster, "/", "_", 1) + ".json"; filepath.Base(file) != want {
			t.Errorf("%s is of %s", file, doc.Cluster)
		}
	}
	if got := regpolicy(t, append([]string{"eval", "-o", "json"}, files...)...); got.code != exitFailed {
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
	regpolicy(t, append([]string{"collect"}, flags...)...).checkComplaint(t, exitUsage, "--all-clusters", `"-" is no folder`)
	regpolicy(t, append([]string{"collect", "-o", files[0]}, flags...)...).checkComplaint(t, exitUsage, "is no folder")
}

// TestASupervisorWithoutClusters: nothing was evaluated, and that is no success
// unless it is asked for.
func TestASupervisorWithoutClusters(t *testing.T) {
	c := newCanaries(t)
	flags := append(allClusters(t, c), "--supervisor-namespace", "team-c")
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"eval"}, exitNothing, "there is no cluster to evaluate"},
		{[]string{"eval", "--allow-empty"}, exitOK, "has no Cluster"},
		{[]string{"collect", "-o", t.TempDir()}, exitNothing, "has no Cluster"},
	} {
		got := regpolicy(t, append(tt.args, flags...)...)
		if got.code != tt.code || !strings.Contains(got.stderr, tt.says) || !strings.Contains(got.stderr, `in namespace "team-c"`) {
			t.Errorf("%s: exit code %d, want %d\n%s", tt.args, got.code, tt.code, got.stderr)
		}
	}
}

func TestAllClustersUsedWrongly(t *testing.T) {
	c := newCanaries(t)
	flags := allClusters(t, c)
	document := documentWith(t)
	for want, args := range map[string][]string{
		"--all-clusters and --context exclude each other":   {"--context", "test"},
		"--all-clusters and --cluster exclude each other":   {"--cluster", "web"},
		"--all-clusters and --server exclude each other":    {"--server", "https://127.0.0.1:1"},
		"--insecure-skip-tls-verify exclude each other":     {"--insecure-skip-tls-verify"},
		"--all-clusters and --node exclude each other":      {"--node", "wk-1"},
		"--all-clusters and --host-root exclude each other": {"--host-root", "wk-1=/"},
		"--all-clusters reads live clusters":                {document},
		`context "other" is not in it`:                      {"--supervisor-context", "other"},
		"known_hosts":                                       {"--ssh-from-supervisor"},
	} {
		regpolicy(t, append(append([]string{"eval"}, flags...), args...)...).checkComplaint(t, exitUsage, want)
	}
	regpolicy(t, "eval", "--all-clusters").checkComplaint(t, exitUsage, "--all-clusters needs a Supervisor")
	regpolicy(t, "eval", "--ssh-from-supervisor").checkComplaint(t, exitUsage, "--ssh-from-supervisor is for --all-clusters")
	regpolicy(t, "eval", "--cluster-timeout", "1m").checkComplaint(t, exitUsage, "--cluster-timeout is for --all-clusters")
	regpolicy(t, "fix", "--all-clusters", document).checkComplaint(t, exitUsage, "--all-clusters")
}

// TestNoSecretOfASupervisorGetsOut, neither a kubeconfig's token nor an SSH key.
func TestNoSecretOfASupervisorGetsOut(t *testing.T) {
	c := newCanaries(t)
	known := writeFile(t, "known_hosts", "")
	dir := t.TempDir()
	for _, how := range [][]string{
		{"collect", "-o", dir},
		{"eval", "--show-passed", "-o", "text", "-o", "json=" + filepath.Join(dir, "report.json"), "-o", "html=" + filepath.Join(dir, "report.html")},
	} {
		flags := append(allClusters(t, c), "--ssh-from-supervisor", "--ssh-known-hosts", known)
		got := process{args: append(how, flags...)}.run(t)
		got.checkCalm(t)
		if got.code == exitUsage {
			t.Errorf("%s: exit code %d\n%s", how[0], got.code, got.stderr)
		}
		c.check(t, how[0]+"'s standard output", got.stdout)
		c.check(t, how[0]+"'s standard error", got.stderr)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("files %q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c.check(t, file, string(text))
	}
}
