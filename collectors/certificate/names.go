package certificate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// attribute and relativeNameSET read a name's DER with the values kept raw.
// encoding/asn1 reads a slice whose type name ends in SET as a SET OF.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type relativeNameSET []attribute

// attributeNames holds the short names of RFC 4514 section 3 and the ones that
// Go and OpenSSL print besides. pkix.Name lacks DC, which every CA of an Active
// Directory carries.
var attributeNames = map[string]string{
	"2.5.4.3":                    "CN",
	"2.5.4.5":                    "SERIALNUMBER",
	"2.5.4.6":                    "C",
	"2.5.4.7":                    "L",
	"2.5.4.8":                    "ST",
	"2.5.4.9":                    "STREET",
	"2.5.4.10":                   "O",
	"2.5.4.11":                   "OU",
	"2.5.4.17":                   "POSTALCODE",
	"0.9.2342.19200300.100.1.1":  "UID",
	"0.9.2342.19200300.100.1.25": "DC",
	"1.2.840.113549.1.9.1":       "emailAddress",
}

// distinguishedName is a name as RFC 4514 text, most specific part first.
func distinguishedName(raw []byte, parsed pkix.Name) string {
	var names []relativeNameSET
	if rest, err := asn1.Unmarshal(raw, &names); err != nil || len(rest) > 0 {
		return public(parsed.String())
	}
	var out strings.Builder
	for _, name := range slices.Backward(names) {
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		for j, a := range name {
			if j > 0 {
				out.WriteByte('+')
			}
			writeAttribute(&out, a)
		}
	}
	return public(out.String())
}

func writeAttribute(out *strings.Builder, a attribute) {
	oid := a.Type.String()
	name, known := attributeNames[oid]
	var value any
	_, err := asn1.Unmarshal(a.Value.FullBytes, &value)
	text, isText := value.(string)
	if !known || err != nil || !isText {
		// RFC 4514 section 2.4: no short name or no string, so the DER in hex.
		if !known {
			name = oid
		}
		out.WriteString(name + "=#" + hex.EncodeToString(a.Value.FullBytes))
		return
	}
	out.WriteString(name + "=" + escapeValue(text))
}

// escapeValue escapes as RFC 4514 section 2.4 asks, and control characters with
// it, so that no name can break a line of a report.
func escapeValue(s string) string {
	var out strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune(`,+"\<>;`, r),
			r == ' ' && (i == 0 || i == len(s)-1),
			r == '#' && i == 0:
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\%02x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// label is what messages call a certificate: its common name, else another part
// of its subject, quoted.
func label(c *x509.Certificate) string {
	name := c.Subject.CommonName
	if name == "" {
		name = distinguishedName(c.RawSubject, c.Subject)
	}
	if name == "" {
		name = "serial number " + serialNumber(c)
	}
	return quoteName(name)
}

// issuerLabel is what messages call the issuer of a certificate.
func issuerLabel(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return quoteName(c.Issuer.CommonName)
	}
	return quoteName(distinguishedName(c.RawIssuer, c.Issuer))
}

func quoteName(name string) string {
	const limit = 120
	if runes := []rune(name); len(runes) > limit {
		name = string(runes[:limit]) + "..."
	}
	return fmt.Sprintf("%q", name)
}

// JudgeName tells whether a leaf is good for a host: a DNS name, or an IP
// address with or without square brackets. It follows Go's VerifyHostname
// (RFC 9525): names count only as subject alternative names, and a leaf whose
// common name alone would fit gets the reason "legacy_common_name".
func JudgeName(leaf *x509.Certificate, host string) evidence.NameVerdict {
	if leaf == nil {
		return evidence.NameVerdict{Reason: "name_mismatch"}
	}
	err := leaf.VerifyHostname(host)
	if err == nil {
		return evidence.NameVerdict{OK: true}
	}
	v := evidence.NameVerdict{
		Reason: "name_mismatch",
		Names:  append(publicAll(leaf.DNSNames), ipAddresses(leaf)...),
	}
	switch {
	// Go has no error type of its own for it.
	case strings.Contains(err.Error(), "relies on legacy Common Name field"):
		v.Reason = "legacy_common_name"
	case net.ParseIP(strings.Trim(host, "[]")) != nil:
		v.Reason = "ip_mismatch"
	}
	return v
}
