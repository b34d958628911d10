package demo

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"time"
)

// serveRegistry answers on a loopback port as a registry that wants no
// credentials, with a story's chain. It returns the address and a function that
// ends it.
func serveRegistry(story fs.FS, r Registry) (address string, stop func(), err error) {
	both, err := fs.ReadFile(story, r.File)
	if err != nil {
		return "", nil, fmt.Errorf("reading certificate of registry %q: %w", r.Host, err)
	}
	pair, err := tls.X509KeyPair(both, both)
	if err != nil {
		return "", nil, fmt.Errorf("reading certificate of registry %q: %w", r.Host, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}") //nolint:errcheck,gosec // the client may hang up
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting registry %q: %w", r.Host, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			return // the probes will find it gone and say so
		}
	}()
	return listener.Addr().String(), func() {
		server.Close() //nolint:errcheck,gosec // nothing is lost
		<-ended
	}, nil
}
