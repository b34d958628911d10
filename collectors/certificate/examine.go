package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	// maxContent is how many bytes Examine reads; a bundle of all public roots
	// has a tenth of that.
	maxContent = 2 << 20
	// maxLayers is how many layers of base64 Examine takes off.
	maxLayers = 5
)

// Examine describes bytes that should hold certificates and returns the
// certificates found, in their order, repetitions included.
//
// Layers of base64 are taken off, at most five, until PEM, DER or nothing at all
// lies below; where neither does, nothing is taken off and the form is "other".
// Form tells the outermost layer: "base64_of_pem" is base64 of any text with PEM
// labels, "base64_of_der" of any DER; Inner tells what exactly lies below. Blocks
// and Certificates are those below the layers. With inner form "pem" they are the
// ones that Go's AppendCertsFromPEM takes from the bytes there: label CERTIFICATE,
// no headers, parsable.
//
// White space that a strict base64 reader would refuse is passed over and
// reported. PEM is judged as Go's reader has it, which some white space spoils.
// More than 2 MiB are not read: form "other", with a Reason. Form "other" has no
// SHA256: it may be anything, a password too, which could be guessed from that.
func Examine(raw []byte) (evidence.Content, []*x509.Certificate) {
	x := examination{content: evidence.Content{
		Form: evidence.FormOther, Inner: evidence.FormOther,
		Certificates: []string{}, Blocks: []evidence.Block{}, Whitespace: []string{},
		Size: len(raw),
	}}
	if len(raw) > maxContent {
		x.content.Reason = fmt.Sprintf("it has %d bytes and is not read: the limit is %d", len(raw), maxContent)
		return x.content, nil
	}
	x.peel(raw)
	if x.content.Form != evidence.FormOther {
		x.content.SHA256 = digest(raw)
	}
	for _, c := range x.certs {
		x.content.Certificates = append(x.content.Certificates, Fingerprint(c))
	}
	if len(x.certs) == 0 && x.content.Reason == "" {
		x.content.Reason = x.firstFault()
	}
	return x.content, x.certs
}

// examination is a Content in the making.
type examination struct {
	content evidence.Content
	certs   []*x509.Certificate
}

// peel takes layers off until it recognises what lies below them.
func (x *examination) peel(raw []byte) {
	data := raw
	var faults whitespace
	var crlf, bom bool
	for layers := 0; ; layers++ {
		if inner, faultsBelow, ok := x.recognise(data); ok {
			x.content.Inner = inner
			x.content.Base64Layers = layers
			x.content.Form = outerForm(inner, layers, isDER(data))
			x.content.Whitespace = faults.and(faultsBelow).names()
			x.content.CRLF = x.content.CRLF || crlf
			x.content.BOM = x.content.BOM || bom
			return
		}
		decoded, found, err := decodeBase64(data)
		if err != nil {
			x.content.Reason = whyOther(data, layers, err)
			return
		}
		if layers == maxLayers {
			x.content.Reason = fmt.Sprintf("it is base64 in more than %d layers", maxLayers)
			return
		}
		faults = faults.and(found)
		crlf = crlf || bytes.Contains(data, []byte("\r\n"))
		bom = bom || bytes.HasPrefix(data, utf8BOM)
		data = decoded
	}
}

// recognise describes data if it is what layers are taken off for.
func (x *examination) recognise(data []byte) (inner string, faults whitespace, ok bool) {
	switch {
	case len(bytes.TrimSpace(bytes.TrimPrefix(data, utf8BOM))) == 0:
		x.content.BOM = bytes.HasPrefix(data, utf8BOM)
		x.content.Reason = "it is empty"
		return evidence.FormEmpty, whitespace{}, true
	case isDER(data):
		return x.readDER(data), whitespace{}, true
	case looksLikePEM(data):
		inner, faults = x.readPEM(data)
		return inner, faults, true
	default:
		return "", whitespace{}, false
	}
}

// outerForm names the bytes as they lie there.
func outerForm(inner string, layers int, der bool) string {
	switch {
	case layers == 0, inner == evidence.FormEmpty:
		return inner
	case der:
		return evidence.FormBase64OfDER
	default:
		return evidence.FormBase64OfPEM
	}
}

// isDER: what Go would find PEM certificates in is PEM, even where it is valid
// DER as well.
func isDER(data []byte) bool { return isSequence(data) && !hasCertificateBlock(data) }

// firstFault is the reason of the first block that is not OK.
func (x *examination) firstFault() string {
	for _, b := range x.content.Blocks {
		if !b.OK {
			return b.Reason
		}
	}
	return ""
}
