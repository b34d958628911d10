package bundle

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
)

var rsaAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}

// Key is a public key that bundles are verified by.
type Key struct {
	// ID is the SHA-256 of the key, shortened.
	ID   string
	text string
	// algorithms are those that the key can be used with.
	algorithms []string
}

// ParseKey reads a public key or a certificate.
func ParseKey(text []byte) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fault("it starts with -----BEGIN PUBLIC KEY-----", "it holds no PEM")
	}
	var public any
	var err error
	switch {
	case block.Type == "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			public = c.PublicKey
		}
	case strings.HasSuffix(block.Type, "PRIVATE KEY") || block.Type == "EC PARAMETERS":
		return nil, fault("`openssl pkey -in KEY -pubout` writes its public half; keep the private one where bundles are built", "it is a private key")
	default:
		return nil, fault("it starts with -----BEGIN PUBLIC KEY-----", "it is a %.40s", block.Type)
	}
	if err != nil {
		return nil, fault("it starts with -----BEGIN PUBLIC KEY-----", "%w", err)
	}
	return newKey(public)
}

func newKey(public any) (*Key, error) {
	algorithms, err := algorithmsOf(public)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("encoding public key: %w", err)
	}
	sum := sha256.Sum256(der)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &Key{ID: hex.EncodeToString(sum[:8]), text: string(text), algorithms: algorithms}, nil
}

// algorithmsOf are the signature algorithms of a key, the usual one first.
func algorithmsOf(public any) ([]string, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return nil, fault("take one of 2048 or more, or an EC key", "it is an RSA key of %d bits", k.N.BitLen())
		}
		return rsaAlgorithms, nil
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			return []string{"ES256"}, nil
		case 384:
			return []string{"ES384"}, nil
		case 521:
			return []string{"ES512"}, nil
		}
	}
	return nil, fault("take an RSA key, or an EC key of the curve P-256, P-384 or P-521", "OPA signs with no such key")
}

// config is how OPA is told to verify. Which algorithm the signature may name is
// settled by the key, never by the signature.
func (k *Key) config(token string) (*bundle.VerificationConfig, error) {
	if token == "" {
		return nil, fault("build it with --signing-key, or use it without a key", "it is not signed, and a key was given")
	}
	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	first, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(first)
	if err == nil {
		err = json.Unmarshal(decoded, &header)
	}
	if err != nil {
		return nil, fault("sign it anew", "reading signature: %w", err)
	}
	if !slices.Contains(k.algorithms, header.Algorithm) {
		return nil, fault("give the public key of who signed it", "it is signed with %q, and the key is one for %s", header.Algorithm, strings.Join(k.algorithms, ", "))
	}
	if len(header.KeyID) == len(k.ID) && header.KeyID != k.ID {
		return nil, fault("give the public key of who signed it", "it is signed by the key %q, and the one that was given is %q", header.KeyID, k.ID)
	}
	const id = "given"
	keys := map[string]*bundle.KeyConfig{id: {Key: k.text, Algorithm: header.Algorithm}}
	return bundle.NewVerificationConfig(keys, id, "", nil), nil
}
