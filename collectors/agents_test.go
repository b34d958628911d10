package collectors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/source/agent"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// deployed is an API server with a node for each log, and an agent on it.
func deployed(t *testing.T, logs map[string][]byte) *kube.Cluster {
	t.Helper()
	type object = map[string]any
	list := func(kind string, items ...object) object {
		return object{"apiVersion": "v1", "kind": kind, "metadata": object{}, "items": items}
	}
	var nodes, pods []object
	for name := range logs {
		nodes = append(nodes, object{"metadata": object{"name": name, "uid": name}})
		pods = append(pods, object{
			"metadata": object{"name": "agent-" + name, "namespace": agent.DefaultNamespace, "uid": "agent-" + name},
			"spec":     object{"nodeName": name}, "status": object{"phase": "Running"},
		})
	}
	const in = "/api/v1/namespaces/" + agent.DefaultNamespace + "/pods"
	answers := map[string]object{
		"/api/v1/nodes": list("NodeList", nodes...), in: list("PodList", pods...), "/api/v1/pods": list("PodList"), "/api/v1/events": list("EventList"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, in+"/agent-")
		if log := logs[strings.TrimSuffix(name, "/log")]; ok && log != nil {
			w.Header().Set("Content-Type", "text/plain")
			w.Write(log) //nolint:errcheck // the client may hang up
			return
		}
		answer, known := answers[r.URL.Path]
		if !known {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer) //nolint:errcheck // as above
	}))
	t.Cleanup(server.Close)
	c, err := kube.Connect(&rest.Config{Host: server.URL}, kube.Options{QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// frameOf is what the agent on a node writes that has these files.
func frameOf(t *testing.T, root collectors.HostRoot, registries ...handshake.Target) *agent.Frame {
	t.Helper()
	f, err := collectors.ReadOwnNode(t.Context(), collectors.AgentConfig{
		Tool: evidence.Tool{Name: "regpolicy", Version: "test"}, Now: at(testTime), Root: root, Registries: registries,
		ConnectTo: map[string]string{"registry.corp.example:443": "127.0.0.1:1"}, ProbeTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func logOf(t *testing.T, f *agent.Frame) []byte {
	t.Helper()
	var log bytes.Buffer
	if err := agent.Write(&log, f); err != nil {
		t.Fatal(err)
	}
	return log.Bytes()
}

func throughAgents(t *testing.T, c *kube.Cluster, now time.Time, warn func(text, hint string)) *evidence.Document {
	t.Helper()
	return collectors.Run(t.Context(), collectors.Config{
		Tool: evidence.Tool{Name: "regpolicy", Version: "test"}, Now: at(now), Cluster: c, AllNodes: true, FromNodes: true,
		Registries: []handshake.Target{{Host: "unasked.corp.example", Port: 443}},
		Agent: &collectors.AgentSource{Cluster: c, WantProbes: true, Options: agent.Options{
			Namespace: agent.DefaultNamespace, Selector: agent.DefaultSelector, Warn: warn,
			Sleep: func(context.Context, time.Duration) error { return context.Canceled },
		}},
	})
}

// wholeRoot is a copy of a node's files with what makes it a root.
func wholeRoot(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"usr/bin/x": "", "proc/stat": "btime 1763884800\n", "proc/1/stat": "1 (systemd) S 0" + strings.Repeat(" 0", 17) + " 5 0\n",
		"proc/700/stat": "700 (containerd) S 1" + strings.Repeat(" 0", 17) + " 4200 0\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What agents bring is what a look at the mounted roots gives.
func TestAgentsBringWhatMountedRootsGive(t *testing.T) {
	var roots []collectors.HostRoot
	logs := map[string][]byte{"mute": []byte("hello\n")}
	for _, layout := range []string{"ubuntu-layout", "rhel-layout", "secret-encoded-once"} {
		dirs, err := filepath.Glob("../fixtures/" + layout + "/source/nodes/*")
		if err != nil || len(dirs) == 0 {
			t.Fatal(err)
		}
		dir := dirs[0]
		if layout != "rhel-layout" { // which is a part of a root only
			dir = wholeRoot(t, dir)
		}
		root := collectors.HostRoot{Name: layout, Path: dir, FS: os.DirFS(dir), Proc: os.DirFS(filepath.Join(dir, "proc"))}
		roots = append(roots, root)
		logs[layout] = logOf(t, frameOf(t, root, handshake.Target{Host: "registry.corp.example", Port: 443, Roles: []string{handshake.RoleRequested}}))
	}
	want := collectors.Run(t.Context(), collectors.Config{Now: at(testTime), HostRoots: roots})
	var warnings []string
	got := throughAgents(t, deployed(t, logs), testTime, func(text, _ string) { warnings = append(warnings, text) })

	untold := cmp.Options{
		cmpopts.IgnoreTypes(evidence.Provenance{}), cmpopts.IgnoreFields(evidence.Node{}, "Access", "Clock", "Role"), cmpopts.EquateEmpty(),
	}
	for _, root := range roots {
		if diff := cmp.Diff(want.Nodes[root.Name], got.Nodes[root.Name], untold); diff != "" {
			t.Errorf("%s: mounted root (-), agent (+):\n%s", root.Name, diff)
		}
		n := got.Nodes[root.Name]
		if n.Access == nil || n.Access.Method != "agent" || n.Provenance.Path != agent.DefaultNamespace+"/agent-"+root.Name || n.Clock.SkewSeconds != nil {
			t.Errorf("%s: access %+v, provenance %+v, clock %+v", root.Name, n.Access, n.Provenance, n.Clock)
		}
		if started := n.Runtime != nil && n.Runtime.StartedAt != nil; started != (root.Name != "rhel-layout") {
			t.Errorf("%s: runtime %+v", root.Name, n.Runtime)
		}
		probe := got.Endpoints["registry.corp.example:443"].Probes["node/"+root.Name]
		if probe.Failure == nil || probe.Failure.Cause != "refused" {
			t.Errorf("%s: probe %+v", root.Name, probe)
		}
	}
	if diff := cmp.Diff(want.TrustStores, got.TrustStores); diff != "" {
		t.Errorf("trust stores: mounted roots (-), agents (+):\n%s", diff)
	}
	gaps := map[string]string{}
	for _, name := range []string{evidence.Nodes, evidence.Handshakes} {
		for _, g := range got.Coverage[name].Gaps {
			gaps[g.Subject["name"]+" "+g.Subject["vantage"]+g.Field] = g.Reason
		}
	}
	const unasked = "unasked.corp.example:443 node/"
	wantGaps := map[string]string{
		"mute ": "not_found", unasked + "ubuntu-layout": "not_in_source", unasked + "rhel-layout": "not_in_source", unasked + "secret-encoded-once": "not_in_source",
	}
	for _, g := range want.Coverage[evidence.Nodes].Gaps {
		wantGaps[g.Subject["name"]+" "+g.Field] = g.Reason
	}
	if diff := cmp.Diff(wantGaps, gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
}

func TestOldFramesAreTold(t *testing.T) {
	dirs, err := filepath.Glob("../fixtures/ubuntu-layout/source/nodes/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(err)
	}
	log := logOf(t, frameOf(t, collectors.HostRoot{Name: "wk-1", Path: dirs[0], FS: os.DirFS(dirs[0])}))
	var warnings []string
	for _, tt := range []struct {
		age  time.Duration
		says string
		read bool
	}{{2 * time.Hour, "more than an hour ago", true}, {26 * time.Hour, "for more than a day", false}} {
		warnings = nil
		doc := throughAgents(t, deployed(t, map[string][]byte{"wk-1": log}), testTime.Add(tt.age), func(text, hint string) { warnings = append(warnings, text+" | "+hint) })
		if len(warnings) != 1 || !strings.Contains(warnings[0], tt.says) || !strings.Contains(warnings[0], "rollout restart") {
			t.Errorf("%s: warnings %q", tt.age, warnings)
		}
		gaps := doc.Coverage[evidence.Nodes].Gaps
		outdated := slices.ContainsFunc(gaps, func(g evidence.Gap) bool { return g.Field == "" && g.Reason == "not_in_source" })
		if doc.Nodes["wk-1"].Read != tt.read || outdated == tt.read {
			t.Errorf("%s: gaps %+v", tt.age, gaps)
		}
	}
}

// A frame that is whole and says nonsense costs its own node and no other.
func TestNonsenseInAFrameIsAGap(t *testing.T) {
	dirs, err := filepath.Glob("../fixtures/ubuntu-layout/source/nodes/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(err)
	}
	good := frameOf(t, collectors.HostRoot{Name: "good", Path: dirs[0], FS: os.DirFS(dirs[0])})
	named := func(node string, change func(f *agent.Frame)) []byte {
		f := *good
		f.Node = node
		change(&f)
		return logOf(t, &f)
	}
	key := certtest.New(testTime).Root("Test Root").KeyPEM()
	doc := throughAgents(t, deployed(t, map[string][]byte{
		"good":         logOf(t, good),
		"no listing":   named("no listing", func(f *agent.Frame) { f.Listing = []byte("hello") }),
		"half":         named("half", func(f *agent.Frame) { f.Listing = f.Listing[:len(f.Listing)/2] }),
		"no document":  named("no document", func(f *agent.Frame) { f.Probes = []byte("{}") }),
		"with secrets": named("with secrets", func(f *agent.Frame) { f.Probes = key }),
	}), testTime, func(string, string) {})
	reasons := map[string]string{}
	for _, name := range []string{evidence.Nodes, evidence.Handshakes} {
		for _, g := range doc.Coverage[name].Gaps {
			if g.Subject["kind"] == "node" {
				reasons[name+" "+g.Subject["name"]] = g.Reason
			}
		}
	}
	want := map[string]string{"nodes no listing": "parse_error", "nodes half": "truncated", "tls no document": "parse_error", "tls with secrets": "parse_error"}
	for key, reason := range want {
		if reasons[key] != reason {
			t.Errorf("%s: %q, want %q; all: %v", key, reasons[key], reason, reasons)
		}
	}
	if !doc.Nodes["good"].Read {
		t.Error("the good node is not read")
	}
	if _, err := evidence.Encode(doc); err != nil {
		t.Error(err)
	}
}
