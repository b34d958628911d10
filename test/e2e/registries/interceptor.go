package main

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// interceptor is a proxy that looks into the TLS of one site: it answers in that
// site's name with a certificate of its own, and passes all else on. It is the
// listener of the server that answers so.
type interceptor struct {
	site  string
	cert  *tls.Certificate
	conns chan net.Conn
}

// newInterceptor answers for site, host:port as clients ask for it, with images.
func newInterceptor(site string, cert *tls.Certificate, images http.Handler) *interceptor {
	p := &interceptor{site: site, cert: cert, conns: make(chan net.Conn)}
	server := &http.Server{Handler: images, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(p) }() // ends with the process: Accept never fails
	return p
}

// Accept hands the intercepted connections to the server.
func (p *interceptor) Accept() (net.Conn, error) { return <-p.conns, nil }

// Addr is what the server wants to know of a listener.
func (p *interceptor) Addr() net.Addr { return &net.TCPAddr{} }

// Close has nothing to close.
func (p *interceptor) Close() error { return nil }

// answer answers one connection's CONNECT.
func (p *interceptor) answer(conn net.Conn) {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	switch {
	case err != nil || request.Method != http.MethodConnect:
		_, _ = io.WriteString(conn, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
		conn.Close()
	case request.Host == p.site:
		_, _ = io.WriteString(conn, established)
		p.conns <- tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*p.cert}})
	default:
		passOn(conn, request.Host)
	}
}

const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// passOn ends with the first of the two ends that closes.
func passOn(conn net.Conn, address string) {
	defer conn.Close()
	to, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer to.Close()
	_, _ = io.WriteString(conn, established)
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{conn, to}, {to, conn}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
}
