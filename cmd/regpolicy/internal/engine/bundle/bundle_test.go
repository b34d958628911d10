package bundle

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

func TestSameFilesSameBytes(t *testing.T) {
	for name, signer := range map[string]*Signer{
		"unsigned": nil,
		"ES256":    signerOf(t, ecKey(t, elliptic.P256()), ""),
		"RS256":    signerOf(t, rsaKey(t), ""),
	} {
		t.Run(name, func(t *testing.T) {
			files := house()
			slices.Reverse(files)
			again, err := Build(files, "7", signer)
			if err != nil {
				t.Fatal(err)
			}
			raw := build(t, signer)
			if !bytes.Equal(raw, again) {
				t.Error("two builds differ")
			}
			for _, e := range unpack(t, raw) {
				if h := e.header; !h.ModTime.Equal(time.Unix(0, 0)) || h.Uid != 0 || h.Uname != "" {
					t.Errorf("%s tells when or by whom it was built: %+v", h.Name, h)
				}
			}
		})
	}
}

func TestReadWhatWasBuilt(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	raw := build(t, signerOf(t, key, ""))
	for name, key := range map[string]*Key{"with the key": keyOf(t, key), "without": nil} {
		t.Run(name, func(t *testing.T) {
			b, err := Read("house.tar.gz", raw, key)
			if err != nil {
				t.Fatal(err)
			}
			if b.Revision != "7" || !b.Signed || b.Digest != Digest(raw) {
				t.Errorf("it is %+v", b)
			}
			if diff := cmp.Diff([]string{"house/allowed", "house/images", "house/nodes"}, b.Roots); diff != "" {
				t.Errorf("roots (-want +got):\n%s", diff)
			}
			if len(b.Modules) != 2 || b.Modules[0].Path != "house.tar.gz/images.rego" || string(b.Modules[0].Source) != images {
				t.Errorf("modules %+v", b.Modules)
			}
			allowed := b.Data["house"].(map[string]any)["allowed"].(map[string]any)
			if allowed["prefix"] != "registry.house.example/" || len(allowed["more"].(map[string]any)) != 2 {
				t.Errorf("data %v", b.Data)
			}
		})
	}
}

// TestStockReader: OPA alone, configured as its documentation says, accepts what
// was built with the key and refuses it without or with another.
func TestStockReader(t *testing.T) {
	ec, other := ecKey(t, elliptic.P384()), ecKey(t, elliptic.P384())
	rs := rsaKey(t)
	for _, tt := range []struct {
		algorithm string
		key       crypto.Signer
	}{{"ES384", ec}, {"RS256", rs}, {"PS512", rs}} {
		t.Run(tt.algorithm, func(t *testing.T) {
			raw := build(t, signerOf(t, tt.key, tt.algorithm))
			read := func(public []byte, id string) (opa.Bundle, error) {
				keys := map[string]*opa.KeyConfig{"house": {Key: string(public), Algorithm: tt.algorithm}}
				config := opa.NewVerificationConfig(keys, id, "", nil)
				return opa.NewReader(bytes.NewReader(raw)).WithBundleVerificationConfig(config).Read()
			}
			b, err := read(publicPEM(t, tt.key), "house")
			if err != nil {
				t.Fatal(err)
			}
			if v, err := b.RegoVersionForFile("/old/nodes.rego", ast.RegoV1); err != nil || v != ast.RegoV0 {
				t.Errorf("a policy of Rego v0 is read as %v, %v", v, err)
			}
			if len(b.Modules) != 2 || b.Manifest.Revision != "7" {
				t.Errorf("it is %+v", b.Manifest)
			}
			if _, err := read(publicPEM(t, other), "house"); err == nil {
				t.Error("another key was accepted")
			}
			if _, err := opa.NewReader(bytes.NewReader(raw)).Read(); err == nil {
				t.Error("it was accepted without a key")
			}
		})
	}
}

// TestReadWhatOPABuilt: signed by OPA itself, with no id of the key.
func TestReadWhatOPABuilt(t *testing.T) {
	key := rsaKey(t)
	b, err := opa.NewReader(bytes.NewReader(build(t, nil))).Read()
	if err != nil {
		t.Fatal(err)
	}
	b.Manifest.FileRegoVersions = nil
	b.Modules = b.Modules[:1]
	if err := b.GenerateSignature(opa.NewSigningConfig(string(privatePEM(t, key)), "RS256", ""), "", true); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if err := opa.Write(&raw, b); err != nil {
		t.Fatal(err)
	}
	if _, err := Read("opa.tar.gz", raw.Bytes(), keyOf(t, key)); err != nil {
		t.Error(err)
	}
	if _, err := Read("opa.tar.gz", raw.Bytes(), keyOf(t, rsaKey(t))); err == nil {
		t.Error("another key was accepted")
	}
}

func TestRefused(t *testing.T) {
	private := ecKey(t, elliptic.P256())
	signer, key := signerOf(t, private, ""), keyOf(t, private)
	signed, unsigned := build(t, signer), build(t, nil)
	more := func(raw []byte, more ...entry) []byte { return pack(t, append(unpack(t, raw), more...)...) }
	flip := func(s string) string { return strings.Replace(s, "x", "y", 1) }
	signatures := func(s string) []byte {
		return changed(t, signed, "/.signatures.json", func(string) string { return s })
	}
	bomb := make([]entry, 0, 20)
	for range 20 {
		bomb = append(bomb, file(strings.Repeat("a/", len(bomb))+"data.json", strings.Repeat(" ", 7<<20)))
	}
	for _, tt := range []struct {
		name string
		raw  []byte
		key  *Key
		says string
	}{
		{"not signed", unsigned, key, "it is not signed, and a key was given"},
		{"signature taken out", changed(t, signed, "/.signatures.json", nil), key, "it is not signed"},
		{"another key", signed, keyOf(t, ecKey(t, elliptic.P256())), `it is signed by the key "` + key.ID + `"`},
		{"a key of another kind", signed, keyOf(t, rsaKey(t)), `it is signed with "ES256"`},
		{"a policy changed", changed(t, signed, "/images.rego", flip), key, "images.rego: digest mismatch"},
		{"data changed", changed(t, signed, "/data.json", flip), key, "data.json: digest mismatch"},
		{"the manifest changed", changed(t, signed, "/.manifest", func(s string) string { return strings.Replace(s, `"7"`, `"8"`, 1) }), key, "digest mismatch"},
		{"a policy taken out", changed(t, signed, "/images.rego", nil), key, "specified in bundle signatures but not found"},
		{"a policy added", more(signed, file("/new.rego", "package new\n")), key, "new.rego not included in bundle signature"},
		{"signature changed", changed(t, signed, "/.signatures.json", func(s string) string { return strings.Replace(s, `.ey`, `.fy`, 1) }), key, ""},
		{"no algorithm", signatures(`{"signatures":["eyJhbGciOiJub25lIn0.e30."]}`), key, `it is signed with "none"`},
		{"a shared secret", signatures(`{"signatures":["eyJhbGciOiJIUzI1NiJ9.e30.AAAA"]}`), key, `it is signed with "HS256"`},
		{"no token", signatures(`{"signatures":["x"]}`), key, "reading signature"},
		{"no signature in the file", signatures(`{"signatures":[]}`), key, "holds 0 signatures"},
		{"no JSON", signatures(`{`), nil, `reading ".signatures.json"`},
		{"signatures elsewhere", more(unsigned, file("sub/.signatures.json", `{}`)), nil, "must lie at the bundle's root"},

		{"a path above", more(unsigned, file("../x.rego", "package x\n")), nil, `path "../x.rego" leads out`},
		{"a path above, from within", more(unsigned, file("/a/../../x.rego", "package x\n")), nil, "leads out"},
		{"a path of Windows", more(unsigned, file(`..\x.rego`, "package x\n")), nil, "leads out"},
		{"two slashes", more(unsigned, file("//x.rego", "package x\n")), nil, "leads out"},
		{"a link", more(unsigned, entry{header: tar.Header{Name: "x.rego", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}}), nil, "is a link"},
		{"a file twice", more(unsigned, file("images.rego", "package x\n")), nil, `"images.rego" twice`},
		{"no archive", []byte("package x\n"), nil, "unpacking"},
		{"nothing", nil, nil, "unpacking"},
		{"cut off", signed[:len(signed)/2], nil, "unexpected EOF"},
		{"too large", make([]byte, MaxSize+1), nil, "more than 16 MiB"},
		{"a bomb", pack(t, bomb...), nil, "unpacks to more than 64 MiB"},
		{"a file too large", pack(t, file("x.rego", strings.Repeat(" ", 9<<20))), nil, "size"},
		{"a delta", pack(t, file("patch.json", `{"data":[]}`)), nil, "delta bundle"},
		{"no policy", pack(t, file("data.json", `{}`)), nil, "holds no .rego file"},
		{"no Rego", pack(t, file("x.rego", "package")), nil, "x.rego"},
		{"an empty file", pack(t, file("x.rego", "")), nil, "x.rego"},
		{"outside its roots", pack(t, file(".manifest", `{"roots":["house"]}`), file("x.rego", "package x\n")), nil, "roots"},
		{"parameters as data", pack(t, file("params/data.json", `{"a":1}`), file("x.rego", "package x\n")), nil, `"params"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read("house.tar.gz", tt.raw, tt.key)
			wantFault(t, err, tt.says)
			wantFault(t, err, `reading bundle "house.tar.gz": `)
		})
	}
}

func TestKeysRefused(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p256 := ecKey(t, elliptic.P256())
	for name, tt := range map[string]struct {
		text []byte
		says string
	}{
		"no PEM":       {[]byte("x"), "no PEM"},
		"private":      {privatePEM(t, p256), "private key"},
		"damaged":      {[]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), ""},
		"of Ed25519":   {publicPEM(t, ed), "no such key"},
		"too short":    {publicPEM(t, short), "1024 bits"},
		"of P-224":     {publicPEM(t, ecKey(t, elliptic.P224())), "no such key"},
		"of something": {[]byte("-----BEGIN X-----\nAAAA\n-----END X-----\n"), "it is a X"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseKey(tt.text)
			wantFault(t, err, tt.says)
		})
	}
	for name, tt := range map[string]struct {
		text      []byte
		algorithm string
		says      string
	}{
		"no PEM":             {[]byte("x"), "", "no PEM"},
		"public":             {publicPEM(t, p256), "", "no private key"},
		"encrypted":          {[]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "", "encrypted"},
		"algorithm of RSA":   {privatePEM(t, p256), "RS256", `does not sign with "RS256"`},
		"unknown algorithm":  {privatePEM(t, p256), "none", `does not sign with "none"`},
		"secret's algorithm": {privatePEM(t, p256), "HS256", `does not sign with "HS256"`},
	} {
		t.Run("signing, "+name, func(t *testing.T) {
			_, err := ParseSigner(tt.text, tt.algorithm)
			wantFault(t, err, tt.says)
		})
	}
	t.Run("a certificate holds a key", func(t *testing.T) {
		leaf := certtest.New(time.Now()).SelfSigned("policies.corp.example")
		key, err := ParseKey(leaf.PEM())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read("house.tar.gz", build(t, signerOf(t, leaf.Key, "")), key); err != nil {
			t.Error(err)
		}
	})
}

func TestBuildRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		files []File
		says  string
	}{
		"two files of one name": {[]File{{"a.rego", nil}, {"a.rego", nil}}, `two folders hold "a.rego"`},
		"no Rego":               {[]File{{"a.rego", []byte("package")}}, "a.rego"},
		"two values":            {[]File{{"data.json", []byte(`{"a":{"b":1}}`)}, {"a/data.yaml", []byte("b: 2\n")}}, `"a.b"`},
		"data that is a list":   {[]File{{"data.json", []byte(`[]`)}}, `reading "data.json"`},
		"parameters":            {[]File{{"data.yaml", []byte("params: {}\n")}}, `"params"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(tt.files, "", nil)
			wantFault(t, err, tt.says)
		})
	}
}

func TestRoots(t *testing.T) {
	for name, tt := range map[string]struct {
		files []File
		want  []string
	}{
		"one root for a package and those in it": {[]File{{"a.rego", []byte("package a")}, {"b.rego", []byte("package a.b")}, {"c.rego", []byte("package a_b")}}, []string{"a", "a_b"}},
		"names of data at the top":               {[]File{{"data.yaml", []byte("x: 1\ny: {z: 1}\n")}}, []string{"x", "y"}},
		"folders of data":                        {[]File{{"x/y/data.json", []byte(`{"z":1}`)}}, []string{"x/y"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rootsOf(tt.files)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if root, ok := Overlap([]string{"house/a", "b"}, []string{"house"}); !ok || root != "house/a" {
		t.Errorf("overlap %q, %v", root, ok)
	}
	if root, ok := Overlap([]string{"house"}, []string{"houses", "x"}); ok {
		t.Errorf("overlap %q", root)
	}
}

func FuzzRead(f *testing.F) {
	private := ecKey(f, elliptic.P256())
	key := keyOf(f, private)
	f.Add(build(f, nil))
	f.Add(build(f, signerOf(f, private, "")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if b, err := Read("fuzz.tar.gz", raw, nil); err == nil && len(b.Modules) == 0 {
			t.Error("a bundle without policies")
		}
		_, _ = Read("fuzz.tar.gz", raw, key)
	})
}

// FuzzFile puts foreign bytes into each file of a bundle, which the compression
// keeps FuzzRead from.
func FuzzFile(f *testing.F) {
	key := keyOf(f, ecKey(f, elliptic.P256()))
	for _, e := range unpack(f, build(f, signerOf(f, ecKey(f, elliptic.P256()), ""))) {
		f.Add(e.header.Name, []byte(e.content))
	}
	f.Add("/policy.wasm", []byte("x"))
	f.Add("/.manifest", []byte(`{"roots":null,"wasm":[{"entrypoint":"a","module":"b"}],"file_rego_versions":{"[":0}}`))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if name == "" || len(name) > 90 || strings.ContainsRune(name, 0) || strings.HasSuffix(name, "/") { // tar refuses to write it
			return
		}
		raw := pack(t, file("x.rego", "package x\n"), file(name, string(content)))
		_, _ = Read("fuzz.tar.gz", raw, nil)
		_, _ = Read("fuzz.tar.gz", raw, key)
	})
}
