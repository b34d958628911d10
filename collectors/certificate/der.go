package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// minSequence is the length under which bytes that happen to begin like an ASN.1
// SEQUENCE are not taken for one: no key or certificate is that short.
const minSequence = 38

// isSequence tells whether data is a DER SEQUENCE, alone or with others behind
// it, or begins like the BER of PKCS#7 and PKCS#12.
func isSequence(data []byte) bool {
	if len(data) < minSequence || data[0] != 0x30 || isText(data) {
		return false
	}
	if indefinitePKCS7(data) || indefinitePKCS12(data) {
		return true
	}
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(data, &outer)
	if err != nil || len(outer.FullBytes) < minSequence {
		return false
	}
	rest = bytes.TrimSpace(rest)
	return len(rest) == 0 || rest[0] == 0x30
}

// isText tells ASCII text, base64 among it, that begins with "0" as a SEQUENCE does. All
// that is looked for holds the tag of an INTEGER or of an OID, which no text has.
func isText(data []byte) bool {
	for _, c := range data {
		if (c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// indefinitePKCS7: BER with indefinite length, as Windows and Java write it,
// which encoding/asn1 does not read.
func indefinitePKCS7(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07})
}

func indefinitePKCS12(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0x30, 0x80, 0x02, 0x01, 0x03})
}

// Object identifiers of which all that lie below are meant.
const (
	oidPKCS7     = "1.2.840.113549.1.7."
	oidPKCS5     = "1.2.840.113549.1.5."
	oidPKCS12PBE = "1.2.840.113549.1.12.1."
)

// readDER describes a SEQUENCE and keeps the certificates in it.
func (x *examination) readDER(data []byte) string {
	certs, err := parseCertificates(data)
	switch {
	case err == nil:
		x.certs = certs
		return evidence.FormDER
	case indefinitePKCS12(data), startsWithVersion(data, 3):
		x.content.Reason = "it is a PKCS#12 file, not a certificate"
		return evidence.FormPKCS12
	case indefinitePKCS7(data), startsWithOID(data, oidPKCS7):
		x.content.Reason = "it is PKCS#7, not a certificate"
		return evidence.FormPKCS7
	case isPrivateKey(data):
		x.content.HasPrivateKey = true
		x.content.Reason = "it is a private key, not a certificate"
		return evidence.FormPrivateKey
	case isRequest(data):
		x.content.Reason = "it is a certificate request, not a certificate"
		return evidence.FormCSR
	default:
		x.content.Reason = shorten(public(err.Error()))
		return evidence.FormOther
	}
}

// parseCertificates reads one or more certificates, with white space at the end
// that a text tool may have added.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	certs, err := x509.ParseCertificates(data)
	if err == nil {
		return certs, nil
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) < len(data) {
		if certs, trimmedErr := x509.ParseCertificates(trimmed); trimmedErr == nil {
			return certs, nil
		}
	}
	return nil, err
}

// startsWithVersion tells whether a SEQUENCE begins with one of these integers.
func startsWithVersion(data []byte, versions ...int) bool {
	var n int
	_, err := asn1.Unmarshal(firstElement(data).FullBytes, &n)
	return err == nil && slices.Contains(versions, n)
}

// startsWithOID tells whether a SEQUENCE begins with an object identifier below
// the given one.
func startsWithOID(data []byte, prefix string) bool {
	var oid asn1.ObjectIdentifier
	_, err := asn1.Unmarshal(firstElement(data).FullBytes, &oid)
	return err == nil && strings.HasPrefix(oid.String(), prefix)
}

func firstElement(data []byte) asn1.RawValue {
	var outer, first asn1.RawValue
	if _, err := asn1.Unmarshal(data, &outer); err != nil {
		return asn1.RawValue{}
	}
	if _, err := asn1.Unmarshal(outer.Bytes, &first); err != nil {
		return asn1.RawValue{}
	}
	return first
}

// isPrivateKey recognises keys by their outer shape, so that a key of an
// algorithm that Go does not know is one, too: PKCS#1, PKCS#8 and SEC 1 begin
// with version 0 or 1, encrypted PKCS#8 (RFC 5958 section 3) with the object
// identifier of an encryption scheme.
func isPrivateKey(data []byte) bool {
	scheme := firstElement(data).FullBytes
	return startsWithVersion(data, 0, 1) || startsWithOID(scheme, oidPKCS5) || startsWithOID(scheme, oidPKCS12PBE)
}

func isRequest(data []byte) bool {
	_, err := x509.ParseCertificateRequest(data)
	return err == nil
}
