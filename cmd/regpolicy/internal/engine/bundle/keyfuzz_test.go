package bundle

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

// FuzzKey takes what may be given for a key: no error tells any of it, and a key that
// can sign can be verified with.
func FuzzKey(f *testing.F) {
	private := ecKey(f, elliptic.P256())
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		f.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("PRIVATE KEY", der, "")
	f.Add("EC PRIVATE KEY", der, "ES256")
	f.Add("RSA PRIVATE KEY", der, "RS256")
	f.Add("PUBLIC KEY", public, "ES384")
	f.Add("CERTIFICATE", public, "HS256")
	f.Fuzz(func(t *testing.T, label string, content []byte, algorithm string) {
		if strings.ContainsAny(label, "\r\n-") {
			return
		}
		text := pem.EncodeToMemory(&pem.Block{Type: label, Bytes: content})
		key, err := ParseKey(text)
		if (key == nil) == (err == nil) {
			t.Errorf("key %v, error %v", key, err)
		}
		if err == nil && len(key.algorithms) == 0 {
			t.Error("a key that fits no algorithm")
		}
		signer, signErr := ParseSigner(text, algorithm)
		if (signer == nil) == (signErr == nil) || signErr == nil && err == nil {
			t.Errorf("signer %v, error %v, beside a public key %v", signer, signErr, key)
		}
		for _, err := range []error{err, signErr} {
			if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 || len(content) > 16 && !strings.Contains(label, string(content)) && strings.Contains(err.Error(), string(content))) {
				t.Errorf("error %q", err)
			}
		}
	})
}
