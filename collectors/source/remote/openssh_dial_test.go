package remote_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

func TestOpenSSHDialsFromTheNode(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	registry := newRegistry(t)
	conn := connect(t, newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
	t.Run("to a TLS server", func(t *testing.T) {
		raw, err := conn.DialContext(t.Context(), "tcp", registry)
		if err != nil {
			t.Fatal(err)
		}
		client := tls.Client(raw, &tls.Config{ServerName: "registry.example", InsecureSkipVerify: true}) // only to see the certificate
		defer client.Close()
		if err := client.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := client.ConnectionState().PeerCertificates[0].Subject.CommonName; got != "registry.example" {
			t.Errorf("certificate of %q", got)
		}
		httpClient := &http.Client{Transport: &http.Transport{
			DialContext:       conn.DialContext,
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		}}
		response, err := httpClient.Get("https://" + registry + "/v2/")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("status %s", response.Status)
		}
	})
	t.Run("to twenty at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				raw, err := conn.DialContext(t.Context(), "tcp", registry)
				if err != nil {
					t.Error(err)
					return
				}
				client := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
				defer client.Close()
				if err := client.HandshakeContext(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
	t.Run("to a port that is closed", func(t *testing.T) {
		_, err := conn.DialContext(t.Context(), "tcp", closedPort(t))
		wantReason(t, err, "refused", "could not connect")
	})
	t.Run("to a name that does not exist", func(t *testing.T) {
		_, err := conn.DialContext(t.Context(), "tcp", "no-such-host.invalid:443")
		if reason := remote.Reason(err); reason != "dns" && reason != "timeout_connect" {
			t.Errorf("reason %s: %v", reason, err)
		}
	})
	t.Run("to what is no address", func(t *testing.T) {
		for _, address := range []string{"registry.example", "registry.example:", "registry.example:70000", "registry.example:-1", "[::1"} {
			if _, err := conn.DialContext(t.Context(), "tcp", address); remote.Reason(err) != "internal" {
				t.Errorf("%q: %v", address, err)
			}
		}
		_, err := conn.DialContext(t.Context(), "unix", "/run/containerd/containerd.sock")
		wantReason(t, err, "internal", "unix")
	})
	t.Run("to a server that says nothing", func(t *testing.T) {
		raw, err := conn.DialContext(t.Context(), "tcp", silentListener(t))
		if err != nil {
			t.Fatal(err)
		}
		within(t, func() {
			client := tls.Client(raw, &tls.Config{ServerName: "registry.example"})
			if err := client.HandshakeContext(withTimeout(t, 100*time.Millisecond)); err == nil {
				t.Error("no error")
			}
		})
	})
}

func TestOpenSSHWithoutForwarding(t *testing.T) {
	for _, config := range []string{"AllowTcpForwarding no", "AllowTcpForwarding remote", "DisableForwarding yes", "PermitOpen 127.0.0.1:1"} {
		t.Run(config, func(t *testing.T) {
			s := startSSHD(t, sshdOptions{config: config})
			conn := connect(t, newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
			_, err := conn.DialContext(t.Context(), "tcp", newRegistry(t))
			wantReason(t, err, "forwarding_prohibited", "AllowTcpForwarding")
			if out, err := conn.Exec(t.Context(), "echo works", 20); err != nil || string(out) != "works\n" {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
}

// closedPort is an address where nothing listens.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// newRegistry serves /v2/ over TLS with a certificate of its own.
func newRegistry(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "registry.example"},
		DNSNames: []string{"registry.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // many a client here hangs up on it
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}
