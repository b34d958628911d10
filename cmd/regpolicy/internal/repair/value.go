package repair

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxLayers is how many layers of base64 are taken off.
const maxLayers = 5

var errKey = errors.New("the value holds a private key, which is never printed: take it out by hand, and issue a new one, for it counts as disclosed")

// certificatesOf are the certificates in a value as PEM, each by itself, whatever
// is around them. What is no certificate is an error: a repair must not drop it.
func certificatesOf(raw string) ([]string, error) {
	data := []byte(raw)
	for range maxLayers + 1 {
		data = bytes.TrimPrefix(data, byteOrderMark)
		if bytes.Contains(data, []byte("-BEGIN ")) {
			return fromPEM(string(data))
		}
		if certs, err := x509.ParseCertificates(data); err == nil && len(certs) > 0 {
			return asPEM(certs), nil
		}
		decoded, err := base64.StdEncoding.DecodeString(compact(string(data), ""))
		if err != nil || len(decoded) == 0 {
			break
		}
		data = decoded
	}
	return nil, errors.New("no certificate can be read in the value")
}

// compact leaves white space out of base64; a space may be a "+" that went through
// a form.
func compact(text, space string) string {
	return strings.NewReplacer("\r", "", "\n", "", "\t", "", " ", space).Replace(text)
}

var (
	dashes = regexp.MustCompile(`-{5,}(BEGIN|END) ([A-Z0-9 ]{1,40}?)-{5,}`)
	blocks = regexp.MustCompile(`-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END ([A-Z0-9 ]+)-----`)
)

func fromPEM(text string) ([]string, error) {
	if strings.Contains(text, "PRIVATE KEY") {
		return nil, errKey
	}
	if one, err := untouched(text); err == nil {
		return []string{one}, nil
	}
	if strings.Contains(text, `-----\n`) || strings.Contains(text, `-----\r`) {
		text = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\r`, "\n").Replace(text)
	}
	// Certificates that were glued together share their dashes.
	text = strings.ReplaceAll(text, "----------BEGIN", "-----\n-----BEGIN")
	text = dashes.ReplaceAllString(text, "\n-----$1 $2-----\n")
	found := blocks.FindAllStringSubmatch(text, -1)
	if len(found) == 0 || len(found) != strings.Count(text, "-----BEGIN ") {
		return nil, errors.New("a PEM block in the value is not whole")
	}
	if outside := blocks.ReplaceAllString(text, ""); evidence.Scrub(outside) != outside {
		return nil, errors.New("the value holds what looks like a password, which is never printed: take it out by hand")
	}
	var certs []*x509.Certificate
	for _, block := range found {
		c, err := fromBlock(block[1], block[2])
		if err != nil {
			return nil, err
		}
		certs = append(certs, c)
	}
	return asPEM(certs), nil
}

// untouched is a PEM text that holds one certificate and nothing else, as it is.
func untouched(text string) (string, error) {
	content, certs := certificate.Examine([]byte(text))
	clean := content.Form == evidence.FormPEM && len(certs) == 1 && len(content.Blocks) == 1 && len(content.Whitespace) == 0 &&
		!content.BOM && !content.CRLF && !content.Glued && !content.EscapedNewlines
	if outside := blocks.ReplaceAllString(text, ""); !clean || strings.TrimSpace(outside) != "" {
		return "", errors.New("there is more in it than a certificate")
	}
	return text, nil
}

func fromBlock(label, body string) (*x509.Certificate, error) {
	switch label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
	default:
		return nil, fmt.Errorf("the value holds a block %q, which is no certificate", label)
	}
	var err error
	for _, space := range []string{"", "+"} {
		var der []byte
		if der, err = base64.StdEncoding.DecodeString(compact(strings.TrimSpace(body), space)); err != nil {
			continue
		}
		if label == "TRUSTED CERTIFICATE" {
			// OpenSSL's own settings follow the certificate.
			var first asn1.RawValue
			if _, err = asn1.Unmarshal(der, &first); err != nil {
				continue
			}
			der = first.FullBytes
		}
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(der); err == nil {
			return c, nil
		}
	}
	return nil, errors.New("a certificate in the value is damaged: give the CA's file anew")
}

// asPEM writes each certificate once.
func asPEM(certs []*x509.Certificate) []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range certs {
		if fingerprint := certificate.Fingerprint(c); !seen[fingerprint] {
			seen[fingerprint] = true
			out = append(out, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
		}
	}
	return out
}

// encode puts layers of base64 around a value.
func encode(value string, layers int) string {
	for range layers {
		value = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return value
}
