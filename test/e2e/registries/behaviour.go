package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// token is what the token service gives to everybody, and accountToken what it
// gives to the account of user and password.
const (
	token        = "for-everybody"
	accountToken = "for-the-account"
	user         = "robot"
	password     = "s3cret"
)

// always answers every request with one error, in the registry API's form.
func always(status int, code, message string) http.HandlerFunc {
	type item struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string][]item{"errors": {{code, message}}})
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		if err != nil {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		w.Write(body)
	}
}

func challenge(header string) http.HandlerFunc {
	unauthorized := always(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", header)
		unauthorized(w, r)
	}
}

func basicAuth(user, password string, images http.Handler) http.HandlerFunc {
	refuse := challenge(`Basic realm="Registry Realm"`)
	return func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			refuse(w, r)
			return
		}
		images.ServeHTTP(w, r)
	}
}

// bearerAuth sends clients to the token service at realm.
func bearerAuth(realm string, images http.Handler) http.HandlerFunc {
	refuse := challenge(`Bearer realm="` + realm + `",service="registry",scope="repository:apps/hello:pull"`)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			refuse(w, r)
			return
		}
		images.ServeHTTP(w, r)
	}
}

func giveToken(w http.ResponseWriter, _ *http.Request) {
	json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300})
}

// limitAnonymous is a registry, and its own token service at realm, that has had
// enough of everybody but the account.
func limitAnonymous(realm string, images http.Handler) http.HandlerFunc {
	challenged := bearerAuth(realm, always(http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your pull rate limit."))
	return func(w http.ResponseWriter, r *http.Request) {
		u, p, basic := r.BasicAuth()
		if !basic { // OAuth 2, as containerd asks where it has a password
			u, p = r.PostFormValue("username"), r.PostFormValue("password")
		}
		switch {
		case r.Header.Get("Authorization") == "Bearer "+accountToken:
			images.ServeHTTP(w, r)
		case !strings.HasSuffix(realm, r.URL.Path):
			challenged(w, r)
		case u == user && p == password:
			json.NewEncoder(w).Encode(map[string]any{"token": accountToken, "access_token": accountToken, "expires_in": 300})
		default:
			giveToken(w, r)
		}
	}
}

// withoutImages is a registry that has none.
func withoutImages(images http.Handler) http.HandlerFunc {
	unknown := always(http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			images.ServeHTTP(w, r)
			return
		}
		unknown(w, r)
	}
}

// redirectBlobs is a registry that keeps its layers in an object store.
func redirectBlobs(store string, images http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			images.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, store+r.URL.Path+"?X-Amz-Expires=1200&X-Amz-Signature=abc", http.StatusTemporaryRedirect)
	}
}

// silence accepts and never says a word. That it uses the connection in the end
// keeps it from being finalised, which would reset it.
func silence(c net.Conn) {
	time.Sleep(time.Hour)
	c.Close()
}

// wantClientCertificate asks for a certificate of an authority that has no name:
// nobody's is good enough.
func wantClientCertificate(c *tls.Config) {
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
}

func oldVersions(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }
