package source_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

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
