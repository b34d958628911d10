package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// maxNamedKeys is how many keys the detail of a failed login names.
const maxNamedKeys = 3

func quote(text string) string { return strconv.Quote(clean(text)) }

// attempt is what one handshake learns. The host key callback runs in a
// goroutine of its own, which a closed connection may leave behind.
type attempt struct {
	mu       sync.Mutex
	hostKey  ssh.PublicKey
	verified bool
	refusal  error // of the host key

	user     string
	offered  []identity
	notes    []string
	loginRun bool     // the server heard of the user
	accepts  []string // methods that it would take
	passed   []string // methods that it took, without being content
}

// login does key exchange and authentication over a raw connection, which it
// closes on error. ssh.ClientConfig.Timeout covers TCP only (golang/go#15113):
// the end of the context closes the connection instead.
func (p *Pool) login(ctx context.Context, raw net.Conn, r route) (*Conn, error) {
	handshake, cancel := context.WithTimeout(ctx, p.cfg.ConnectTimeout)
	defer cancel()
	stop := context.AfterFunc(handshake, func() { raw.Close() })

	try := &attempt{user: r.target.user}
	try.offered, try.notes = p.keys.identities(r.target.keyFiles)
	conn, channels, requests, err := ssh.NewClientConn(raw, r.target.address(), p.clientConfig(handshake, r.target, try))
	inTime := stop()
	if err == nil && inTime {
		return p.newConn(ssh.NewClient(conn, channels, requests), raw, r, try), nil
	}
	if err == nil { // the context ended as the handshake did
		go drain(channels, requests)
		conn.Close()
		err = handshake.Err()
	}
	return nil, p.loginError(ctx, handshake, r, try, err)
}

// drain lets the goroutines of a connection that is being closed end.
func drain(channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	go ssh.DiscardRequests(requests)
	for c := range channels {
		_ = c.Reject(ssh.Prohibited, "")
	}
}

func (p *Pool) clientConfig(ctx context.Context, e endpoint, try *attempt) *ssh.ClientConfig {
	cfg := &ssh.ClientConfig{
		User:              e.user,
		ClientVersion:     "SSH-2.0-regpolicy",
		HostKeyAlgorithms: p.hostKeys.algorithms(e.address()),
		HostKeyCallback: func(address string, remote net.Addr, key ssh.PublicKey) error {
			verified, err := p.hostKeys.check(address, remote, key)
			return try.sawHostKey(key, verified, err)
		},
		AuthCallback: func(auth *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			try.loginRun = true
			try.accepts = auth.AllowedMethods
			try.passed = auth.PartialSuccessMethods
			return nil, nil // go on with Auth
		},
	}
	if len(try.offered) > 0 {
		signers := make([]ssh.Signer, 0, len(try.offered))
		for _, id := range try.offered {
			signers = append(signers, id.signer(ctx))
		}
		cfg.Auth = []ssh.AuthMethod{ssh.PublicKeys(signers...)}
	}
	return cfg
}

// sawHostKey keeps the first verdict: a later key exchange on the same
// connection is judged again, and ends the connection if it differs.
func (a *attempt) sawHostKey(key ssh.PublicKey, verified bool, err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hostKey == nil {
		a.hostKey, a.verified, a.refusal = plainKey(key), verified, err
	}
	return err
}

func (p *Pool) loginError(ctx, handshake context.Context, r route, try *attempt, err error) error {
	try.mu.Lock()
	refusal := try.refusal
	try.mu.Unlock()
	action, e := r.action(), r.target
	if key, ok := errors.AsType[*HostKeyError](refusal); ok {
		return newError(key.reason(), e.address(), action, key).withHint(key.hint())
	}
	switch {
	case refusal != nil:
		return newError(reasonUnknownKey, e.address(), action, refusal).withHint("name a known_hosts file that can be written first, with --ssh-known-hosts")
	case errors.Is(ctx.Err(), context.Canceled):
		return newError(reasonCancelled, e.address(), action, ctx.Err())
	case handshake.Err() != nil:
		return newError(reasonHandshakeTimeout, e.address(), action, errors.New("the server accepted the connection and did not finish the SSH handshake in time"))
	case try.loginRun:
		return newError(reasonAuth, e.address(), action, try.describe(err)).withHint(try.hint(err))
	case declined(err):
		return newError(reasonRefused, e.address(), action, fmt.Errorf("the server ended the SSH handshake: %w", err)).
			withHint("is it an SSH server, is there a free slot (MaxStartups), and may this address log in?")
	default:
		return newError(reasonInternal, e.address(), action, fmt.Errorf("the server does not speak SSH as it should: %w", err))
	}
}

// declined tells a server that wants no connection from one that breaks the
// protocol.
func declined(err error) bool {
	_, nothingInCommon := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	return nothingInCommon || hungUp(err) || strings.Contains(err.Error(), "ssh: disconnect")
}

// hungUp tells that the far end, or a jump host before it, closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// describe says which methods and keys were tried. No part of it is secret.
func (a *attempt) describe(err error) error {
	var text strings.Builder
	fmt.Fprintf(&text, "the server does not let %s in", quote(a.user))
	if len(a.accepts) > 0 {
		fmt.Fprintf(&text, "; it takes %s", strings.Join(a.accepts, ", "))
	}
	if len(a.passed) > 0 {
		fmt.Fprintf(&text, "; it took %s and wants more", strings.Join(a.passed, ", "))
	}
	if !strings.Contains(err.Error(), "no supported methods remain") {
		text.WriteString("; " + strings.TrimPrefix(err.Error(), "ssh: handshake failed: ssh: "))
	}
	if len(a.offered) == 0 {
		text.WriteString("; no key was there to offer")
	} else {
		named := make([]string, 0, maxNamedKeys)
		for _, id := range a.offered[:min(len(a.offered), maxNamedKeys)] {
			named = append(named, fmt.Sprintf("%s %s from %s", id.key.Type(), ssh.FingerprintSHA256(plainKey(id.key)), id.source))
		}
		if more := len(a.offered) - len(named); more > 0 {
			named = append(named, fmt.Sprintf("%d more", more))
		}
		fmt.Fprintf(&text, "; tried publickey with %s", strings.Join(named, ", "))
	}
	for _, note := range a.notes {
		text.WriteString("; " + note)
	}
	return errors.New(text.String())
}

func (a *attempt) hint(err error) string {
	switch {
	case len(a.accepts) > 0 && !slices.Contains(a.accepts, "publickey"):
		return "only public keys are supported, neither password nor keyboard-interactive: allow publickey for this user, or name another with --ssh-user"
	case len(a.passed) > 0:
		return "a second factor is not supported: name a user that may log in with a key alone"
	case len(a.offered) == 0:
		return "name a key with --ssh-key, or load one with ssh-add"
	case strings.Contains(strings.ToLower(err.Error()), "too many"):
		return "the server gives up after a few keys (MaxAuthTries): name the right one with --ssh-key"
	default:
		return "check the user (--ssh-user; TKG: vmware-system-user, TKGm: capv) and that its authorized_keys holds the key"
	}
}
