package source_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/source"
)

const podList = `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"u1","resourceVersion":"5"}}]}`

func TestSupportBundlesGiveTheirObjects(t *testing.T) {
	for _, test := range []struct {
		name     string
		files    files
		want     []string
		problems []string
	}{
		{
			name: "troubleshoot",
			files: files{
				"version.yaml":                                 "apiVersion: troubleshoot.sh/v1beta3\nkind: SupportBundle\n",
				"cluster-resources/pods/ns.json":               podList,
				"cluster-resources/pods/logs/ns/a/app.log":     "x",
				"cluster-resources/pods/logs/ns/a/x.json":      "no",
				"cluster-resources/pods-errors.json":           `{"kube-system":"pods is forbidden: User \"x\" cannot list"}`,
				"cluster-resources/events/ns.json":             `{"kind":"EventList","apiVersion":"v1","items":[{"kind":"Event","apiVersion":"v1","metadata":{"name":"e","namespace":"ns"}}]}`,
				"cluster-resources/events-errors.json":         "null",
				"cluster-resources/leases-errors.json":         `{"ns":"forbidden"}`,
				"cluster-resources/nodes.json":                 `{"kind":"NodeList","apiVersion":"v1","items":[{"kind":"Node","apiVersion":"v1","metadata":{"name":"wk-1"}}]}`,
				"cluster-resources/nodes-errors.json":          `["the server timed out"]`,
				"cluster-resources/custom-resources/x.json":    `[{"kind":"X","apiVersion":"x/v1","metadata":{"name":"x","namespace":"ns"}}]`,
				"cluster-resources/custom-resources/x.yaml":    "- kind: X\n  apiVersion: x/v1\n",
				"cluster-resources/auth-cani-list/ns.json":     `{"resourceRules":[]}`,
				"cluster-resources/image-pull-secrets/ns.json": `{"registry":{"username":"u"}}`,
				"cluster-info/cluster_version.json":            `{"info":{}}`,
			},
			want: []string{
				"X/ns/x cluster-resources/custom-resources/x.json:1", "Event/ns/e cluster-resources/events/ns.json:1",
				"Node//wk-1 cluster-resources/nodes.json:1", "Pod/ns/a cluster-resources/pods/ns.json:1",
			},
			problems: []string{
				"cluster-resources/nodes-errors.json:0 not_in_source: the bundle lacks some nodes: the server timed out",
				`cluster-resources/pods-errors.json:0 forbidden: the bundle lacks some pods: pods is forbidden: User "x" cannot list`,
			},
		},
		{
			name: "troubleshoot with a folder by a file's name",
			files: files{
				"cluster-resources/pods/ns.json":             podList,
				"cluster-resources/pods-errors.json/ns.json": "{}",
			},
			want:     []string{"Pod/ns/a cluster-resources/pods/ns.json:1"},
			problems: []string{"cluster-resources/pods-errors.json:0 not_regular: is a folder"},
		},
		{
			name: "must-gather",
			files: files{
				"must-gather.logs": "x",
				"quay-io-release-sha256-1/namespaces/ns/core/pods.yaml":           "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a, namespace: ns, uid: u1, resourceVersion: '5'}\n",
				"quay-io-release-sha256-1/namespaces/ns/core/events.yaml":         "apiVersion: v1\nkind: EventList\nitems: []\n",
				"quay-io-release-sha256-1/namespaces/ns/core/secrets.yaml":        "apiVersion: v1\nkind: SecretList\nitems: []\n",
				"quay-io-release-sha256-1/namespaces/ns/apps/deployments.yaml":    "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: d, namespace: ns}\n",
				"quay-io-release-sha256-1/namespaces/ns/pods/a/a.yaml":            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ns}\n",
				"quay-io-release-sha256-1/namespaces/ns/ns.yaml":                  "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, uid: u7, resourceVersion: '1'}\n",
				"quay-io-release-sha256-1/cluster-scoped-resources/core/ns.yaml":  "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, uid: u7, resourceVersion: '1'}\n",
				"quay-io-release-sha256-1/cluster-scoped-resources/core/n/w.yaml": "apiVersion: v1\nkind: Node\nmetadata: {name: wk-1}\n",
			},
			want: []string{
				"Node//wk-1 cluster-scoped-resources/core/n/w.yaml:1", "Namespace//ns cluster-scoped-resources/core/ns.yaml:1",
				"Deployment/ns/d namespaces/ns/apps/deployments.yaml:4", "Pod/ns/a namespaces/ns/core/pods.yaml:4",
			},
		},
		{
			name: "cluster-info dump",
			files: files{
				"nodes.json":              `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"wk-1"}}]}`,
				"ns/pods.json":            podList,
				"ns/events.json":          `{"kind":"EventList","apiVersion":"v1","items":[]}`,
				"ns/a/logs.txt":           "==== START logs for container app of pod ns/a ====\n",
				"kube-system/pods.json":   `{"kind":"PodList","apiVersion":"v1","items":[]}`,
				"kube-system/events.json": `{"kind":"EventList","apiVersion":"v1","items":[]}`,
			},
			want: []string{"Node//wk-1 nodes.json:1", "Pod/ns/a ns/pods.json:1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := test.files.write(t)
			for form, arg := range map[string]string{
				"folder": root, "archive": save(t, "bundle.tar.gz", gz(t, packTar(t, root, "bundle-2026/"))),
			} {
				in := open(t, arg)
				if diff := cmp.Diff(test.want, objects(in)); diff != "" {
					t.Errorf("%s: objects (-want +got):\n%s", form, diff)
				}
				if diff := cmp.Diff(test.problems, problems(in)); diff != "" {
					t.Errorf("%s: problems (-want +got):\n%s", form, diff)
				}
				if !in.HasCapture || in.HasManifests {
					t.Errorf("%s: capture %v, manifests %v", form, in.HasCapture, in.HasManifests)
				}
			}
		})
	}
}

func TestFoldersOfManifestsAreNotTakenForCaptures(t *testing.T) {
	for name, f := range map[string]files{
		"a folder named nodes":        {"nodes/pool.yaml": pod("a")},
		"a folder named endpoints":    {"endpoints/service.yaml": pod("a")},
		"a folder named namespaces":   {"namespaces/shop/web.yaml": pod("a")},
		"a single folder beside YAML": {"a.yaml": pod("a"), "x/objects/b.yaml": pod("b")},
		"two folders":                 {"x/objects/b.yaml": pod("b"), "y/a.yaml": pod("a")},
	} {
		in := open(t, f.write(t))
		if in.HasCapture || !in.HasManifests || len(in.Objects) == 0 || len(in.Problems) != 0 {
			t.Errorf("%s: capture %v, objects %v, problems %v", name, in.HasCapture, objects(in), problems(in))
		}
	}
}

// TestBundleFolderOfTwoLines has a folder for a namespace whose name no namespace has.
func TestBundleFolderOfTwoLines(t *testing.T) {
	in, err := source.Open(t.Context(), []string{"-"}, bytes.NewReader(tarOf(t, map[string]string{
		"timestamp": "x", "namespaces/a\nb/core/pods.yaml": podList, "namespaces/a\nb/a\nb.yaml": pod("b"),
	})), source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	want := []string{"namespaces:0 not_in_source: the bundle lacks the events of a b"}
	if diff := cmp.Diff(want, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
