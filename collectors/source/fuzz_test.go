package source_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// FuzzOpen gives any bytes as standard input: documents, manifests, archives.
func FuzzOpen(f *testing.F) {
	root := captureFiles.write(f)
	for _, seed := range [][]byte{
		[]byte(document), []byte("\xef\xbb\xbf" + document), []byte(pod("a")), []byte(aliasBomb), []byte(podList),
		[]byte(`{"schema_version":"regpolicy.report/v1"}`), []byte(`{"schema_version":1}`), []byte("<html>"), []byte("CONNECTED(00000003)"),
		packTar(f, root, ""), gz(f, packTar(f, root, "top/")), packZip(f, root, ""), gz(f, []byte(pod("a"))),
		packTar(f, files{"namespaces/ns/core/pods.yaml": pod("a"), "nodes.json": podList, "ns/pods.json": podList}.write(f), ""),
		packTar(f, crashdFiles.write(f), "tmp/work/"), packTar(f, troubleshootFiles.write(f), "support-bundle-2026-11-26T00_13_47/"),
		packTar(f, mustGatherFiles.write(f), "must-gather.local.1/"), []byte(dumpStream), gz(f, []byte(dumpStream)),
		packZip(f, files{"cluster-resources/pods-errors.json": `{"a":"forbidden"}`, "cluster-resources/pods/a.json": podList}.write(f), "b/"),
	} {
		f.Add(seed)
	}
	limits := source.Limits{FileBytes: 1 << 20, TotalBytes: 1 << 21, Files: 1000, Ratio: 100, Depth: 50, Values: 20_000, Nodes: 20_000}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := source.Open(context.Background(), []string{"-"}, bytes.NewReader(data), limits)
		if err != nil {
			var inputErr *source.InputError
			if !errors.As(err, &inputErr) || strings.Contains(err.Error(), "\n") || inputErr.Hint() == "" {
				t.Fatalf("error %q, hint %v", err, inputErr)
			}
			return
		}
		if len(in.Objects)+len(in.Documents)+len(in.Nodes)+len(in.Transcripts) == 0 && !in.HasManifests && !in.HasCapture {
			t.Fatal("nothing, and no error")
		}
		for _, o := range in.Objects {
			if o.Kind() == "" || o.APIVersion() == "" || o.Provenance.Line < 1 {
				t.Fatalf("object %+v", o)
			}
			if _, ok := in.Sources[o.Provenance.Source]; !ok {
				t.Fatalf("source %q is not entered", o.Provenance.Source)
			}
			source.PodSpec(o)
		}
		for _, p := range in.Problems {
			if p.Reason == "" || p.Reason == "internal" || strings.Contains(p.Detail, "\n") || p.Hint == "" {
				t.Fatalf("problem %+v", p)
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBundle gives any names and texts as the parts of bundles that are read other
// than as objects: errors, named secrets, times, folders of hosts.
func FuzzBundle(f *testing.F) {
	f.Add("10_0_0_1", "pods-2026-11-26T00-06-21Z.5313.json", "2026-11-26 00:10:00.5 +0000 UTC m=+0.1\n", `{"ns":"forbidden"}`, troubleshootFiles["secrets/ns/all.json"])
	f.Add("wk-1", "certs", "\n\nx m=", `["timeout"]`, `{"name":"a","secretExists":false}`)
	f.Add("..", "a/b", "", "null", `{"name":"a","namespace":"b","secretExists":true,"data":{"":"***HIDDEN***"}}`)
	limits := source.Limits{FileBytes: 1 << 20, TotalBytes: 1 << 21, Files: 1000, Ratio: 100, Depth: 50, Values: 20_000, Nodes: 20_000}
	f.Fuzz(func(t *testing.T, folder, file, stamp, errs, secret string) {
		for _, bundle := range []map[string]string{
			{
				"cluster-resources/nodes.json": nodeList, "cluster-resources/pods-errors.json": errs, "secrets/ns/" + file + ".json": secret,
				"configmaps/" + folder + ".json": secret, "etc/ssl/certs/" + folder + "/certs/" + file: ca, "etc/ssl/" + folder + "/ssl": ca,
			},
			{"kubecapture/core_v1/ns/" + file: podList, folder + "/etc/ssl/certs/" + file: ca, "kubecapture/core_v1/nodes.json": nodeList},
			{"timestamp": stamp, "namespaces/" + folder + "/core/pods.yaml": podList, "namespaces/" + folder + "/" + folder + ".yaml": pod("a")},
		} {
			in, err := source.Open(context.Background(), []string{"-"}, bytes.NewReader(tarOf(t, bundle)), limits)
			if err != nil {
				var inputErr *source.InputError
				if !errors.As(err, &inputErr) || strings.Contains(err.Error(), "\n") || inputErr.Hint() == "" {
					t.Fatalf("error %q, hint %v", err, inputErr)
				}
				continue
			}
			for _, p := range in.Problems {
				if !slices.Contains(evidence.Reasons, p.Reason) || p.Reason == "internal" || strings.Contains(p.Detail, "\n") || p.Hint == "" {
					t.Fatalf("problem %+v", p)
				}
			}
			for _, o := range in.Objects {
				o.Withholds(file)
				if _, err := in.Lookup()(context.Background(), o.Kind(), o.Namespace(), o.Name()); err != nil && o.Kind() == "Secret" && !errors.Is(err, source.ErrUnclear) {
					t.Fatal(err)
				}
			}
			for name, node := range in.Nodes {
				if name == "" {
					t.Fatal("a node without a name")
				}
				_ = fs.WalkDir(node.FS, ".", func(string, fs.DirEntry, error) error { return nil })
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// tarOf packs files, in order of their names.
func tarOf(tb testing.TB, content map[string]string) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		text := content[name]
		if strings.HasSuffix(name, "/") {
			text = "" // a folder
		}
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))})
		if err != nil {
			continue // no tar archive has such a name
		}
		if _, err := io.WriteString(w, text); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
