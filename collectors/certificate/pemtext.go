package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxBlocks is how many blocks a Content lists one by one; what follows is
// counted. A system bundle has some 150.
const maxBlocks = 2000

// readPEM goes through a text block by block. What Go's pem.Decode finds is a
// block; what it passes over on the way is searched for labels, each of which is
// a block that is not OK. So the good ones are exactly Go's, and no bad one is
// lost. Each byte is looked at a fixed number of times.
func (x *examination) readPEM(text []byte) (inner string, faults whitespace) {
	x.content.BOM = bytes.Contains(text, utf8BOM)
	x.content.CRLF = bytes.Contains(text, []byte("\r\n"))
	x.content.Glued = bytes.Contains(text, []byte("----------BEGIN "))
	x.content.EscapedNewlines = bytes.Contains(text, []byte(`-----\n`)) || bytes.Contains(text, []byte(`-----\r`))
	rest := text
	for {
		block, next := pem.Decode(rest)
		if block == nil {
			break
		}
		seen := rest[:len(rest)-len(next)]
		begin := bytes.LastIndex(seen, []byte("-----BEGIN "))
		faults = faults.and(x.addSpoilt(seen[:begin]))
		x.addBlock(block)
		faults.space = faults.space || spaceInBody(seen[begin:])
		rest = next
	}
	faults = faults.and(x.addSpoilt(rest))
	if more := len(x.content.Blocks) - maxBlocks; more > 0 {
		x.content.Blocks = append(x.content.Blocks[:maxBlocks], evidence.Block{
			Reason: fmt.Sprintf("%d more blocks are not listed", more),
		})
	}
	return x.innerForm(), faults
}

// addBlock takes a block that Go's reader accepted.
func (x *examination) addBlock(block *pem.Block) {
	b := evidence.Block{Label: blockLabel(block.Type)}
	x.content.HasPrivateKey = x.content.HasPrivateKey || isKeyLabel(block.Type)
	switch {
	case block.Type != pemLabel:
		b.Reason = otherLabel(block.Type)
	case len(block.Headers) > 0:
		b.Reason = "headers stand in the block; Go passes over such certificates"
	default:
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			b.Reason = shorten(public(err.Error()))
			break
		}
		b.OK, b.Fingerprint = true, Fingerprint(c)
		x.certs = append(x.certs, c)
	}
	x.content.Blocks = append(x.content.Blocks, b)
}

func otherLabel(label string) string {
	switch {
	case isKeyLabel(label):
		return "a private key, not a certificate"
	case label == "TRUSTED CERTIFICATE", label == "X509 CERTIFICATE":
		return "only OpenSSL reads this label; Go wants CERTIFICATE"
	case isRequestLabel(label):
		return "a certificate request, not a certificate"
	case isPKCS7Label(label):
		return "PKCS#7, not a certificate"
	default:
		return "the label is not CERTIFICATE"
	}
}

func isKeyLabel(label string) bool { return strings.Contains(label, "PRIVATE KEY") }

func isRequestLabel(label string) bool {
	return label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST"
}

func isPKCS7Label(label string) bool {
	return label == "PKCS7" || label == "CMS" || label == "PKCS #7 SIGNED DATA"
}

// blockLabel is a label as a Content holds it: foreign text, so it is cut and
// made printable.
func blockLabel(label string) string {
	label = strings.ToValidUTF8(label[:min(len(label), maxLabel)], "?")
	return public(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, label))
}

// innerForm names what the blocks are in all.
func (x *examination) innerForm() string {
	if len(x.certs) > 0 {
		return evidence.FormPEM
	}
	only := func(is func(string) bool) bool {
		found := false
		for _, b := range x.content.Blocks {
			switch {
			case is(b.Label):
				found = true
			case !strings.HasSuffix(b.Label, "PARAMETERS"):
				return false
			}
		}
		return found
	}
	switch {
	case only(isRequestLabel):
		return evidence.FormCSR
	case only(isPKCS7Label):
		return evidence.FormPKCS7
	case only(func(label string) bool { return isKeyLabel(label) || isRequestLabel(label) || label == "PUBLIC KEY" }) && x.content.HasPrivateKey:
		return evidence.FormPrivateKey
	default:
		return evidence.FormBroken
	}
}

// hasCertificateBlock tells whether Go would find a certificate in data,
// whatever else it is.
func hasCertificateBlock(data []byte) bool {
	if !bytes.Contains(data, []byte("-----BEGIN "+pemLabel)) {
		return false
	}
	return x509.NewCertPool().AppendCertsFromPEM(data)
}

// spaceInBody tells whether a line of a block's base64 has spaces within, which
// is what becomes of "+" on the way through a form. Go passes over them.
func spaceInBody(block []byte) bool {
	for line := range bytes.Lines(block) {
		line = bytes.TrimSpace(line)
		if bytes.ContainsAny(line, " \t") && !bytes.HasPrefix(line, []byte("-----")) && !bytes.Contains(line, []byte(":")) {
			return true
		}
	}
	return false
}
