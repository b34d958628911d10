package kube

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"k8s.io/client-go/rest"
)

// TestServersThatCannotBeReached uses real listeners in real states.
func TestServersThatCannotBeReached(t *testing.T) {
	a := newAPI(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	hang := func(listener net.Listener) {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
		}
	}
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		return listener
	}
	mute, closed, resets := listen(), listen(), listen()
	go hang(mute)
	closed.Close()
	go func() {
		for {
			conn, err := resets.Accept()
			if err != nil {
				return
			}
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}()
	tests := []struct {
		name   string
		change func(*rest.Config)
		reason string
		detail string
	}{
		{"nothing listens", func(c *rest.Config) { c.Host = "https://" + closed.Addr().String() }, "refused", "connection refused"},
		{"never answers the handshake", func(c *rest.Config) { c.Host = "https://" + mute.Addr().String() }, "timeout_handshake", "no TLS handshake with 127.0.0.1:"},
		{"resets the connection", func(c *rest.Config) { c.Host = "https://" + resets.Addr().String() }, "unreachable", ""},
		{"speaks plain HTTP", func(c *rest.Config) { c.Host = "https://" + plain.Listener.Addr().String() }, "parse_error", "server gave HTTP response to HTTPS client"},
		{"has a certificate that is not trusted", func(c *rest.Config) { c.CAData = nil }, "auth_failed", "certificate signed by unknown authority"},
		{"has a certificate of another name", func(c *rest.Config) { c.ServerName = "other.corp.example" }, "auth_failed", "not other.corp.example"},
		{"never answers the connection", func(c *rest.Config) {
			c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done() // what a network that drops packets looks like
				return nil, ctx.Err()
			}
		}, "timeout_connect", "no connection to 127.0.0.1:"},
		{"has a name that does not exist", func(c *rest.Config) {
			c.Host = "https://api.corp.example:6443"
			c.Dial = (&net.Dialer{Resolver: noSuchName(t)}).DialContext
		}, "dns", "lookup api.corp.example"},
		{"is behind a proxy that refuses", func(c *rest.Config) {
			c.Host = "https://api.corp.example:6443"
			c.Proxy = http.ProxyURL(mustURL(t, plain.URL))
		}, "unreachable", "Not Found"},
		{"is behind a proxy that is down", func(c *rest.Config) {
			c.Host = "https://api.corp.example:6443"
			c.Proxy = http.ProxyURL(mustURL(t, "http://me:s3cret@"+closed.Addr().String()))
		}, "refused", "proxyconnect tcp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := a.config()
			if strings.HasPrefix(tt.reason, "timeout_") {
				cfg.Timeout = 2 * time.Second
			}
			tt.change(cfg)
			err := connect(t, cfg, Options{Retries: -1}).Pods(t.Context(), new(names).pods)
			reason, detail := Reason(err)
			if reason != tt.reason || !strings.Contains(detail, tt.detail) {
				t.Errorf("got %q: %s\nwant %q: ...%s...", reason, detail, tt.reason, tt.detail)
			}
			if strings.Contains(detail, "s3cret") {
				t.Errorf("a credential is in %q", detail)
			}
		})
	}
}

// noSuchName is a resolver whose DNS server, a real one on loopback, knows no
// name.
func noSuchName(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(buffer[:n]) != nil {
				continue
			}
			reply := dnsmessage.Message{
				Header:    dnsmessage.Header{ID: query.ID, Response: true, Authoritative: true, RCode: dnsmessage.RCodeNameError},
				Questions: query.Questions,
			}
			if packed, err := reply.Pack(); err == nil {
				_, _ = server.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}
