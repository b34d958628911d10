package remote

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// Pool connects to nodes. It is safe for concurrent use; the number of
// connections at once is the caller's to limit.
type Pool struct {
	cfg      Config
	keys     *keyring
	hostKeys *hostKeys
	router   *router
	warnings []string

	// usual is the room for what a command writes: a thousand nodes run the same one,
	// and it writes about as much on each.
	usual atomic.Int64

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu    sync.Mutex
	jumps map[string]*jumpHost // by the chain that leads to it
	conns map[*Conn]bool
	wg    sync.WaitGroup
}

// NewPool reads keys, known_hosts and the client configuration, once. Its errors
// are one line that names the file and what to do.
func NewPool(cfg Config) (*Pool, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	jumps, err := parseJump(cfg.Jump)
	if err != nil {
		return nil, err
	}
	p := &Pool{cfg: cfg, jumps: map[string]*jumpHost{}, conns: map[*Conn]bool{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	hints, warnings := loadSSHConfig(cfg.ConfigFile, cfg.Home)
	p.router = &router{cfg: cfg, jumps: jumps, hints: hints}
	keys, more, err := loadKeys(p.ctx, cfg, cfg.ConnectTimeout)
	if err == nil {
		p.keys, p.warnings = keys, append(warnings, more...)
		p.hostKeys, err = loadHostKeys(cfg.HostKeyPolicy, cfg.KnownHosts)
	}
	if err != nil {
		p.cancel()
		return nil, err
	}
	return p, nil
}

// Warnings are what NewPool could not honour: an agent that does not answer,
// parts of the client configuration. Each is one line.
func (p *Pool) Warnings() []string { return p.warnings }

// Connect logs in to a node. The address is HOST or HOST:PORT ([IPv6]:PORT).
// Jump hosts on the way are connected once and shared. The error is an *Error.
func (p *Pool) Connect(ctx context.Context, address string) (*Conn, error) {
	r, err := p.router.route(address)
	if err != nil {
		return nil, newError(reasonInternal, address, "connecting to "+quote(address), err)
	}
	if p.ctx.Err() != nil {
		return nil, newError(reasonCancelled, r.target.address(), r.action(), errClosed)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	conn, err := p.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		conn.abort()
		return nil, newError(reasonCancelled, r.target.address(), r.action(), errClosed)
	}
	conn.forget = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, conn)
	}
	p.conns[conn] = true
	return conn, nil
}

// start runs fn in a goroutine that Close waits for; not after Close.
func (p *Pool) start(fn func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	p.wg.Go(fn)
	return true
}

var errClosed = errors.New("the pool is closed")

// Close closes every connection, those to jump hosts last, and waits until
// nothing connects any more.
func (p *Pool) Close() {
	p.mu.Lock()
	p.cancel()
	conns := p.conns
	p.conns = map[*Conn]bool{}
	p.mu.Unlock()
	for c := range conns {
		c.abort()
	}
	p.wg.Wait()
	p.mu.Lock()
	jumps := p.jumps
	p.jumps = map[string]*jumpHost{}
	p.mu.Unlock()
	for _, j := range jumps {
		j.close()
	}
}

// connect reaches the last host of a route and logs in to it.
func (p *Pool) connect(ctx context.Context, r route) (*Conn, error) {
	if len(r.jumps) > 0 {
		return p.connectThrough(ctx, r)
	}
	raw, err := p.dial(ctx, r.target)
	if err != nil {
		return nil, err
	}
	return p.login(ctx, raw, r)
}

func (p *Pool) dial(ctx context.Context, e endpoint) (net.Conn, error) {
	dialCtx, cancel := context.WithTimeout(ctx, p.cfg.ConnectTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(dialCtx, "tcp", e.address())
	if err == nil {
		return raw, nil
	}
	reason := dialReason(err)
	if errors.Is(ctx.Err(), context.Canceled) {
		reason = reasonCancelled
	}
	return nil, newError(reason, e.address(), "connecting to "+quote(e.address()), err).withHint(p.dialHint(e, reason))
}

func (p *Pool) dialHint(e endpoint, reason string) string {
	switch {
	case reason == reasonCancelled:
		return ""
	case e.proxyCommand:
		return "the SSH configuration reaches this host by a ProxyCommand, which is not supported; name its jump host with --ssh-jump"
	case reason == reasonDNS:
		return "name its address with --node NAME=ADDRESS"
	case reason == reasonConnectTimeout, reason == reasonUnreachable:
		return "is the node network routed to here? If not, go through a jump host with --ssh-jump"
	default:
		return "does an SSH server listen there? Another port is named with --ssh-port"
	}
}
