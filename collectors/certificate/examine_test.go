package certificate_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const bom = "\ufeff"

func encode(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }

// wrap breaks lines as GNU base64 does without -w0.
func wrap(b []byte) []byte {
	var out bytes.Buffer
	for len(b) > 76 {
		out.Write(b[:76])
		out.WriteByte('\n')
		b = b[76:]
	}
	out.Write(b)
	out.WriteByte('\n')
	return out.Bytes()
}

func relabel(b []byte, from, to string) []byte {
	return bytes.ReplaceAll(b, []byte(from), []byte(to))
}

func indent(b []byte) []byte {
	return append([]byte("  "), relabel(bytes.TrimRight(b, "\n"), "\n", "\n  ")...)
}

// contentCase is bytes and what Examine must say of them. Inner is Form where it
// is not set, and certs are the ones found.
type contentCase struct {
	name        string
	raw         []byte
	form, inner string
	layers      int
	certs       []*pair
	blocks      []string // label, and the reason of a block that is not OK
	whitespace  []string
	key         bool
	glued       bool
	bom         bool
	crlf        bool
	escaped     bool
	reason      string // part of the Reason
}

func contentCases() []contentCase {
	m := certtest.New(at)
	ca, other := m.Root("Corp Root CA"), m.Root("Other Root CA")
	text, der := ca.PEM(), ca.Certificate.Raw
	broken := relabel(text, "MII", "MI#")
	damaged := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: append([]byte{0x30, 0x03, 0x02, 0x01, 0x05}, der[5:40]...)})
	requestDER, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: ca.Certificate.Subject}, ca.Key)
	if err != nil {
		panic(err)
	}
	request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: requestDER})
	sequence := append([]byte{0x30, 60}, bytes.Repeat([]byte{5, 0}, 30)...)
	pkcs7 := []byte{
		0x30, 0x27, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x1a, 0x30, 0x18, 0x02, 0x01, 0x01,
		0x31, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x00, 0xa1, 0x00, 0x31, 0x00,
	}
	pkcs12 := append([]byte{0x30, 0x2a, 0x02, 0x01, 0x03, 0x30, 0x25}, bytes.Repeat([]byte{5, 0}, 18)...)
	pkcs12 = append(pkcs12, 0)
	headers := relabel(text, "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nProc-Type: 4,X\n\n")
	key := ca.KeyPEM()
	keyDER, _ := pem.Decode(key)
	oneLine := relabel(bytes.TrimSpace(text), "\n", "")
	gluedText := join(bytes.TrimSpace(text), other.PEM())
	plusAsSpace := relabel(encode(der), "+", " ")
	const unlabelled = "the label is not CERTIFICATE"

	return []contentCase{
		{name: "a PEM certificate", raw: text, form: "pem", certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "several certificates", raw: certtest.Bundle(ca, other, ca), form: "pem", certs: []*pair{ca, other, ca}, blocks: []string{"CERTIFICATE", "CERTIFICATE", "CERTIFICATE"}},
		{name: "text around PEM", raw: []byte("subject=CN = x\n" + string(text) + "bye\n"), form: "pem", certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "PEM without its last line end", raw: bytes.TrimSpace(text), form: "pem", certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "CRLF", raw: relabel(text, "\n", "\r\n"), form: "pem", certs: []*pair{ca}, crlf: true, blocks: []string{"CERTIFICATE"}},
		{name: "nothing", raw: nil, form: "empty", reason: "empty"},
		{name: "white space only", raw: []byte(" \n\t\n"), form: "empty", reason: "empty"},

		// Layers: domain.md section 6.
		{name: "encoded once", raw: encode(text), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "encoded twice", raw: encode(encode(text)), form: "base64_of_pem", inner: "pem", layers: 2, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "encoded three times", raw: encode(encode(encode(text))), form: "base64_of_pem", inner: "pem", layers: 3, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "encoded five times", raw: encode(encode(encode(encode(encode(text))))), form: "base64_of_pem", inner: "pem", layers: 5, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "encoded six times", raw: encode(encode(encode(encode(encode(encode(text)))))), form: "other", reason: "more than 5 layers"},
		{name: "BOM, encoded once", raw: encode([]byte(bom + string(text))), form: "base64_of_pem", inner: "broken_pem", layers: 1, bom: true, blocks: []string{"CERTIFICATE: a byte order mark stands before the label"}, reason: "byte order mark"},
		{name: "encoded once behind a BOM", raw: append([]byte(bom), encode(text)...), form: "base64_of_pem", inner: "pem", layers: 1, bom: true, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "DER", raw: der, form: "der", certs: []*pair{ca}},
		{name: "DER and a line end", raw: append(bytes.Clone(der), '\n'), form: "der", certs: []*pair{ca}},
		{name: "two DER certificates", raw: join(der, other.Certificate.Raw), form: "der", certs: []*pair{ca, other}},
		{name: "DER, encoded once", raw: encode(der), form: "base64_of_der", inner: "der", layers: 1, certs: []*pair{ca}},
		{name: "DER, encoded twice", raw: encode(encode(der)), form: "base64_of_der", inner: "der", layers: 2, certs: []*pair{ca}},
		{name: "base64 that begins like DER", raw: encode(join([]byte("Сертификат"+strings.Repeat(" ", 37)+"cA\n"), text)), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "nothing, encoded once", raw: encode([]byte("\n")), form: "empty", layers: 1, reason: "empty"},

		// White space in base64.
		{name: "base64 with a final line end", raw: append(encode(text), '\n'), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "base64 in lines, as without -w0", raw: wrap(encode(text)), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, whitespace: []string{"newline_in_base64"}, blocks: []string{"CERTIFICATE"}},
		{name: "the inner layer in lines", raw: encode(wrap(encode(text))), form: "base64_of_pem", inner: "pem", layers: 2, certs: []*pair{ca}, whitespace: []string{"newline_in_base64"}, blocks: []string{"CERTIFICATE"}},
		{name: "base64 in lines with CRLF", raw: relabel(wrap(encode(text)), "\n", "\r\n"), form: "base64_of_pem", inner: "pem", layers: 1, crlf: true, certs: []*pair{ca}, whitespace: []string{"newline_in_base64"}, blocks: []string{"CERTIFICATE"}},
		{name: "a trailing space", raw: append(encode(text), ' '), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, whitespace: []string{"trailing_space"}, blocks: []string{"CERTIFICATE"}},
		{name: "a trailing tab and line end", raw: append(encode(text), '\t', '\n'), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, whitespace: []string{"trailing_space"}, blocks: []string{"CERTIFICATE"}},
		{name: "a space within base64", raw: join(encode(text)[:100], []byte(" "), encode(text)[100:]), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, whitespace: []string{"space_in_base64"}, blocks: []string{"CERTIFICATE"}},
		{name: "indented base64 in lines", raw: indent(wrap(encode(text))), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, whitespace: []string{"newline_in_base64", "indented"}, blocks: []string{"CERTIFICATE"}},
		{name: "plus signs that became spaces", raw: plusAsSpace, form: "base64_of_der", inner: "der", layers: 1, certs: []*pair{ca}, whitespace: []string{"space_in_base64"}},

		// PEM that Go does not read.
		{name: "a BOM", raw: []byte(bom + string(text)), form: "broken_pem", bom: true, blocks: []string{"CERTIFICATE: a byte order mark stands before the label"}, reason: "byte order mark"},
		{name: "a BOM before the first of two", raw: []byte(bom + string(certtest.Bundle(ca, other))), form: "pem", bom: true, certs: []*pair{other}, blocks: []string{"CERTIFICATE: a byte order mark stands before the label", "CERTIFICATE"}},
		{name: "glued certificates", raw: gluedText, form: "broken_pem", glued: true, blocks: []string{"CERTIFICATE: it is glued to the beginning", "CERTIFICATE: it is glued to the end"}, reason: "glued"},
		{name: "glued certificates and a good one", raw: join(gluedText, ca.PEM()), form: "pem", glued: true, certs: []*pair{ca}, blocks: []string{"CERTIFICATE: it is glued to the beginning", "CERTIFICATE: it is glued to the end", "CERTIFICATE"}},
		{name: "escaped line ends", raw: relabel(text, "\n", `\n`), form: "broken_pem", escaped: true, blocks: []string{`CERTIFICATE: line ends are written as \n`}, reason: "backslash"},
		{name: "escaped CRLF", raw: relabel(text, "\n", `\r\n`), form: "broken_pem", escaped: true, blocks: []string{`CERTIFICATE: line ends are written as \n`}, reason: "backslash"},
		{name: "PEM on one line", raw: oneLine, form: "broken_pem", blocks: []string{"CERTIFICATE: the base64 stands on the line of the label"}, reason: "line of the label"},
		{name: "PEM on one line with spaces", raw: relabel(bytes.TrimSpace(text), "\n", " "), form: "broken_pem", blocks: []string{"CERTIFICATE: the base64 stands on the line of the label"}, reason: "line of the label"},
		{name: "indented PEM", raw: indent(text), form: "broken_pem", whitespace: []string{"indented"}, blocks: []string{"CERTIFICATE: the label is indented"}, reason: "indented"},
		{name: "six dashes", raw: relabel(text, "-----BEGIN", "------BEGIN"), form: "broken_pem", blocks: []string{"CERTIFICATE: the label begins with 6 dashes"}, reason: "6 dashes"},
		{name: "four dashes", raw: relabel(text, "-----BEGIN", "----BEGIN"), form: "broken_pem", blocks: []string{"CERTIFICATE: the label begins with 4 dashes"}, reason: "4 dashes"},
		{name: "six dashes behind the label", raw: relabel(text, "BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE------"), form: "broken_pem", blocks: []string{"CERTIFICATE: the label ends with 6 dashes"}, reason: "6 dashes"},
		{name: "long dashes from a word processor", raw: relabel(text, "-----", "–––––"), form: "broken_pem", blocks: []string{"CERTIFICATE: the dashes of the label are not plain hyphens"}, reason: "hyphens"},
		{name: "a trusted certificate", raw: relabel(text, "CERTIFICATE", "TRUSTED CERTIFICATE"), form: "broken_pem", blocks: []string{"TRUSTED CERTIFICATE: only OpenSSL reads this label"}, reason: "OpenSSL"},
		{name: "headers in the block", raw: headers, form: "broken_pem", blocks: []string{"CERTIFICATE: headers stand in the block"}, reason: "headers"},
		{name: "no END line", raw: text[:len(text)-30], form: "broken_pem", blocks: []string{"CERTIFICATE: the END line is missing"}, reason: "END line"},
		{name: "no END line before a good one", raw: join(text[:len(text)-30], []byte("\n"), other.PEM()), form: "pem", certs: []*pair{other}, blocks: []string{"CERTIFICATE: the END line is missing", "CERTIFICATE"}},
		{name: "an END line of another kind", raw: relabel(text, "END CERTIFICATE", "END X509 CERTIFICATE"), form: "broken_pem", blocks: []string{"CERTIFICATE: the END line does not fit"}, reason: "END line"},
		{name: "text behind END", raw: join(bytes.TrimSpace(text), []byte(" # corp")), form: "broken_pem", blocks: []string{"CERTIFICATE: other text stands behind the END label"}, reason: "behind the END"},
		{name: "an indented END line", raw: relabel(text, "-----END", " -----END"), form: "broken_pem", blocks: []string{"CERTIFICATE: the END label does not begin its line"}, reason: "END label"},
		{name: "a key before the label, as in YAML", raw: append([]byte("ca.crt: "), text...), form: "broken_pem", blocks: []string{"CERTIFICATE: other text stands before the label"}, reason: "before the label"},
		{name: "damaged base64", raw: broken, form: "broken_pem", blocks: []string{"CERTIFICATE: illegal base64 data"}, reason: "illegal base64"},
		{name: "damaged base64 before a good one", raw: join(broken, other.PEM()), form: "pem", certs: []*pair{other}, blocks: []string{"CERTIFICATE: illegal base64 data", "CERTIFICATE"}},
		{name: "a damaged certificate between good ones", raw: join(text, damaged, other.PEM()), form: "pem", certs: []*pair{ca, other}, blocks: []string{"CERTIFICATE", "CERTIFICATE: x509:", "CERTIFICATE"}},
		{name: "a damaged certificate alone", raw: damaged, form: "broken_pem", blocks: []string{"CERTIFICATE: x509:"}, reason: "x509:"},
		{name: "spaces within a PEM line", raw: relabel(text, "MII", "M II"), form: "pem", certs: []*pair{ca}, whitespace: []string{"space_in_base64"}, blocks: []string{"CERTIFICATE"}},
		{name: "a public key", raw: []byte("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"), form: "broken_pem", blocks: []string{"PUBLIC KEY: " + unlabelled}, reason: unlabelled},

		// Other things that are pasted.
		{name: "a certificate and its key", raw: join(text, key), form: "pem", certs: []*pair{ca}, key: true, blocks: []string{"CERTIFICATE", "PRIVATE KEY: a private key"}},
		{name: "a key", raw: key, form: "private_key", key: true, blocks: []string{"PRIVATE KEY: a private key"}, reason: "private key"},
		{name: "a key, encoded twice", raw: encode(encode(key)), form: "base64_of_pem", inner: "private_key", layers: 2, key: true, blocks: []string{"PRIVATE KEY: a private key"}, reason: "private key"},
		{name: "an indented key", raw: indent(key), form: "private_key", key: true, whitespace: []string{"indented"}, blocks: []string{"PRIVATE KEY: the label is indented"}, reason: "indented"},
		{name: "an OpenSSH key", raw: []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n"), form: "private_key", key: true, blocks: []string{"OPENSSH PRIVATE KEY: a private key"}, reason: "private key"},
		{name: "a DER key", raw: keyDER.Bytes, form: "private_key", key: true, reason: "private key"},
		{name: "a DER key, encoded once", raw: encode(keyDER.Bytes), form: "base64_of_der", inner: "private_key", layers: 1, key: true, reason: "private key"},
		{name: "a key and a broken certificate", raw: join(key, broken), form: "broken_pem", key: true, blocks: []string{"PRIVATE KEY: a private key", "CERTIFICATE: illegal base64"}, reason: "private key"},
		{name: "a certificate request", raw: request, form: "csr", blocks: []string{"CERTIFICATE REQUEST: a certificate request"}, reason: "request"},
		{name: "a DER request", raw: requestDER, form: "csr", reason: "request"},
		{name: "a key and its request", raw: join(key, request), form: "private_key", key: true, blocks: []string{"PRIVATE KEY: a private key", "CERTIFICATE REQUEST: a certificate request"}, reason: "private key"},
		{name: "PKCS#7 of indefinite length", raw: join([]byte{0x30, 0x80}, pkcs7[2:13], make([]byte, 40)), form: "pkcs7", reason: "PKCS#7"},
		{name: "PKCS#12 of indefinite length", raw: join([]byte{0x30, 0x80, 0x02, 0x01, 0x03}, make([]byte, 40)), form: "pkcs12", reason: "PKCS#12"},
		{name: "DER of something else", raw: sequence, form: "other", reason: "x509:"},
		{name: "DER of something else, encoded once", raw: encode(sequence), form: "base64_of_der", inner: "other", layers: 1, reason: "x509:"},
		{name: "an encrypted key in DER", raw: encryptedKey(), form: "private_key", key: true, reason: "private key"},
		{name: "DER that holds PEM", raw: join([]byte{0x30, 0x82, byte(len(text) >> 8), byte(len(text) + 1), '\n'}, text), form: "pem", certs: []*pair{ca}, blocks: []string{"CERTIFICATE"}},
		{name: "gzip", raw: []byte("\x1f\x8b\x08\x00"), form: "other", reason: "gzip"},
		{name: "base64 with an empty line of spaces", raw: join(encode(text)[:76], []byte("\n  \n"), encode(text)[76:]), form: "base64_of_pem", inner: "pem", layers: 1, certs: []*pair{ca}, whitespace: []string{"newline_in_base64", "trailing_space"}, blocks: []string{"CERTIFICATE"}},
		{name: "PKCS#7", raw: pkcs7, form: "pkcs7", reason: "PKCS#7"},
		{name: "PKCS#7 as PEM, encoded twice", raw: encode(encode(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: pkcs7}))), form: "base64_of_pem", inner: "pkcs7", layers: 2, blocks: []string{"PKCS7: PKCS#7"}, reason: "PKCS#7"},
		{name: "PKCS#12", raw: pkcs12, form: "pkcs12", reason: "PKCS#12"},
		{name: "PKCS#12, encoded once", raw: encode(pkcs12), form: "base64_of_der", inner: "pkcs12", layers: 1, reason: "PKCS#12"},
		{name: "UTF-16 from PowerShell", raw: append([]byte("\xff\xfe"), relabel(text, "", "\x00")...), form: "other", reason: "UTF-16"},
		{name: "a Java keystore", raw: []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"), form: "other", reason: "keystore"},
		{name: "plain words", raw: []byte("to be replaced!"), form: "other", reason: "text without a PEM label"},
		{name: "words that are valid base64", raw: []byte("changeme"), form: "other", reason: "below is no certificate"},
		{name: "binary junk", raw: []byte("\x00\x01\x02\xff\xfe\x80"), form: "other", reason: "binary"},
		{name: "base64 whose padding was lost", raw: bytes.TrimRight(encode(append(bytes.Clone(text), '\n')), "="), form: "other", reason: "begins as a certificate in base64"},
		{name: "base64 that ends early", raw: encode(text)[:401], form: "other", reason: "illegal base64"},
		{name: "more than the limit", raw: bytes.Repeat(text, 2<<20/len(text)+1), form: "other", reason: "the limit is 2097152"},
	}
}

// encryptedKey is the outer shape of PKCS#8 encrypted with PBES2.
func encryptedKey() []byte {
	scheme := []byte{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d, 0x05, 0x00}
	return join([]byte{0x30, byte(len(scheme) + 34)}, scheme, []byte{0x04, 32}, make([]byte, 32))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestExamineDescribesWhatPeoplePaste(t *testing.T) {
	for _, c := range contentCases() {
		t.Run(c.name, func(t *testing.T) {
			got, certs := certificate.Examine(c.raw)
			if c.inner == "" {
				c.inner = c.form
			}
			want := evidence.Content{
				Form: c.form, Inner: c.inner, Base64Layers: c.layers, HasPrivateKey: c.key,
				Glued: c.glued, BOM: c.bom, CRLF: c.crlf, EscapedNewlines: c.escaped,
				Whitespace: append([]string{}, c.whitespace...), Certificates: append([]string{}, fingerprints(c.certs...)...),
				Size: len(c.raw), SHA256: got.SHA256, Blocks: got.Blocks, Reason: got.Reason,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			if (c.reason == "") != (got.Reason == "") || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("the reason is %q, want %q", got.Reason, c.reason)
			}
			if (got.SHA256 == "") != (got.Form == evidence.FormOther) {
				t.Errorf("form %q has the digest %q", got.Form, got.SHA256)
			}
			checkBlocks(t, c.blocks, got.Blocks)
			for i, p := range c.certs {
				if !certs[i].Equal(p.Certificate) {
					t.Errorf("certificate %d is another one", i)
				}
			}
			if len(c.raw) <= 2<<20 {
				agreesWithGo(t, c.raw, got, certs)
			}
		})
	}
}

func checkBlocks(t *testing.T, want []string, got []evidence.Block) {
	t.Helper()
	var described []string
	for _, b := range got {
		if b.OK != (b.Reason == "") || b.OK != (b.Fingerprint != "") {
			t.Errorf("a block contradicts itself: %+v", b)
		}
		if b.OK {
			described = append(described, b.Label)
		} else {
			described = append(described, b.Label+": "+b.Reason)
		}
	}
	if len(described) != len(want) {
		t.Fatalf("the blocks are %q, want %q", described, want)
	}
	for i := range want {
		if !strings.HasPrefix(described[i], want[i]) {
			t.Errorf("block %d is %q, want %q", i, described[i], want[i])
		}
	}
}

// agreesWithGo holds the form "pem" against what Go's own loader takes from the
// same bytes.
func agreesWithGo(t *testing.T, raw []byte, content evidence.Content, certs []*x509.Certificate) {
	t.Helper()
	pool := x509.NewCertPool()
	ok := pool.AppendCertsFromPEM(raw)
	if ok != (content.Form == evidence.FormPEM) {
		t.Errorf("form is %q, and AppendCertsFromPEM says %v", content.Form, ok)
	}
	if !ok {
		return
	}
	ours := x509.NewCertPool()
	for _, c := range certs {
		ours.AddCert(c)
	}
	if !pool.Equal(ours) {
		t.Error("Go's loader takes other certificates")
	}
}

func TestExamineKeepsNoKey(t *testing.T) {
	key := certtest.New(at).Root("Corp Root CA").KeyPEM()
	block, _ := pem.Decode(key)
	for _, raw := range [][]byte{key, block.Bytes, encode(key), encode(encode(key)), indent(key), relabel(key, "\n", `\n`)} {
		content, _ := certificate.Examine(raw)
		out, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		body := encode(block.Bytes)
		if !content.HasPrivateKey || bytes.Contains(out, body[:24]) || bytes.Contains(out, body[60:84]) || evidence.Scan(out) != nil {
			t.Errorf("the content of %.20q is %s", raw, out)
		}
	}
}

func TestExamineCutsEndlessListsOfBlocks(t *testing.T) {
	content, _ := certificate.Examine(bytes.Repeat([]byte("-----BEGIN A-----\n"), 50_000))
	if n := len(content.Blocks); n != 2001 || !strings.HasPrefix(content.Blocks[2000].Reason, "48000 more") {
		t.Errorf("%d blocks, the last is %+v", n, content.Blocks[n-1])
	}
}

func TestLabelsAreMadeHarmless(t *testing.T) {
	content, _ := certificate.Examine([]byte("-----BEGIN " + strings.Repeat("A\x1b", 300) + "-----\nAA==\n-----END " + strings.Repeat("A\x1b", 300) + "-----\n-----BEGIN A-----\n"))
	if got := fmt.Sprint(content.Blocks[0].Label); len(got) > 64 || strings.Contains(got, "\x1b") {
		t.Errorf("the label is %q", got)
	}
}
