package oci

import (
	"net/url"
	"strings"
	"testing"
)

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"oci://registry.corp.example/team/policies:1": true,
		"registry.corp.example/team/policies":         true,
		"registry:5000/policies:1":                    true,
		"localhost/policies":                          true,
		"[::1]:5000/policies":                         true,
		"registry/policies":                           false,
		"policies":                                    false,
		"./policies":                                  false,
		"../policies/house":                           false,
		"/etc/policies.d/house":                       false,
		".policies/house":                             false,
		"C:/policies":                                 false,
		"build.d/house.tar.gz":                        false,
		"build.d/house.rego":                          false,
		"":                                            false,
	} {
		if got := Is(text); got != want {
			t.Errorf("Is(%q) = %v", text, got)
		}
	}
}

func TestParseReference(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for text, want := range map[string]string{
		"oci://h.example/p":                "h.example/p:latest",
		"h.example:5000/team/p:1":          "h.example:5000/team/p:1",
		"oci://h.example/p@" + digest:      "h.example/p@" + digest,
		"oci://h.example/p:1@" + digest:    "h.example/p@" + digest,
		"oci://h.example":                  "",
		"oci://h.example/P":                "",
		"oci://h.example/p:a b":            "",
		"oci://user:password@h.example/p":  "",
		"oci://h.example/p@sha256:abc":     "",
		"oci://h.example/../p":             "",
		"oci://h.example/p@md5:0123456789": "",
	} {
		ref, err := ParseReference(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q was read as %q", text, ref)
		case want == "":
			wantFault(t, err, "reading reference", "oci://")
		case err != nil || ref.String() != want:
			t.Errorf("%q was read as %q, %v; want %q", text, ref, err, want)
		case ref.Pinned() != strings.Contains(want, "@"):
			t.Errorf("%q pinned: %v", text, ref.Pinned())
		}
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("oci://registry.corp.example:5000/team/policies:1")
	f.Add("h.example/p@sha256:" + strings.Repeat("a", 64))
	f.Fuzz(func(t *testing.T, text string) {
		Is(text)
		ref, err := ParseReference(text)
		if err != nil {
			return
		}
		again, err := ParseReference(ref.String())
		if err != nil || again != ref {
			t.Errorf("%q gives %q, which gives %q, %v", text, ref, again, err)
		}
		ref.isLoopback()
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:` + strings.Repeat("a", 64) + `","size":7}]}`))
	f.Add([]byte(`{"layers":[{"size":-1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		layer, err := bundleLayer(text)
		if err == nil && (layer.Size < 0 || layer.Size > maxBundle || layer.Digest.Validate() != nil) {
			t.Errorf("%q gives %+v", text, layer)
		}
	})
}
