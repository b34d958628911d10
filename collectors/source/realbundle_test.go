package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
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

// realBundle is what a bundle of testdata/bundles holds, see the README there.
type realBundle struct {
	name, format, at, timeFrom string
	// counts are the objects that matter, by kind.
	counts   map[string]int
	nodes    []string
	problems []string
	notices  int
}

var realBundles = []realBundle{
	{
		name: "troubleshoot.tar.gz", format: evidence.FormatTroubleshoot, at: "2026-11-26T00:32:39Z", timeFrom: evidence.TimeFromContent,
		counts: map[string]int{"Pod": 5, "Event": 29, "Node": 3, "Cluster": 1, "Secret": 2, "Deployment": 1},
	},
	{
		name: "troubleshoot-limited.tar.gz", format: evidence.FormatTroubleshoot, at: "2026-11-26T00:32:40Z", timeFrom: evidence.TimeFromContent,
		counts: map[string]int{"Pod": 3, "Node": 3},
		problems: []string{
			`cluster-resources/events-errors.json:0 forbidden: the bundle lacks the events of default, kube-node-lease, kube-public, kube-system, plat and 2 more: events is forbidden: User "viewer" cannot list resource "events" in API group "" in the namespace "shop"`,
			"cluster-resources/pods:0 not_in_source: the bundle lacks the pods of default, kube-node-lease, kube-public, kube-system, plat and 1 more",
		},
	},
	{
		name: "must-gather.tar.gz", format: evidence.FormatMustGather, at: "2026-11-26T00:32:42Z", timeFrom: evidence.TimeFromContent,
		counts: map[string]int{"Pod": 5, "Event": 29, "Node": 3, "Cluster": 1, "Secret": 3, "Deployment": 1},
	},
	{
		name: "cluster-info-dump.tar.gz", format: evidence.FormatClusterDump, at: "2026-11-26T00:32:47Z", timeFrom: evidence.TimeFromFiles,
		counts: map[string]int{"Pod": 5, "Event": 29, "Node": 3, "Deployment": 1},
	},
	{
		name: "cluster-info-dump-yaml.tar.gz", format: evidence.FormatClusterDump, at: "2026-11-26T00:32:51Z", timeFrom: evidence.TimeFromFiles,
		counts: map[string]int{"Pod": 5, "Event": 29, "Node": 3, "Deployment": 1},
	},
	{
		name: "crash-diagnostics.tar.gz", format: evidence.FormatCrashDiagnostics, at: "2026-11-26T00:34:12Z", timeFrom: evidence.TimeFromContent,
		counts: map[string]int{"Pod": 6, "Event": 33, "Node": 3, "Cluster": 1, "Secret": 1}, nodes: []string{"worker-a", "worker-b"},
		problems: []string{"127_0_0_13/etc/ssl:0 not_in_source: nothing below /etc/ssl was copied from the host"},
	},
}

func TestRealBundlesAreReadInEveryForm(t *testing.T) {
	for _, want := range realBundles {
		t.Run(want.name, func(t *testing.T) {
			packed := filepath.Join("testdata/bundles", want.name)
			root := unpack(t, packed)
			for form, arg := range map[string]string{
				"as it is": packed, "folder": root,
				"tar": save(t, "x.tar", packTar(t, root, "")), "zip": save(t, "x.zip", packZip(t, root, "")), "tar.gz": save(t, "x.tar.gz", gz(t, packTar(t, root, ""))),
			} {
				t.Run(form, func(t *testing.T) { want.check(t, open(t, arg)) })
			}
		})
	}
}

func (want realBundle) check(t *testing.T, in *source.Input) {
	t.Helper()
	counts := map[string]int{}
	for _, o := range in.Objects {
		if _, matters := want.counts[o.Kind()]; matters || o.Kind() == "Secret" {
			counts[o.Kind()]++
		}
	}
	if diff := cmp.Diff(want.counts, counts); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.problems, problems(in)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := slices.Sorted(maps.Keys(in.Nodes)); !slices.Equal(got, want.nodes) {
		t.Errorf("nodes %v, want %v", got, want.nodes)
	}
	if !in.HasCapture || in.HasManifests || len(in.Sources) != 1 || len(in.Notices) != want.notices {
		t.Errorf("capture %v, manifests %v, sources %v, notices %v", in.HasCapture, in.HasManifests, in.Sources, in.Notices)
	}
	for _, s := range in.Sources {
		if s.Format != want.format || s.CollectedAt == nil || s.CollectedAt.Format("2006-01-02T15:04:05Z") != want.at || s.CollectedAtFrom != want.timeFrom {
			t.Errorf("source %+v, want format %s, at %s from %s", s, want.format, want.at, want.timeFrom)
		}
	}
}

func TestRealStreamsOfClusterInfoDump(t *testing.T) {
	for name, want := range map[string]realBundle{
		"dump.txt.gz":         {counts: map[string]int{"Pod": 5, "Event": 29, "Node": 3, "Deployment": 1}},
		"dump-yaml.txt.gz":    {counts: map[string]int{"Pod": 5, "Event": 29, "Node": 3, "Deployment": 1}},
		"dump-default.txt.gz": {counts: map[string]int{"Node": 3}, notices: 1},
	} {
		t.Run(name, func(t *testing.T) {
			packed, err := os.ReadFile(filepath.Join("testdata/bundles", name))
			if err != nil {
				t.Fatal(err)
			}
			r, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			full := save(t, "dump.txt", text)
			copied := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			if err := os.Chtimes(full, copied, copied); err != nil {
				t.Fatal(err)
			}
			want.format, want.timeFrom, want.at = evidence.FormatClusterDump, evidence.TimeFromObjects, "2026-11-26T00:31:31Z"
			if name == "dump-default.txt.gz" {
				want.at = "2026-11-23T04:31:55Z"
			}
			want.check(t, open(t, full))
			in, err := source.Open(t.Context(), []string{"-"}, bytes.NewReader(text), source.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, in)
		})
	}
}

// unpack extracts a tar.gz archive, with the times of its files.
func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for r := tar.NewReader(zr); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatal(err)
		}
		full := filepath.Join(root, filepath.FromSlash(h.Name))
		if !strings.HasPrefix(full, root) {
			t.Fatal(h.Name)
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(full, 0o755)
		case tar.TypeSymlink:
			err = os.Symlink(h.Linkname, full)
		default:
			var data []byte
			if data, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(full, data, 0o644)
			}
			if err == nil {
				err = os.Chtimes(full, h.ModTime, h.ModTime)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
