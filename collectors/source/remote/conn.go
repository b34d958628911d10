package remote

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Conn is an SSH connection to one node. It is safe for concurrent use.
type Conn struct {
	client  *ssh.Client
	raw     net.Conn
	address string
	user    string
	jumps   string

	hostKey  string
	verified bool

	connectTimeout, execTimeout time.Duration
	usual                       *atomic.Int64 // see Pool

	exec   chan struct{} // holds one: a command at a time
	ran    bool          // a session was opened before; guarded by exec
	lost   chan struct{} // closed when the transport has ended
	end    sync.Once
	forget func()
}

func (p *Pool) newConn(client *ssh.Client, raw net.Conn, r route, try *attempt) *Conn {
	try.mu.Lock()
	defer try.mu.Unlock()
	c := &Conn{
		client: client, raw: raw,
		address: r.target.address(), user: r.target.user, jumps: jumpText(r.jumps),
		hostKey: ssh.FingerprintSHA256(try.hostKey), verified: try.verified,
		connectTimeout: p.cfg.ConnectTimeout, execTimeout: p.cfg.ExecTimeout, usual: &p.usual,
		exec: make(chan struct{}, 1), lost: make(chan struct{}), forget: func() {},
	}
	go func() {
		_ = client.Wait()
		close(c.lost)
	}()
	return c
}

// HostKey is the fingerprint of the node's key, "SHA256:...", as ssh-keygen -l
// prints it; of a host certificate, that of the key it certifies.
func (c *Conn) HostKey() string { return c.hostKey }

// Verified tells that the key was recorded in a known_hosts file, or certified
// by a recorded authority, before this run. It is false for every connection
// under PolicyInsecure and for a first key that PolicyAcceptNew let pass.
func (c *Conn) Verified() bool { return c.verified }

// User is the login name.
func (c *Conn) User() string { return c.user }

// Address is where the node was reached, "host:port" after ConfigFile.
func (c *Conn) Address() string { return c.address }

// Jump is the way there, "user@host:port" joined by commas, or "".
func (c *Conn) Jump() string { return c.jumps }

// Close ends the connection with everything that runs over it. Closing twice
// does nothing.
func (c *Conn) Close() {
	c.abort()
	c.forget()
}

// abort closes the raw connection. Unlike ssh.Client.Close it waits for no lock
// that a writer to a stuck peer may hold; everything above it then ends.
func (c *Conn) abort() { c.end.Do(func() { c.raw.Close() }) }

// errGone says that the transport of a connection has ended.
var errGone = errors.New("the SSH connection is gone")

// ping waits for a sign of life. Any answer will do, a refusal is one (OpenSSH's
// PROTOCOL file, keepalive@openssh.com); an error says that the connection is
// gone.
func (c *Conn) ping() error {
	_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
	return err
}

func (c *Conn) isLost() bool {
	select {
	case <-c.lost:
		return true
	default:
		return false
	}
}
