package certificate

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"sync"
)

const (
	// minRSA is the shortest RSA key that Go verifies with.
	minRSA = 1024
	// maxPresentedRSA is Go's limit on RSA keys that a TLS server sends.
	maxPresentedRSA = 8192
	// maxRSA is OpenSSL's limit on any RSA key. One check with a key of a
	// million bits would take minutes.
	maxRSA = 16384
)

func rsaBits(c *x509.Certificate) (bits int, isRSA bool) {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return 0, false
	}
	return key.N.BitLen(), true
}

func rsaLargerThan(c *x509.Certificate, limit int) bool {
	bits, isRSA := rsaBits(c)
	return isRSA && bits > limit
}

func rsaSmallerThan(c *x509.Certificate, limit int) bool {
	bits, isRSA := rsaBits(c)
	return isRSA && bits < limit
}

var errKeySize = errors.New("RSA key of an unusable size")

// checkSignature verifies child's signature with parent's key and nothing else:
// not names, not whether parent may sign. It allows SHA-1.
func checkSignature(child, parent *x509.Certificate) error {
	if rsaLargerThan(parent, maxRSA) || rsaSmallerThan(parent, minRSA) {
		return errKeySize
	}
	return parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
}

type signatureState int

const (
	signatureRight signatureState = iota
	signatureWrong
	// signatureUnchecked: Go does not check such a signature (MD5, algorithms it
	// does not know, keys too small or too large), and the key ids agree.
	signatureUnchecked
)

func signedBy(child, parent *x509.Certificate) signatureState {
	err := checkSignature(child, parent)
	_, insecure := errors.AsType[x509.InsecureAlgorithmError](err)
	switch {
	case err == nil:
		return signatureRight
	case insecure, errors.Is(err, errKeySize), errors.Is(err, x509.ErrUnsupportedAlgorithm):
		if keyIDsAgree(child, parent) {
			return signatureUnchecked
		}
	}
	return signatureWrong
}

// signatureCache remembers which key signed what. The same few certificates meet
// again in every store that a chain is held against. It is safe for concurrent
// use.
type signatureCache struct{ states sync.Map } // signatureState by [2]*member

func (s *signatureCache) of(child, parent *member) signatureState {
	key := [2]*member{child, parent}
	if state, ok := s.states.Load(key); ok {
		return state.(signatureState)
	}
	state := signedBy(child.cert, parent.cert)
	s.states.Store(key, state)
	return state
}

// selfSigned tells whether a certificate is self-issued and signed with its own
// key; where Go cannot check that, whether its key ids agree.
func selfSigned(c *x509.Certificate) bool {
	return selfIssued(c) && signedBy(c, c) != signatureWrong
}

// insecureDigest tells whether Go refuses a certificate for the digest of its
// signature, whoever issued it. On a self-signed certificate it does not matter:
// nobody checks that signature.
func insecureDigest(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	default:
		return false
	}
}
