package secrets_test

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// authority is a certificate authority made for one test.
type authority struct {
	der         []byte
	pem         string
	key         string // PEM of its private key
	fingerprint string
}

func newAuthority(name string) authority {
	root := certtest.New(collectedAt).Root(name)
	return authority{
		der: root.Certificate.Raw, pem: string(root.PEM()), key: string(root.KeyPEM()), fingerprint: root.Fingerprint(),
	}
}

var collectedAt = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func pemOf(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// pkcs7 is the certificates-only form that Windows exports as .p7b (RFC 2315).
func (a authority) pkcs7(t testing.TB) []byte {
	t.Helper()
	type contentInfo struct{ Type asn1.ObjectIdentifier }
	signed, err := asn1.Marshal(struct {
		Version      int
		Digests      []asn1.RawValue `asn1:"set"`
		Content      contentInfo
		Certificates asn1.RawValue
		Signers      []asn1.RawValue `asn1:"set"`
	}{
		1, nil,
		contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}},
		asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: a.der},
		nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2},
		asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: signed},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// b64 encodes n times over.
func b64(text string, n int) string {
	for range n {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

// quote is a text as a YAML scalar.
func quote(text string) string { return fmt.Sprintf("%q", text) }

// objects reads a stream of manifests.
func objects(t testing.TB, manifests ...string) []source.Object {
	t.Helper()
	var out []source.Object
	dec := yaml.NewDecoder(strings.NewReader(strings.Join(manifests, "\n---\n")))
	for {
		var m map[string]any
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("reading manifest: %v", err)
		}
		if m != nil {
			out = append(out, source.Object{
				Map:        m,
				Provenance: evidence.Provenance{Source: "manifests", Method: "file", Path: fmt.Sprintf("objects.yaml#%d", len(out))},
			})
		}
	}
}

// among is a look-up among objects; what is not there is as absent says.
func among(list []source.Object, absent error) source.Lookup {
	return func(_ context.Context, kind, namespace, name string) (source.Object, error) {
		for _, o := range list {
			meta, _ := o.Map["metadata"].(map[string]any)
			ns, _ := meta["namespace"].(string)
			if o.Map["kind"] == kind && meta["name"] == name && ns == namespace {
				return o, nil
			}
		}
		return source.Object{}, fmt.Errorf("getting %s %q: %w", kind, namespace+"/"+name, absent)
	}
}

func newBuilder() *evidence.Builder {
	return evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, collectedAt)
}

// collect collects from manifests in a source that holds all there is.
func collect(t testing.TB, manifests ...string) *evidence.Document {
	t.Helper()
	return collectWith(t, secrets.Options{}, source.ErrNotFound, manifests...)
}

func collectWith(t testing.TB, opt secrets.Options, absent error, manifests ...string) *evidence.Document {
	t.Helper()
	list := objects(t, manifests...)
	b := newBuilder()
	secrets.Collect(t.Context(), b, list, among(list, absent), opt)
	return finish(t, b)
}

// finish builds the document and checks what must hold of each.
func finish(t testing.TB, b *evidence.Builder) *evidence.Document {
	t.Helper()
	d := b.Build("internal")
	encoded, err := evidence.Encode(d)
	if err != nil {
		t.Fatalf("encoding the document: %v", err)
	}
	if _, err := evidence.Decode(encoded); err != nil {
		t.Fatalf("reading the document back: %v", err)
	}
	checkSound(t, d)
	return d
}

// checkSound checks what must hold of each document without encoding it.
func checkSound(t testing.TB, d *evidence.Document) {
	t.Helper()
	for name, c := range d.Coverage {
		if c.Asked != c.Answered+c.Skipped+len(c.Gaps) {
			t.Errorf("coverage of %s does not add up: %+v", name, c)
		}
		for _, g := range c.Gaps {
			if strings.Contains(g.Detail, "was not finished") {
				t.Errorf("a task of %s was left open: %v", name, g)
			}
		}
	}
	for key, e := range d.Trust {
		if want := evidence.TrustEntryKey(e.Domain, e.Object, e.Label); key != want {
			t.Errorf("entry %q has the label of %q", key, want)
		}
		if e.Resolved != (e.Value != nil) || e.Resolved != (e.Layers != nil) || e.Resolved != (e.Reason == "") {
			t.Errorf("entry %q is neither resolved nor unresolved: %+v", key, e)
		}
	}
}

func encode(t testing.TB, d *evidence.Document) []byte {
	t.Helper()
	out, err := evidence.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out)
}

// entry is the only trust entry of a document.
func entry(t testing.TB, d *evidence.Document) evidence.TrustEntry {
	t.Helper()
	if len(d.Trust) != 1 {
		t.Fatalf("there are %d trust entries, want 1: %v", len(d.Trust), keysOf(d.Trust))
	}
	for _, e := range d.Trust {
		return e
	}
	return evidence.TrustEntry{}
}
