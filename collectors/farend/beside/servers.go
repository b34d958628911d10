//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/ssh"
	mozilla "golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/farend"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

const (
	user = "core"
	// roots is how many public roots a node's bundle has.
	roots = 140
	home  = "127.0.0.1"
)

func registryName(i int) string { return fmt.Sprintf("registry-%03d.corp.example", i) }

func port(address string) string {
	_, port, _ := net.SplitHostPort(address) // a listener's own
	return port
}

// serve answers on loopback until the server is closed.
func serve(handler http.Handler, settings *tls.Config) (*http.Server, string, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", home+":0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{Handler: handler, TLSConfig: settings, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.ServeTLS(listener, "", "") }() // it ends when it is closed
	return server, listener.Addr().String(), nil
}

func (b *bench) startAPI() (*farend.API, *http.Server, error) {
	api, err := farend.NewAPI(b.cluster)
	if err != nil {
		return nil, nil, err
	}
	ca := certtest.New(b.clock()).Root("API")
	server, address, err := serve(api, ca.Leaf(home).ServerConfig(ca))
	if err != nil {
		return nil, nil, err
	}
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "large",
		"clusters": []any{map[string]any{"name": "large", "cluster": map[string]any{"server": "https://" + address, "certificate-authority-data": ca.PEM()}}},
		"users":    []any{map[string]any{"name": "reader", "user": map[string]any{"token": "none"}}},
		"contexts": []any{map[string]any{"name": "large", "context": map[string]any{"cluster": "large", "user": "reader"}}},
	})
	if err == nil {
		_, err = b.write("kubeconfig", string(config))
	}
	if err != nil {
		server.Close()
	}
	return api, server, err
}

// site is many far ends of one kind.
type site struct {
	links    []*farend.Link
	had      int // connections that were told of
	answered atomic.Int64
	stream   []byte
	end      func()
}

func (s *site) link(to string, many int, b *bench) error {
	for range many {
		l, err := farend.NewLink(to, b.roundTrip, b.clock)
		if err != nil {
			return err
		}
		s.links = append(s.links, l)
	}
	return nil
}

// take is what there was since the last time.
func (s *site) take() (connections int, answered int64) {
	all := 0
	for _, l := range s.links {
		all += l.Connected()
	}
	connections, s.had = all-s.had, all
	return connections, s.answered.Swap(0)
}

func (s *site) close() {
	for _, l := range s.links {
		l.Close()
	}
	s.end()
}

// startNodes starts nodes that have the public roots and a CA of their own.
func (b *bench) startNodes() (*site, error) {
	s := &site{}
	stream, err := b.listing()
	if err != nil {
		return nil, err
	}
	s.stream = stream
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	if _, err := b.write("key", string(pem.EncodeToMemory(block))); err != nil {
		return nil, err
	}
	server, err := sshtest.New(sshtest.Options{Authorized: []ssh.PublicKey{signer.PublicKey()}, Exec: func(command string, stdout, _ io.Writer) int {
		s.answered.Add(1)
		if command != nodecerts.Command() {
			return 127
		}
		if _, err := stdout.Write(s.stream); err != nil {
			return 1
		}
		return 0
	}})
	if err != nil {
		return nil, err
	}
	s.end = server.Close
	if err := s.link(server.Addr(), b.nodes, b); err != nil {
		s.close()
		return nil, err
	}
	_, hostKey, _ := strings.Cut(server.KnownHosts(), " ")
	var known strings.Builder
	for _, l := range s.links {
		fmt.Fprintf(&known, "[%s]:%s %s", home, port(l.Addr()), hostKey)
	}
	path, err := b.write("known_hosts", known.String())
	if err == nil {
		_, err = b.write("ssh_config", fmt.Sprintf("Host *\nUser %s\nIdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nBatchMode yes\nLogLevel ERROR\n",
			user, b.path("key"), path))
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// listing is what the script writes on such a node.
func (b *bench) listing() ([]byte, error) {
	at := b.clock()
	var bundle bytes.Buffer
	n := 0
	for root := range mozilla.Roots() {
		if n++; n <= roots {
			_ = pem.Encode(&bundle, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // into memory
		}
	}
	tree := fstest.MapFS{
		"etc/ssl/certs/ca-certificates.crt": {Data: bundle.Bytes(), Mode: 0o644, ModTime: at},
		"etc/ssl/certs/tkg-corp.pem":        {Data: certtest.New(at).Root("Corp").PEM(), Mode: 0o644, ModTime: at},
	}
	l, err := nodecerts.ReadTree(context.Background(), tree)
	if err != nil {
		return nil, err
	}
	l.Began, l.Ended = at, at
	var stream bytes.Buffer
	err = nodecerts.WriteStream(&stream, l)
	return stream.Bytes(), err
}

func (b *bench) startRegistries() (*site, error) {
	s := &site{}
	ca := certtest.New(b.clock()).Root("Corp")
	issuing := ca.Intermediate("Issuing")
	server, address, err := serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.answered.Add(1)
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.Header().Set("Www-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
	}), issuing.Leaf(registryName(0), certtest.Names("*.corp.example")).ServerConfig(issuing))
	if err != nil {
		return nil, err
	}
	s.end = func() { server.Close() }
	if err := s.link(address, b.registries, b); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}
