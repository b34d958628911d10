package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestUnreadSections: each policy says the same of a document without the sections that
// it does not read, and what it quotes is whole.
func TestUnreadSections(t *testing.T) {
	t.Parallel()
	l, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, fixture := range fixtures(t) {
		in := []Input{fixture}
		for _, p := range l.policies {
			one := *l
			one.policies, one.left = []*Policy{p}, nil
			want, err := one.Judge(t.Context(), in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			one.left = unread(one.policies)
			got, err := one.Judge(t.Context(), in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %s without %v: %s", p.ID, fixture.URI, one.left, diff)
			}
		}
	}
}

// A policy of an organisation's may look at a document in any way: it gets all of it.
func TestOthersReadAll(t *testing.T) {
	t.Parallel()
	cfg := knowing(t)
	cfg.Modules = append(cfg.Modules, Module{Path: "acme.rego", Source: []byte("package acme.a\ndeny contains msg if { input.pods; msg := \"x\" }")})
	cfg.Select = []string{"acme.a"}
	l, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if l.left != nil {
		t.Errorf("%v are left out", l.left)
	}
}

// What a policy points to and does not read is quoted from the document.
func TestUnreadRecordsAreQuoted(t *testing.T) {
	t.Parallel()
	doc, err := evidence.Decode(document(t, func(b *evidence.Builder) {
		b.Record(func(d *evidence.Document) { d.Pods["shop/web"] = &evidence.Pod{Node: "wk-1", Images: []string{"a:1"}} })
	}).Bytes)
	if err != nil {
		t.Fatal(err)
	}
	d := readable{left: map[string]bool{"pods": true}, document: doc}
	for pointer, want := range map[string]string{
		"/pods/shop~1web": "images:", "/pods/shop~1web/node": "node: wk-1", "/pods/shop~1web/images/0": `"0": a:1`,
		"/pods/none": "", "/pods": "shop/db:", "/pods/shop~1web/none": "",
	} {
		if got, err := quote(d, pointer); err != nil || !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, error %v, want %q", pointer, got, err, want)
		}
	}
}
