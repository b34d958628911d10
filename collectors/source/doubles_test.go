package source_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/source"
)

func TestObjectsOfOneName(t *testing.T) {
	meta := func(kind, metadata, rest string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: x, namespace: ns, " + metadata + "}\n" + rest
	}
	cluster := func(rest string) string {
		return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: x, namespace: ns}\n" + rest
	}
	for _, test := range []struct {
		name    string
		f       files
		objects int
		// problems and notices are words of them.
		problems, notices []string
	}{
		{"equal manifests", files{"a.yaml": cluster("spec: {a: 1}\n"), "b.yaml": cluster("spec:\n  a: 1\n")}, 1, nil, nil},
		{"other manifests that bear trust", files{"a.yaml": cluster("spec: {a: 1}\n"), "b.yaml": cluster("spec: {a: 2}\n")}, 2, []string{`b.yaml:1 parse_error: Cluster "ns/x" stands in`}, nil},
		{
			"variants of a workload",
			files{"dev/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: 1}\n", "prod/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: 2}\n"},
			2, nil, nil,
		},
		{"a newer version", files{"objects/a.yaml": meta("Pod", "uid: u, resourceVersion: '9'", ""), "objects/b.yaml": meta("Pod", "uid: u, resourceVersion: '10'", "status: {phase: Pending}\n")}, 1, nil, []string{`Pod "ns/x"`, "resource version 10"}},
		{"an older version", files{"objects/a.yaml": meta("Pod", "uid: u, resourceVersion: '10'", ""), "objects/b.yaml": meta("Pod", "uid: u, resourceVersion: '9'", "status: {phase: Pending}\n")}, 1, nil, []string{`Pod "ns/x"`, "resource version 10"}},
		{"two pods", files{"objects/a.yaml": meta("Pod", "uid: u, resourceVersion: '9'", ""), "objects/b.yaml": meta("Pod", "uid: v, resourceVersion: '10'", "")}, 2, []string{`Pod "ns/x" stands in`}, nil},
		{"events change", files{"objects/a.yaml": meta("Event", "uid: u, resourceVersion: '9'", ""), "objects/b.yaml": meta("Event", "uid: u, resourceVersion: '10'", "count: 2\n")}, 1, nil, nil},
		{"one of two groups", files{"objects/a.yaml": meta("Image", "uid: u", ""), "objects/b.yaml": "apiVersion: example.com/v1\nkind: Image\nmetadata: {name: x, namespace: ns}\n"}, 2, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := open(t, test.f.write(t))
			if len(in.Objects) != test.objects {
				t.Errorf("objects %v, want %d", objects(in), test.objects)
			}
			check := func(what string, got, want []string) {
				if len(got) > 1 || (len(got) == 0) != (len(want) == 0) {
					t.Errorf("%s %q", what, got)
				}
				for _, word := range want {
					if len(got) == 1 && !strings.Contains(got[0], word) {
						t.Errorf("%s %q lacks %q", what, got, word)
					}
				}
			}
			check("problems", problems(in), test.problems)
			check("notices", in.Notices, test.notices)
		})
	}
}

func TestTheNewerObjectIsKept(t *testing.T) {
	pod := func(version, phase string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: ns, uid: u, resourceVersion: '" + version + "'}\nstatus: {phase: " + phase + "}\n"
	}
	for _, f := range []files{
		{"objects/a.yaml": pod("9", "Old"), "objects/b.yaml": pod("10", "New")},
		{"objects/a.yaml": pod("10", "New"), "objects/b.yaml": pod("9", "Old")},
	} {
		in := open(t, f.write(t))
		status, _ := in.Objects[0].Map["status"].(map[string]any)
		if diff := cmp.Diff(map[string]any{"phase": "New"}, status); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLookupTellsOfDifferentSecretsOfOneName(t *testing.T) {
	secret := func(value string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: ns}\ndata: {ca: " + value + "}\n"
	}
	in := open(t, files{"a.yaml": secret("eA=="), "b.yaml": secret("eQ=="), "c.yaml": secret("eA==")}.write(t))
	if len(in.Problems) != 0 {
		t.Errorf("problems %v: nobody asked for the secret", problems(in))
	}
	_, err := in.Lookup()(t.Context(), "Secret", "ns", "x")
	if !errors.Is(err, source.ErrUnclear) || !strings.Contains(err.Error(), "a.yaml") || !strings.Contains(err.Error(), "b.yaml") {
		t.Errorf("err = %v", err)
	}
}

func TestTheSecretWithValuesCounts(t *testing.T) {
	bundle := func(metadata, ca string) string { // a must-gather, as oc masks it
		return files{
			"must-gather/image/namespaces/ns/core/secrets.yaml": "apiVersion: v1\nkind: SecretList\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: x, namespace: ns" + metadata + "}\n  data: {ca: " + ca + ", other: eA==}\n",
			"must-gather/version":                               "must-gather\nv1\n",
			"must-gather/image/timestamp":                       "2026-11-23 08:00:00.0 +0000 UTC\n2026-11-23 08:01:00.0 +0000 UTC\n",
		}.write(t)
	}
	secret := func(name, metadata, data string) string {
		return files{"objects/" + name: "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: ns" + metadata + "}\n" + data}.write(t)
	}
	masked := bundle("", "'139 bytes long'")
	whole := secret("whole.yaml", "", "data: {ca: eQ==, other: eA==}\n")
	typed := secret("typed.yaml", "", "stringData: {ca: y, other: x}\n")
	differs := secret("differs.yaml", "", "data: {ca: eQ==, other: eg==}\n")
	more := secret("more.yaml", "", "data: {ca: eQ==, other: eA==, third: eA==}\n")
	list := secret("list.yaml", "", "data: {ca: eQ==, other: [eA==]}\n")
	less := secret("less.yaml", "", "data: {other: eA==}\n")
	sameMasked := bundle(", uid: u, resourceVersion: '7'", "'139 bytes long'")
	sameWhole := secret("same-whole.yaml", ", uid: u, resourceVersion: '7'", "data: {ca: eQ==, other: eA==}\n")
	otherWhole := secret("other-whole.yaml", ", uid: v, resourceVersion: '7'", "data: {ca: eQ==, other: eA==}\n")
	for _, test := range []struct {
		name    string
		args    []string
		unclear bool
	}{
		{"masked first", []string{masked, whole}, false},
		{"masked second", []string{whole, masked}, false},
		{"written as text", []string{masked, typed}, false},
		{"of one version", []string{sameMasked, sameWhole}, false},
		{"of one version, masked second", []string{sameWhole, sameMasked}, false},
		{"what both tell differs", []string{masked, differs}, true},
		{"a value that is no text", []string{masked, list}, true},
		{"values that are no texts", []string{bundle("", "'139 bytes long', more: [x]"), secret("l.yaml", "", "data: {ca: eQ==, other: eA==, more: [x]}\n")}, false},
		{"one has another key", []string{masked, more}, true},
		{"one lacks the key", []string{masked, less}, true},
		{"two objects", []string{sameMasked, otherWhole}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := open(t, test.args...)
			got, err := in.Lookup()(t.Context(), "Secret", "ns", "x")
			if test.unclear {
				if !errors.Is(err, source.ErrUnclear) {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil || got.Withholds("ca") {
				t.Fatalf("err = %v, withheld %v", err, got.Withheld)
			}
			if len(in.Notices) != 1 || !strings.Contains(in.Notices[0], "secrets.yaml") || !strings.Contains(in.Notices[0], ".yaml\": the second one has the values") {
				t.Errorf("notices %q", in.Notices)
			}
		})
	}
}

func TestACopyIsNotEmpty(t *testing.T) {
	secret := files{"x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: ns}\ndata: {ca: eA==}\n"}
	if in := open(t, secret.write(t), secret.write(t)); len(in.Objects) != 1 {
		t.Errorf("objects %v", objects(in))
	}
}
