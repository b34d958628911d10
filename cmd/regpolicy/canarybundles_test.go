package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// listsOf are the objects of a capture as lists in JSON, by kind.
func listsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	items := map[string][]any{}
	versions := map[string]string{}
	for _, name := range []string{"canary.yaml", "machines.yaml"} {
		f, err := os.Open(filepath.Join(dir, "objects", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for dec := yaml.NewDecoder(f); ; {
			var object map[string]any
			err := dec.Decode(&object)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			kind, _ := object["kind"].(string)
			versions[kind], _ = object["apiVersion"].(string)
			items[kind] = append(items[kind], object)
		}
	}
	lists := map[string]string{}
	for kind, objects := range items {
		text, err := json.Marshal(map[string]any{"kind": kind + "List", "apiVersion": versions[kind], "items": objects})
		if err != nil {
			t.Fatal(err)
		}
		lists[kind] = string(text)
	}
	return lists
}

// TestNoSecretOfABundleGetsOut plants the canaries where four tools leave objects,
// files of nodes, logs and errors.
func TestNoSecretOfABundleGetsOut(t *testing.T) {
	c := newCanaries(t)
	capture := c.capture(t)
	lists := listsOf(t, capture)
	logs := "Authorization: Bearer " + c.token + "\npassword=" + c.password + "\n" + c.said() + "\n" + c.key
	held, err := json.Marshal(map[string]any{
		"namespace": "shop", "name": "database", "key": "", "secretExists": true, "keyExists": false,
		"data": map[string]string{"password": c.password, "tls.key": c.key, "ca.crt": c.token},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, bundle := range map[string]struct {
		format string
		files  map[string]string
		nodes  string // where files of a node are placed, if anywhere
	}{
		"troubleshoot": {format: evidence.FormatTroubleshoot, files: map[string]string{
			"version.yaml":                            "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n",
			"cluster-resources/namespaces.json":       `{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"shop"}}]}`,
			"cluster-resources/nodes.json":            lists["Node"],
			"cluster-resources/pods/shop.json":        lists["Pod"],
			"cluster-resources/events/shop.json":      lists["Event"],
			"cluster-resources/deployments/shop.json": lists["Deployment"],
			"cluster-resources/configmaps/shop.json":  lists["ConfigMap"],
			"cluster-resources/secrets-errors.json":   fmt.Sprintf("[%q]", logs),
			"secrets/shop/database.json":              string(held),
			"etc/ssl/certs/wk-canary/certs/tkg-a.pem": c.key,
			"etc/ssl/certs/wk-2/error.txt":            logs,
			"logs/app.log":                            logs,
		}},
		"must-gather": {format: evidence.FormatMustGather, files: map[string]string{
			"timestamp":                                                     "2026-11-26 00:10:00.5 +0000 UTC m=+0.1\n2026-11-26 00:20:00.123456789 +0000 UTC m=+600.1\n",
			"event-filter.html":                                             "<html>" + logs + "</html>",
			"must-gather.logs":                                              logs,
			"image-1/namespaces/shop/core/pods.yaml":                        "---\n" + lists["Pod"],
			"image-1/namespaces/shop/core/events.yaml":                      "---\n" + lists["Event"],
			"image-1/namespaces/shop/core/secrets.yaml":                     "---\n" + lists["Secret"],
			"image-1/namespaces/shop/core/configmaps.yaml":                  "---\n" + lists["ConfigMap"],
			"image-1/namespaces/shop/apps/deployments.yaml":                 "---\n" + lists["Deployment"],
			"image-1/namespaces/shop/cluster.x-k8s.io/clusters/canary.yaml": "---\n" + strings.Replace(lists["Cluster"], `"kind":"ClusterList"`, `"kind":"List"`, 1),
			"image-1/cluster-scoped-resources/core/nodes.yaml":              "---\n" + lists["Node"],
			"image-1/namespaces/shop/pods/canary/app/logs/current.log":      logs,
		}},
		"cluster-info dump": {format: evidence.FormatClusterDump, files: map[string]string{
			"nodes.json":                        lists["Node"],
			"shop/pods.json":                    lists["Pod"],
			"shop/events.json":                  lists["Event"],
			"shop/deployments.json":             lists["Deployment"],
			"shop/services.json":                `{"kind":"ServiceList","apiVersion":"v1","items":[]}`,
			"shop/daemonsets.json":              `{"kind":"DaemonSetList","apiVersion":"apps/v1","items":[]}`,
			"shop/replicasets.json":             `{"kind":"ReplicaSetList","apiVersion":"apps/v1","items":[]}`,
			"shop/replication-controllers.json": `{"kind":"ReplicationControllerList","apiVersion":"v1","items":[]}`,
			"shop/canary/logs.txt":              "==== START logs for container app of pod shop/canary ====\n" + logs + "\n==== END logs for container app of pod shop/canary ====\n",
		}},
		"crash diagnostics": {format: evidence.FormatCrashDiagnostics, files: map[string]string{
			"kubecapture/core_v1/nodes-2026-11-26T00-06-21Z.5307.json":                        lists["Node"],
			"kubecapture/core_v1/shop/pods-2026-11-26T00-06-21Z.5313.json":                    lists["Pod"],
			"kubecapture/core_v1/shop/events-2026-11-26T00-06-21Z.5314.json":                  lists["Event"],
			"kubecapture/core_v1/shop/secrets-2026-11-26T00-06-21Z.5315.json":                 lists["Secret"],
			"kubecapture/cluster.x-k8s.io_v1beta1/shop/clusters-2026-11-26T00-06-21Z.51.json": lists["Cluster"],
			"10_0_0_1/journalctl.txt": logs,
		}, nodes: "10_0_0_1/"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for path, text := range bundle.files {
				if text == "" {
					t.Fatalf("%s is empty", path)
				}
				place(t, dir, path, text)
			}
			if bundle.nodes != "" {
				c.nodeFiles(t, dir, bundle.nodes)
			}
			report := c.checkRun(t, nil, archived(t, dir))
			document, err := os.ReadFile(filepath.Join(filepath.Dir(report), "evidence.json"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(document), fmt.Sprintf("\"format\": %q", bundle.format)) {
				t.Errorf("it was not read as %s", bundle.format)
			}
			text, err := os.ReadFile(report)
			if err != nil {
				t.Fatal(err)
			}
			for _, read := range []string{"canary", "harbor.corp.example"} {
				if !strings.Contains(string(text), read) {
					t.Errorf("nothing was read of %q", read)
				}
			}
		})
	}
}
