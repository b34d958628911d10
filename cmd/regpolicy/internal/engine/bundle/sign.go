package bundle

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/open-policy-agent/opa/v1/bundle"
)

// Signer is a private key that bundles are signed with.
type Signer struct {
	Key *Key

	private   crypto.Signer
	text      string
	algorithm string
}

// ParseSigner reads a private key. The algorithm may be left empty: the usual one
// of the key is taken.
func ParseSigner(text []byte, algorithm string) (*Signer, error) {
	const cure = "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one"
	block, rest := pem.Decode(text)
	if block != nil && block.Type == "EC PARAMETERS" { // openssl ecparam writes them first
		block, _ = pem.Decode(rest)
	}
	if block == nil {
		return nil, fault(cure, "it holds no PEM")
	}
	var private any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		private, err = x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, fault("`openssl pkey -in KEY` decrypts it", "it is encrypted")
	default:
		return nil, fault(cure, "it is a %.40s and no private key", block.Type)
	}
	if err != nil {
		return nil, fault(cure, "%w", err)
	}
	key, ok := private.(crypto.Signer)
	if !ok {
		return nil, fault(cure, "it is a key that cannot sign")
	}
	public, err := newKey(key.Public())
	if err != nil {
		return nil, err
	}
	if algorithm == "" {
		algorithm = public.algorithms[0]
	}
	if !slices.Contains(public.algorithms, algorithm) {
		return nil, fault("leave --signing-alg away, or use one of "+strings.Join(public.algorithms, ", "), "the key does not sign with %.40q", algorithm)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encoding private key: %w", err)
	}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return &Signer{Key: public, private: key, text: string(encoded), algorithm: algorithm}, nil
}

// sign has OPA sign the bundle. OPA's ECDSA signatures have a random part, by
// which the same policies would never give the same bytes twice: what OPA signed
// is signed again without.
func (s *Signer) sign(b *bundle.Bundle) error {
	if err := b.GenerateSignature(bundle.NewSigningConfig(s.text, s.algorithm, ""), s.Key.ID, true); err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if !strings.HasPrefix(s.algorithm, "ES") {
		return nil
	}
	message, err := jws.Parse([]byte(b.Signatures.Signatures[0]))
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(s.algorithm)
	if !ok {
		return fmt.Errorf("signing: no algorithm %q", s.algorithm)
	}
	header := message.Signatures()[0].ProtectedHeaders()
	token, err := jws.Sign(message.Payload(), jws.WithKey(algorithm, steady{s.private}, jws.WithProtectedHeaders(header)))
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	b.Signatures.Signatures[0] = string(token)
	return nil
}

// steady signs the same with the same bytes each time (RFC 6979).
type steady struct{ crypto.Signer }

func (s steady) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, salted := opts.(*rsa.PSSOptions); salted {
		return s.Signer.Sign(random, digest, opts)
	}
	return s.Signer.Sign(nil, digest, opts)
}
