package handshake

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer bounds what is read of an HTTP answer, header and body together.
const maxAnswer = 64 << 10

// proxyError is a refusal by a proxy: a fact about the way to the endpoint.
type proxyError struct{ cause error }

func (e *proxyError) Error() string { return e.cause.Error() }
func (e *proxyError) Unwrap() error { return e.cause }

// proxyAddress is the proxy's host:port, without credentials.
func proxyAddress(proxy *url.URL) (string, error) {
	var port string
	switch proxy.Scheme {
	case "http":
		port = "80"
	case "https":
		port = "443"
	default:
		return "", fmt.Errorf("using a proxy of scheme %q: only http and https are spoken", proxy.Scheme)
	}
	if proxy.Hostname() == "" {
		return "", errors.New("using a proxy: its URL names no host")
	}
	if proxy.Port() != "" {
		port = proxy.Port()
	}
	return net.JoinHostPort(proxy.Hostname(), port), nil
}

// tunnel asks the proxy at the other end of conn for a tunnel (RFC 9110 9.3.6).
// To an https proxy the connection is verified, other than to a registry: it is
// about to receive credentials.
func tunnel(ctx context.Context, conn net.Conn, proxy *url.URL, roots *x509.CertPool, address, agent string) (net.Conn, error) {
	if proxy.Scheme == "https" {
		secure := tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), RootCAs: roots, MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, &proxyError{fmt.Errorf("handshake with the proxy: %w", err)}
		}
		conn = secure
	}
	if _, err := io.WriteString(conn, connectRequest(proxy, address, agent)); err != nil {
		return nil, &proxyError{fmt.Errorf("asking the proxy for a tunnel: %w", err)}
	}
	limited := &io.LimitedReader{R: conn, N: maxAnswer}
	reader := bufio.NewReader(limited)
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, &proxyError{fmt.Errorf("reading the proxy's answer: %w", err)}
	}
	// The body is not closed: what follows a 200 is the tunnel, whatever lengths
	// the header tells (RFC 9110 9.3.6).
	if answer.StatusCode != http.StatusOK {
		return nil, &proxyError{fmt.Errorf("the proxy answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))}
	}
	// The server speaks second in TLS; still, nothing that came may be lost.
	early := make([]byte, reader.Buffered())
	_, _ = io.ReadFull(reader, early)
	return &tunnelConn{Conn: conn, early: early}, nil
}

func connectRequest(proxy *url.URL, address, agent string) string {
	var request strings.Builder
	fmt.Fprintf(&request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", address, address, agent)
	if proxy.User != nil {
		password, _ := proxy.User.Password()
		pair := base64.StdEncoding.EncodeToString([]byte(proxy.User.Username() + ":" + password))
		fmt.Fprintf(&request, "Proxy-Authorization: Basic %s\r\n", pair)
	}
	request.WriteString("\r\n")
	return request.String()
}

// tunnelConn gives out first what was read along with the proxy's answer.
type tunnelConn struct {
	net.Conn
	early []byte
}

func (c *tunnelConn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
