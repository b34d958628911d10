package main

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// switchDir is where a file of a site's name says that the site's fault has been
// repaired, below the state folder.
const switchDir = "repaired"

// switched is a site with a fault that goes while it runs: whoever repairs it puts
// its file into the folder, and the next connection meets a sound site.
type switched struct {
	net.Listener
	broken, repaired site
	file             string
}

func (s *switched) current() *site {
	if _, err := os.Stat(s.file); err == nil {
		return &s.repaired
	}
	return &s.broken
}

// Accept decides on every connection anew whether it is TLS, and with what
// certificate.
func (s *switched) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if now := s.current(); now.cert != nil {
		return tls.Server(conn, now.settings()), nil
	}
	return conn, nil
}

func (s *switched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.current().handler.ServeHTTP(w, r)
}

func (s site) startSwitched(dir string, listener net.Listener, serve func(string, func() error)) {
	both := &switched{Listener: listener, broken: s, repaired: *s.repaired, file: filepath.Join(dir, switchDir, s.name)}
	server := &http.Server{Handler: both, ErrorLog: log.New(io.Discard, "", 0)}
	server.SetKeepAlivesEnabled(false) // a connection from before would go on as it was
	serve(s.name, func() error { return server.Serve(both) })
}
