// Package sshtest is an SSH server inside the process, for tests of clients that
// must also survive servers that are broken, slow or hostile. What a proper
// server does is better tested against OpenSSH's sshd.
//
// A Server listens on loopback, runs commands through a Go function instead of a
// shell, and forwards TCP connections (direct-tcpip). Its Fault makes it
// misbehave in one way, and can be changed while it runs:
//
//	s := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{key}})
//	s.SetFault(sshtest.StallKeyExchange)
//	client.Connect(ctx, s.Addr()) // must end by itself
package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// Fault is one way to misbehave.
type Fault int32

// The faults. Those from Flood on let clients log in.
const (
	None             Fault = iota
	Silent                 // accepts the connection and never speaks
	Drop                   // closes the connection at once
	NotSSH                 // answers as an HTTP server does
	StallKeyExchange       // sends its version and nothing after it
	LieLength              // sends its version, then a packet said to be 4 GB long
	EndlessVersion         // sends a line without end in place of its version
	StallLogin             // never answers which methods it takes
	FloodBanners           // sends banners for ever instead of that answer
	Flood                  // commands: writes to stdout for ever
	FloodStderr            // commands: writes to stderr for ever
	NeverClose             // commands: writes and never ends, sending no status
	NoStatus               // commands: ends without a status
	HalfClose              // commands: sends status and end of file, never closes
	IgnoreExec             // commands: never answers the request
	IgnoreOpen             // never answers a request for a channel
	DropOnExec             // closes the connection when a command comes
)

// Options say how a Server behaves. The zero value lets anybody in, runs nothing
// and forwards everything.
type Options struct {
	// HostKeys are the server's keys; without any it makes an Ed25519 key.
	HostKeys []ssh.Signer
	// Authorized are the keys that may log in; nil lets anybody in without one.
	Authorized []ssh.PublicKey
	// Exec runs a command and returns its exit status. It must return when
	// writing fails. nil writes the command to stdout.
	Exec func(command string, stdout, stderr io.Writer) int
	// NoForwarding refuses direct-tcpip as "AllowTcpForwarding no" does.
	NoForwarding bool
	// HandshakeDelay is waited before a connection is answered.
	HandshakeDelay time.Duration
	// Fault is the first fault.
	Fault Fault
}

// Server is a running server.
type Server struct {
	options  Options
	listener net.Listener
	fault    atomic.Int32
	done     chan struct{}
	wg       sync.WaitGroup

	mu       sync.Mutex
	keys     []ssh.Signer
	conns    map[net.Conn]bool
	accepted int
	pending  int
	most     int
}

// Start starts a server on a free port of 127.0.0.1, which ends with its test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// New starts a server on a free port of 127.0.0.1. Close ends it.
func New(o Options) (*Server, error) {
	if len(o.HostKeys) == 0 {
		key, err := makeKey()
		if err != nil {
			return nil, fmt.Errorf("starting SSH server: %w", err)
		}
		o.HostKeys = []ssh.Signer{key}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting SSH server: %w", err)
	}
	s := &Server{
		options: o, listener: listener, done: make(chan struct{}),
		keys: o.HostKeys, conns: map[net.Conn]bool{},
	}
	s.SetFault(o.Fault)
	s.wg.Go(s.accept)
	return s, nil
}

// NewKey makes an Ed25519 key.
func NewKey(tb testing.TB) ssh.Signer {
	tb.Helper()
	key, err := makeKey()
	if err != nil {
		tb.Fatalf("making key: %v", err)
	}
	return key
}

func makeKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(private)
}

// Addr is "127.0.0.1:port".
func (s *Server) Addr() string { return s.listener.Addr().String() }

// SetFault changes what goes wrong from now on.
func (s *Server) SetFault(f Fault) { s.fault.Store(int32(f)) }

func (s *Server) has(f Fault) bool { return Fault(s.fault.Load()) == f }

// SetHostKeys changes the host keys of connections to come.
func (s *Server) SetHostKeys(keys ...ssh.Signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys
}

// KnownHosts are the lines of a known_hosts file that trusts the server as it is
// now.
func (s *Server) KnownHosts() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines strings.Builder
	for _, k := range s.keys {
		lines.WriteString(knownhosts.Line([]string{s.Addr()}, k.PublicKey()) + "\n")
	}
	return lines.String()
}

// DropConnections closes every connection, as a server that is restarted does.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Accepted is how many connections there were.
func (s *Server) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// MostPending is how many connections were, at most, in their handshake at once.
func (s *Server) MostPending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Close ends the server and its connections.
func (s *Server) Close() {
	close(s.done)
	s.listener.Close()
	s.DropConnections()
	s.wg.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if !s.enter(conn) {
			return
		}
		s.wg.Go(func() {
			defer s.leave(conn)
			s.serve(conn)
		})
	}
}

// enter counts a connection, unless the server has ended.
func (s *Server) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
		conn.Close()
		return false
	default:
	}
	s.conns[conn] = true
	s.accepted++
	s.pending++
	s.most = max(s.most, s.pending)
	return true
}

func (s *Server) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn.Close()
	delete(s.conns, conn)
}

// settled says that a handshake is over, one way or the other.
func (s *Server) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending--
}
