package repair

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

func FuzzCertificatesOf(f *testing.F) {
	ca := string(certtest.New(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)).Root("Corp CA").PEM())
	for _, seed := range []string{
		ca, encode(ca, 1), encode(ca, 2), encode(ca, 3), strings.TrimSpace(ca) + ca, "\ufeff" + ca,
		strings.ReplaceAll(ca, "\n", `\n`), strings.ReplaceAll(ca, "-----BEGIN", "------BEGIN"),
		ca + "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "", "x", "-----BEGIN CERTIFICATE-----",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if len(raw) > 1<<16 {
			return
		}
		certs, err := certificatesOf(raw)
		if err == nil && len(certs) == 0 {
			t.Error("neither a certificate nor an error")
		}
		for _, c := range certs {
			block, rest := pem.Decode([]byte(c))
			if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
				t.Fatalf("more or less than a certificate: %q", c)
			}
			if _, err := x509.ParseCertificate(block.Bytes); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNextName(t *testing.T) {
	for name, want := range map[string]string{"corp": "corp-2", "corp-2": "corp-4", "corp-x": "corp-x-2", "-7": "-7-2", "a.crt": "a.crt-2", "ca-09": "ca-09-2"} {
		if got := nextName(name, []string{"corp-3"}); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestPatchOperations makes with a JSON patch what it was made from.
func TestPatchOperations(t *testing.T) {
	for _, pair := range [][2]string{
		{`{"a":{"b":"x","c~/d":"y"}}`, `{"a":{"b":"z","c~/d":"w"}}`},
		{`{"a":[{"n":"1"},{"n":"2"}]}`, `{"a":[{"n":"1"},{"n":"3"},{"n":"4"},{"n":"5"}]}`},
		{`{"a":{"b":1},"c":2}`, `{"d":{"e":[]},"c":2}`},
		{`{"a":[1,2,3]}`, `{"a":[1]}`},
		{`{"a":"x"}`, `{"a":["x"]}`},
		{`{"a":"it's"}`, `{"a":"it is"}`},
		{`{"a":{}}`, `{"a":{}}`},
	} {
		var was, is any
		for i, into := range []*any{&was, &is} {
			if err := json.Unmarshal([]byte(pair[i]), into); err != nil {
				t.Fatal(err)
			}
		}
		text, err := encodeJSON(append([]operation{}, compare(nil, "", was, is)...))
		if err != nil {
			t.Fatal(err)
		}
		patch, err := jsonpatch.DecodePatch([]byte(text))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		got, err := patch.Apply([]byte(pair[0]))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		var after any
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(is, after); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
