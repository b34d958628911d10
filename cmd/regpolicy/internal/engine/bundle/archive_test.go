package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

const images = `# METADATA
# title: Images come from our registry
# custom: {id: HOUSE-001}
package house.images

deny contains "x" if not startswith(input.cluster, data.house.allowed.prefix)
`

// house are the files that the tests build from.
func house() []File {
	return []File{
		{"images.rego", []byte(images)},
		{"old/nodes.rego", []byte("package house.nodes\n\ndeny[msg] { msg := \"x\"; input.cluster == \"east\" }\n")},
		{"house/allowed/data.yaml", []byte("prefix: registry.house.example/\n")},
		{"house/allowed/more/data.json", []byte(`{"hosts": ["a", "b"], "n": 1.50}`)},
	}
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func privatePEM(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func publicPEM(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func signerOf(t testing.TB, key crypto.Signer, algorithm string) *Signer {
	t.Helper()
	s, err := ParseSigner(privatePEM(t, key), algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keyOf(t testing.TB, key crypto.Signer) *Key {
	t.Helper()
	k, err := ParseKey(publicPEM(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func build(t testing.TB, signer *Signer) []byte {
	t.Helper()
	raw, err := Build(house(), "7", signer)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// entry is one file of an archive, as it stands there.
type entry struct {
	header  tar.Header
	content string
}

func unpack(t testing.TB, raw []byte) []entry {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{*h, string(content)})
	}
}

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, e := range entries {
		if e.header.Typeflag == tar.TypeReg {
			e.header.Size = int64(len(e.content))
		}
		if err := w.WriteHeader(&e.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func file(name, content string) entry {
	return entry{tar.Header{Name: name, Mode: 0o600, Typeflag: tar.TypeReg}, content}
}

// changed is an archive of which one file was changed; nil takes it out.
func changed(t testing.TB, raw []byte, name string, change func(string) string) []byte {
	t.Helper()
	entries := unpack(t, raw)
	i := slices.IndexFunc(entries, func(e entry) bool { return e.header.Name == name })
	if i < 0 {
		t.Fatalf("no file %q", name)
	}
	if change == nil {
		return pack(t, slices.Delete(entries, i, i+1)...)
	}
	entries[i].content = change(entries[i].content)
	return pack(t, entries...)
}

// wantFault wants an error of one line that has a cure.
func wantFault(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", says)
	}
	if text := err.Error(); !strings.Contains(text, says) || strings.Contains(text, "\n") {
		t.Errorf("the error is no line that says %q: %s", says, text)
	}
	if f, ok := errors.AsType[*engine.Fault](err); !ok || f.Hint == "" {
		t.Errorf("no cure: %v", err)
	}
}
