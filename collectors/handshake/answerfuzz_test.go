package handshake

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// spoken is a connection whose far end says what it says, whatever it is told.
type spoken struct {
	net.Conn
	said io.Reader
}

func (s spoken) Read(p []byte) (int, error)  { return s.said.Read(p) }
func (s spoken) Write(p []byte) (int, error) { return len(p), nil }

// FuzzAnswer takes what a registry answers to GET /v2/ and a proxy to CONNECT.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://h/token\"\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest",
		"HTTP/1.1 200 Connection established\r\nContent-Length: 3\r\n\r\n\x16\x03\x03", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.0 200\n\n", "\x15\x03\x01\x00\x02\x02\x46",
		"HTTP/1.1 407 Proxy Authentication Required\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
	} {
		f.Add([]byte(text))
	}
	proxy := &url.URL{Scheme: "http", Host: "proxy:3128"}
	f.Fuzz(func(t *testing.T, text []byte) {
		answer, err := readAnswer(bufio.NewReader(bytes.NewReader(text)))
		if (answer == nil) == (err == nil) {
			t.Errorf("answer %v, error %v", answer, err)
		}
		if err == nil && answer.StatusCode < http.StatusOK && answer.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("status %d of an interim answer", answer.StatusCode)
		}
		conn, err := tunnel(context.Background(), spoken{said: bytes.NewReader(text)}, proxy, nil, "h:443", "agent")
		if err != nil || len(text) > maxAnswer {
			return
		}
		// What follows the header is the tunnel, every byte of it.
		rest, err := io.ReadAll(conn)
		if err != nil || !bytes.HasSuffix(text, rest) {
			t.Fatalf("the tunnel begins with %q, %v", rest, err)
		}
		if header := text[:len(text)-len(rest)]; !bytes.HasSuffix(header, []byte("\n")) || bytes.Contains(bytes.TrimSuffix(header, []byte("\n")), []byte("\r\n\r\n")) {
			t.Errorf("the header is %q", header)
		}
	})
}
