package certificate

import (
	"bytes"
	"crypto/x509"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// MaxChain is how many certificates of a presented chain are looked at. Servers
// may send thousands; real chains have two to five.
const MaxChain = 50

// Describe states what a server presented to somebody who asked for host, leaf
// first. Verdicts is an empty map; Settle fills it. What is beyond MaxChain is
// left out. RootSent is false for a single certificate: a self-signed leaf is no
// root that the server could leave out.
func Describe(chain []*x509.Certificate, host string) evidence.Chain {
	chain = cut(chain)
	out := evidence.Chain{
		Certificates: make([]string, 0, len(chain)),
		Verdicts:     map[string]evidence.ChainVerdict{},
	}
	for _, c := range chain {
		out.Certificates = append(out.Certificates, Fingerprint(c))
	}
	if len(chain) == 0 {
		out.Name = JudgeName(nil, host)
		return out
	}
	out.Name = JudgeName(chain[0], host)
	out.RootSent = len(chain) > 1 && selfSigned(chain[len(chain)-1])
	for i := range len(chain) - 1 {
		out.OrderWrong = out.OrderWrong || !issued(chain[i], chain[i+1])
	}
	return out
}

// cut returns the certificates that are looked at, without nil ones.
func cut(chain []*x509.Certificate) []*x509.Certificate {
	out := make([]*x509.Certificate, 0, min(len(chain), MaxChain))
	for _, c := range chain {
		if len(out) == MaxChain {
			break
		}
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

// issued tells whether parent is the issuer of child by name and by key. Where
// Go cannot check the signature (MD5, unknown algorithms), key ids must do.
func issued(child, parent *x509.Certificate) bool {
	return bytes.Equal(child.RawIssuer, parent.RawSubject) && signedBy(child, parent) != signatureWrong
}
