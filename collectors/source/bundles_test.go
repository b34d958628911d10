package source_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

const (
	nodeList  = `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"wk-1"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}}]}`
	eventList = `{"kind":"EventList","apiVersion":"v1","items":[{"metadata":{"name":"e","namespace":"ns"},"lastTimestamp":"2026-11-26T00:00:00Z"}]}`
	ca        = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
)

var crashdFiles = files{
	"kubecapture/core_v1/ns/pods-2026-11-26T00-06-21Z.5313.json": podList,
	"kubecapture/core_v1/nodes-2026-11-26T00-06-21Z.5307.json":   nodeList,
	"10_0_0_1/etc/ssl/certs/tkg-corp.pem":                        ca,
	"10_0_0_1/uptime.txt":                                        "up 3 days",
	"10_0_0_2/etc/ssl/":                                          "",
	"10_0_0_3/uptime.txt":                                        "up 3 days",
	"10_0_0_4/etc/os-release":                                    "ID=photon\n",
	"node_5_corp_example/etc/ssl/certs/tkg-corp.pem":             ca,
	"10_0_0_6/etc/ssl/certs/tkg-corp.pem":                        ca,
}

var troubleshootFiles = files{
	"version.yaml":                                "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n",
	"cluster-resources/namespaces.json":           `{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"ns"}},{"metadata":{"name":"other"}}]}`,
	"cluster-resources/nodes.json":                nodeList,
	"cluster-resources/pods/ns.json":              podList,
	"cluster-resources/pods/other.json":           `{"kind":"PodList","apiVersion":"v1","items":null}`,
	"cluster-resources/events/ns.json":            eventList,
	"cluster-resources/events/other.json":         `{"kind":"EventList","apiVersion":"v1","items":[]}`,
	"cluster-resources/configmaps/ns.json":        `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"held","namespace":"ns"},"data":{"a":"1"}}]}`,
	"secrets/ns/all.json":                         `{"namespace":"ns","name":"all","key":"","secretExists":true,"keyExists":false,"data":{"ca":"x","token":"***HIDDEN***"}}`,
	"secrets/ns/keys/ca.json":                     `{"namespace":"ns","name":"keys","key":"ca","secretExists":true,"keyExists":true,"value":"x"}`,
	"secrets/ns/keys/other.json":                  `{"namespace":"ns","name":"keys","key":"other","secretExists":true,"keyExists":true}`,
	"secrets/ns/none.json":                        `{"namespace":"ns","name":"none","key":"","secretExists":false,"keyExists":false}`,
	"configmaps/ns/held.json":                     `{"namespace":"ns","name":"held","key":"","configMapExists":true,"keyExists":false,"data":{"a":"1"}}`,
	"etc/ssl/certs/wk-1/certs/tkg-corp.pem":       ca,
	"etc/containerd/wk-1/containerd/x.toml":       "version = 2\n",
	"etc/containerd/config.toml/wk-1/config.toml": "version = 2\n",
	"etc/ssl/certs/wk-2/error.txt":                "command terminated with exit code 1",
	"host-collectors/system/hostos_info.json":     `{"name":"host"}`,
	"analysis.json":                               "[]",
}

var mustGatherFiles = files{
	"timestamp":                                              "2026-11-26 00:10:00.5 +0000 UTC m=+0.1\n2026-11-26 00:20:00.123456789 +0000 UTC m=+600.1\n",
	"event-filter.html":                                      "<html></html>",
	"must-gather.logs":                                       "x",
	"image-1/namespaces/ns/ns.yaml":                          "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n",
	"image-1/namespaces/ns/core/pods.yaml":                   "---\napiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a, namespace: ns, uid: u1, resourceVersion: '5'}\n",
	"image-1/namespaces/ns/core/secrets.yaml":                "---\napiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: s, namespace: ns}\n  data: {ca.crt: eA==, token: MTIgYnl0ZXMgbG9uZw==}\n",
	"image-1/namespaces/other/apps/deployments.yaml":         "apiVersion: apps/v1\nkind: DeploymentList\nitems: []\n",
	"image-2/cluster-scoped-resources/core/nodes/wk-1.yaml":  "---\napiVersion: v1\nkind: Node\nmetadata: {name: wk-1}\n",
	"image-2/namespaces/ns/cluster.x-k8s.io/clusters/c.yaml": "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: c, namespace: ns}\n",
}

const dumpStream = nodeList + "\n" + eventList + "\n" + podList + `
==== START logs for container app of pod ns/a ====
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"not-a-pod","namespace":"ns"}}
==== END logs for container other of pod ns/a ====
` + "\xff\x00" + `
==== END logs for container app of pod ns/a ====
{"kind":"ReplicationControllerList","apiVersion":"v1","items":[]}
`

func TestHostsOfCrashDiagnosticsAreNodes(t *testing.T) {
	root := crashdFiles.write(t)
	for form, arg := range map[string]string{"folder": root, "archive": save(t, "x.tar.gz", gz(t, packTar(t, root, "tmp/work/")))} {
		in := open(t, arg)
		want := []string{"10.0.0.6", "node_5_corp_example", "wk-1"}
		if got := slices.Sorted(maps.Keys(in.Nodes)); !slices.Equal(got, want) {
			t.Errorf("%s: nodes %v, want %v", form, got, want)
		}
		if diff := cmp.Diff([]string{"10_0_0_2/etc/ssl:0 not_in_source: nothing below /etc/ssl was copied from the host"}, problems(in)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", form, diff)
		}
		if in.Problems[0].Node != "10.0.0.2" {
			t.Errorf("%s: problem %+v", form, in.Problems[0])
		}
		// Of one host only other files were copied: that is told, and no gap.
		if len(in.Notices) != 1 || !strings.Contains(in.Notices[0], `"10.0.0.4"`) {
			t.Errorf("%s: notices %q", form, in.Notices)
		}
		if data, err := fs.ReadFile(in.Nodes["wk-1"].FS, "etc/ssl/certs/tkg-corp.pem"); string(data) != ca {
			t.Errorf("%s: %q, %v", form, data, err)
		}
	}
}

func TestSupportBundlesTellOfNamedSecretsAndNodes(t *testing.T) {
	in := open(t, troubleshootFiles.write(t))
	lookup := in.Lookup()
	for what, want := range map[string]error{
		"Secret all": nil, "Secret keys": nil, "Secret none": source.ErrNotFound, "Secret unnamed": source.ErrNotCollected,
		"ConfigMap held": nil, "ConfigMap absent": source.ErrNotFound,
	} {
		kind, name, _ := strings.Cut(what, " ")
		if _, err := lookup(t.Context(), kind, "ns", name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	if _, err := lookup(t.Context(), "ConfigMap", "other", "absent"); !errors.Is(err, source.ErrNotCollected) {
		t.Errorf("a config map of a namespace without a list: %v", err)
	}
	data := func(name string) map[string]any {
		o, _ := lookup(t.Context(), "Secret", "ns", name)
		values, _ := o.Map["data"].(map[string]any)
		return values
	}
	if diff := cmp.Diff(map[string]any{"ca": "eA=="}, data("all")); diff != "" {
		t.Error(diff)
	}
	all, _ := lookup(t.Context(), "Secret", "ns", "all")
	keys, _ := lookup(t.Context(), "Secret", "ns", "keys")
	for _, test := range []struct {
		object source.Object
		key    string
		want   bool
	}{{all, "ca", false}, {all, "token", true}, {all, "absent", false}, {keys, "other", true}, {keys, "unasked", true}} {
		if got := test.object.Withholds(test.key); got != test.want {
			t.Errorf("%s withholds %q: %v", test.object.Name(), test.key, got)
		}
	}
	if diff := cmp.Diff(map[string]any{"ca": "eA=="}, data("keys")); diff != "" {
		t.Error(diff)
	}

	node, ok := in.Nodes["wk-1"]
	if !ok || len(in.Nodes) != 1 {
		t.Fatalf("nodes %v", in.Nodes)
	}
	var listed []string
	err := fs.WalkDir(node.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			listed = append(listed, name)
		}
		return err
	})
	if diff := cmp.Diff([]string{"etc/containerd/config.toml", "etc/containerd/x.toml", "etc/ssl/certs/tkg-corp.pem"}, listed); err != nil || diff != "" {
		t.Errorf("%v, files (-want +got):\n%s", err, diff)
	}
	want := []string{"etc/ssl/certs/wk-2:0 not_in_source: the bundle could not copy /etc/ssl/certs from the node"}
	if diff := cmp.Diff(want, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestMustGathersOfSeveralImages(t *testing.T) {
	in := open(t, mustGatherFiles.write(t))
	want := []string{
		"Namespace//ns image-1/namespaces/ns/ns.yaml:1", "Pod/ns/a image-1/namespaces/ns/core/pods.yaml:5",
		"Secret/ns/s image-1/namespaces/ns/core/secrets.yaml:5",
		"Cluster/ns/c image-2/namespaces/ns/cluster.x-k8s.io/clusters/c.yaml:1", "Node//wk-1 image-2/cluster-scoped-resources/core/nodes/wk-1.yaml:2",
	}
	got := objects(in)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	// A script took only deployments of "other"; "ns" was to be taken whole.
	if diff := cmp.Diff([]string{"image-1/namespaces:0 not_in_source: the bundle lacks the events of ns"}, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	secret, err := in.Lookup()(t.Context(), "Secret", "ns", "s")
	if err != nil || secret.Withholds("ca.crt") || !secret.Withholds("token") {
		t.Errorf("secret %+v, %v", secret, err)
	}
	for _, s := range in.Sources {
		if s.CollectedAt == nil || s.CollectedAt.Format(time.RFC3339) != "2026-11-26T00:20:00Z" || s.CollectedAtFrom != evidence.TimeFromContent {
			t.Errorf("source %+v", s)
		}
	}
}

func TestLogsInAStreamAreNoObjects(t *testing.T) {
	in := open(t, save(t, "dump.txt", []byte(dumpStream)))
	want := []string{"Node//wk-1 dump.txt:1", "Event/ns/e dump.txt:2", "Pod/ns/a dump.txt:3"}
	var got []string
	for _, o := range in.Objects {
		got = append(got, o.Kind()+"/"+o.Namespace()+"/"+o.Name()+" dump.txt:"+map[bool]string{true: string(rune('0' + o.Provenance.Line))}[true])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	cut := dumpStream[:strings.LastIndex(dumpStream, "====")-20]
	_, err := source.Open(t.Context(), []string{save(t, "cut.txt", []byte(cut))}, nil, source.DefaultLimits())
	if err == nil || !strings.Contains(err.Error(), "the dump ends within the log of a container") {
		t.Errorf("err = %v", err)
	}
}

func TestBundlesWithoutATimeOfTheirOwn(t *testing.T) {
	old, copied := time.Date(2026, 11, 26, 0, 5, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		f    files
		file time.Time
		want string
		from string
	}{
		{"a dump", files{"nodes.json": nodeList, "ns/pods.json": podList, "ns/events.json": eventList}, old, "2026-11-26T00:05:00Z", evidence.TimeFromFiles},
		{"a dump that was copied", files{"nodes.json": nodeList, "ns/pods.json": podList, "ns/events.json": eventList}, copied, "2026-11-26T00:00:00Z", evidence.TimeFromObjects},
		{"crashd in another time zone", files{"kubecapture/core_v1/ns/pods-2026-11-25T19-05-00Z.1.json": podList}, old, "2026-11-26T00:05:00Z", evidence.TimeFromContent},
		{"crashd that was copied", files{"kubecapture/core_v1/ns/pods-2026-11-25T19-05-00Z.1.json": podList}, copied, "2026-11-25T19:05:00Z", evidence.TimeFromName},
		{"troubleshoot without a name", files{"cluster-resources/nodes.json": nodeList}, old, "2026-11-26T00:05:00Z", evidence.TimeFromFiles},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := test.f.write(t)
			err := filepath.WalkDir(root, func(full string, _ fs.DirEntry, err error) error {
				return errors.Join(err, os.Chtimes(full, test.file, test.file))
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range open(t, root).Sources {
				if s.CollectedAt == nil || s.CollectedAt.Format(time.RFC3339) != test.want || s.CollectedAtFrom != test.from {
					t.Errorf("source %+v, want %s from %s", s, test.want, test.from)
				}
			}
		})
	}
}

func TestBrokenFilesOfBundlesAreProblems(t *testing.T) {
	for name, test := range map[string]struct {
		f    files
		want []string
	}{
		"lists that hold nothing": {
			files{"nodes.json": "null", "ns/services.json": `{"kind":"ServiceList","apiVersion":"v1","items":[]}`, "ns/pods.json": "", "ns/events.json": eventList[:40]},
			[]string{
				"nodes.json:0 parse_error: it holds no Kubernetes object: apiVersion and kind are missing",
				"ns/events.json:1 truncated: the JSON text ends too early", "ns/pods.json:0 truncated: it is empty",
			},
		},
		"a dump that stopped": {
			files{"nodes.json": nodeList, "ns/pods.json": podList, "ns/events.json": eventList, "other/events.json": eventList},
			[]string{".:0 not_in_source: the bundle lacks the pods of other"},
		},
		"a secret that is none": {
			files{"cluster-resources/nodes.json": nodeList, "secrets/ns/a.json": "[]", "secrets/ns/a.txt": "x"},
			[]string{"secrets/ns/a.json:0 parse_error: it is no Secret as a support bundle tells of it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problems(open(t, test.f.write(t)))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLimitsHoldForBundles(t *testing.T) {
	root := troubleshootFiles.write(t)
	limits := source.DefaultLimits()
	limits.Files = 12
	for form, arg := range map[string]string{"folder": root, "archive": save(t, "x.zip", packZip(t, root, ""))} {
		if _, err := source.Open(t.Context(), []string{arg}, nil, limits); err == nil || !strings.Contains(err.Error(), "more than 12") {
			t.Errorf("%s: %v", form, err)
		}
	}
	limits = source.DefaultLimits()
	limits.TotalBytes = 600
	if _, err := source.Open(t.Context(), []string{root}, nil, limits); err == nil || !strings.Contains(err.Error(), "larger than the limit") {
		t.Errorf("bytes: %v", err)
	}
}
