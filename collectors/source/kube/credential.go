package kube

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// describeCredential tells until when the kubeconfig's token or certificate is
// valid, as an addition to a 401; it is empty when that cannot be known. Tokens
// of kubectl's vSphere plugin end after ten hours, and the server then says no
// more than "Unauthorized".
func describeCredential(cfg *rest.Config) string {
	switch {
	case cfg.BearerToken != "":
		if end, ok := tokenEnd(cfg.BearerToken); ok {
			return "; the kubeconfig's token is valid until " + end.UTC().Format(time.RFC3339)
		}
	case len(cfg.CertData) > 0:
		if end, ok := certificateEnd(cfg.CertData); ok {
			return "; the kubeconfig's client certificate is valid until " + end.UTC().Format(time.RFC3339)
		}
	case cfg.ExecProvider == nil && cfg.BearerTokenFile == "" && cfg.Username == "":
		return "; the kubeconfig has none for this context"
	}
	return ""
}

// tokenEnd reads the exp claim of a JSON web token (RFC 7519 section 4.1.4).
func tokenEnd(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		End float64 `json:"exp"`
	}
	const latest = 253402300799 // the end of the year 9999
	if json.Unmarshal(payload, &claims) != nil || claims.End <= 0 || claims.End > latest {
		return time.Time{}, false
	}
	return time.Unix(int64(claims.End), 0), true
}

func certificateEnd(chain []byte) (time.Time, bool) {
	block, _ := pem.Decode(chain)
	if block == nil {
		return time.Time{}, false
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, false
	}
	return leaf.NotAfter, true
}
