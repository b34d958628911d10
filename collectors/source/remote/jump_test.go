package remote_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

func TestOneConnectionToTheJumpHostServesAll(t *testing.T) {
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{HandshakeDelay: 20 * time.Millisecond})
	pool := trusting(t, remote.Config{Jump: "admin@" + jump.Addr()}, jump, node)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			conn, err := pool.Connect(t.Context(), node.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if got, want := conn.Jump(), "admin@"+jump.Addr(); got != want {
				t.Errorf("jump %q, want %q", got, want)
			}
			if out, err := conn.Exec(t.Context(), "hello", 10); err != nil || string(out) != "hello\n" {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
	wg.Wait()
	if jump.Accepted() != 1 {
		t.Errorf("%d connections to the jump host, want 1", jump.Accepted())
	}
	if most := node.MostPending(); most > 8 {
		t.Errorf("%d handshakes at once through the jump host, want at most 8", most)
	}
}

func TestLostJumpHostIsConnectedAgain(t *testing.T) {
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{Jump: jump.Addr()}, jump, node)
	for range 3 { // each time anew, since a node was reached in between
		connect(t, pool, node.Addr())
		jump.DropConnections()
	}
	connect(t, pool, node.Addr())
	if jump.Accepted() != 4 {
		t.Errorf("%d connections to the jump host, want 4", jump.Accepted())
	}
}

func TestDeadJumpHostCostsItsTimeoutOnce(t *testing.T) {
	const timeout = time.Second
	jump := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{Jump: jump.Addr(), ConnectTimeout: timeout}, jump, node)
	within(t, func() {
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				_, err := pool.Connect(t.Context(), node.Addr())
				wantReason(t, err, "timeout_handshake", node.Addr(), "through", jump.Addr())
				if e, ok := errors.AsType[*remote.Error](err); !ok || e.Host != jump.Addr() {
					t.Errorf("host %q, want the jump host's", e.Host)
				}
			})
		}
		wg.Wait()
	})
	if jump.Accepted() != 1 || node.Accepted() != 0 {
		t.Errorf("%d connections to the jump host, %d to the node", jump.Accepted(), node.Accepted())
	}
}

func TestJumpHostThatFallsSilentIsGivenUp(t *testing.T) {
	const timeout = time.Second
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{Jump: jump.Addr(), ConnectTimeout: timeout}, jump, node)
	connect(t, pool, node.Addr())
	jump.SetFault(sshtest.IgnoreOpen)
	within(t, func() {
		_, err := pool.Connect(t.Context(), node.Addr())
		wantReason(t, err, "timeout_connect", "through", jump.Addr())
	})
}

func TestSeveralJumpHostsInARow(t *testing.T) {
	first := sshtest.Start(t, sshtest.Options{})
	second := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{User: "u", Jump: first.Addr() + "," + second.Addr()}, first, second, node)
	conn := connect(t, pool, node.Addr())
	if want := "u@" + first.Addr() + ",u@" + second.Addr(); conn.Jump() != want {
		t.Errorf("jump %q, want %q", conn.Jump(), want)
	}
}

// frozenProxy passes connections on to a server until it is frozen: then they
// stay open and carry nothing, as behind a router that went away.
type frozenProxy struct {
	net.Listener
	mu     sync.Mutex
	frozen chan struct{}
}

func startFrozenProxy(t *testing.T, to string) *frozenProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &frozenProxy{Listener: l, frozen: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			frozen := p.frozen
			p.mu.Unlock()
			for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
				wg.Go(func() {
					defer way[0].Close()
					buf := make([]byte, 4096)
					for {
						n, err := way[0].Read(buf)
						select {
						case <-frozen:
							n = 0
						default:
						}
						if err != nil {
							way[1].Close()
							return
						}
						_, _ = way[1].Write(buf[:n])
					}
				})
			}
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return p
}

// freeze stops the connections there are; those to come work.
func (p *frozenProxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.frozen)
	p.frozen = make(chan struct{})
}

func TestJumpHostThatHangsIsConnectedAgain(t *testing.T) {
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	proxy := startFrozenProxy(t, jump.Addr())
	address := proxy.Addr().String()
	lines := strings.ReplaceAll(jump.KnownHosts(), knownAddress(jump.Addr()), knownAddress(address)) + node.KnownHosts()
	pool := newPool(t, remote.Config{Jump: address, ConnectTimeout: time.Second, KnownHosts: knownHosts(t, lines)})
	connect(t, pool, node.Addr())
	proxy.freeze()
	within(t, func() {
		_, err := pool.Connect(t.Context(), node.Addr())
		for err != nil && t.Context().Err() == nil {
			wantReason(t, err, "timeout_connect", "did not answer in time")
			_, err = pool.Connect(t.Context(), node.Addr())
		}
	})
	if jump.Accepted() != 2 {
		t.Errorf("%d connections to the jump host, want 2", jump.Accepted())
	}
}
