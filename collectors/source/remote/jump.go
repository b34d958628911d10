package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxHandshakes is how many handshakes run at once through one jump host. Its
// sshd counts those that have not logged in yet (MaxStartups 10:30:100).
const maxHandshakes = 8

// jumpHost is one jump host at the end of a chain, connected once and shared.
type jumpHost struct {
	pool  *Pool
	route route
	slots chan struct{} // handshakes through it

	mu      sync.Mutex
	current *jumpDial
	// redial: the connection may be made anew when it is lost. It is allowed
	// again once a node was reached, so that a server that ends each connection
	// at once costs two dials and no more.
	redial bool
}

// jumpDial is a connection in the making, or made.
type jumpDial struct {
	done chan struct{}
	conn *Conn
	err  error
}

// jump finds the shared connection for a chain of jump hosts.
func (p *Pool) jump(chain []endpoint) *jumpHost {
	key := jumpText(chain)
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jumps[key]
	if j == nil {
		last := len(chain) - 1
		j = &jumpHost{
			pool: p, route: route{jumps: chain[:last], target: chain[last]},
			slots: make(chan struct{}, maxHandshakes), redial: true,
		}
		p.jumps[key] = j
	}
	return j
}

// get waits for the connection. Nodes that come while it is in the making share
// its outcome, also a failure: a dead jump host costs its timeout once.
func (j *jumpHost) get(ctx context.Context) (*Conn, error) {
	j.mu.Lock()
	d := j.current
	if d == nil || j.redial && d.lost() {
		if d != nil {
			j.redial = false
			d.conn.abort()
		}
		d = &jumpDial{done: make(chan struct{})}
		j.current = d
		if !j.pool.start(func() { j.dial(d) }) {
			d.err = errClosed
			close(d.done)
		}
	}
	j.mu.Unlock()
	select {
	case <-d.done:
		return d.conn, d.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dial makes the connection. It is the pool's, not that of the node that happens
// to come first.
func (j *jumpHost) dial(d *jumpDial) {
	defer close(d.done)
	p := j.pool
	if d.conn, d.err = p.connect(p.ctx, j.route); d.err == nil {
		p.start(func() { d.conn.keepAlive(p.ctx, p.cfg.ConnectTimeout) })
	}
}

// lost tells that the connection was made and is gone.
func (d *jumpDial) lost() bool {
	select {
	case <-d.done:
		return d.err == nil && d.conn.isLost()
	default:
		return false
	}
}

func (j *jumpHost) reached() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.redial = true
}

func (j *jumpHost) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.current != nil {
		<-j.current.done // the pool's context has ended
		if j.current.conn != nil {
			j.current.conn.abort()
		}
	}
}

// connectThrough logs in to the last host of a route through its jump hosts. If
// the connection to the jump host is lost meanwhile, it is tried once more.
func (p *Pool) connectThrough(ctx context.Context, r route) (*Conn, error) {
	j := p.jump(r.jumps)
	conn, lost, err := p.tryThrough(ctx, j, r)
	if lost && ctx.Err() == nil {
		conn, _, err = p.tryThrough(ctx, j, r)
	}
	if err == nil {
		j.reached()
	}
	return conn, err
}

func (p *Pool) tryThrough(ctx context.Context, j *jumpHost, r route) (conn *Conn, lost bool, err error) {
	select {
	case j.slots <- struct{}{}:
		defer func() { <-j.slots }()
	case <-ctx.Done():
		return nil, false, p.jumpError(ctx, j, r, ctx.Err())
	}
	via, err := j.get(ctx)
	if err != nil {
		return nil, false, p.jumpError(ctx, j, r, err)
	}
	raw, err := via.open(ctx, r.action(), r.target.address())
	if err == nil {
		conn, err = p.login(ctx, raw, r)
	}
	if lost = err != nil && via.isLostWith(ctx, err); lost {
		via.bury(ctx)
	}
	return conn, lost, err
}

// isLostWith tells whether an error of something behind a jump host came about
// because the connection to the jump host was lost. Where a server may as well
// have hung up by itself, the jump host is asked for a sign of life.
func (c *Conn) isLostWith(ctx context.Context, err error) bool {
	if errors.Is(err, errGone) {
		return true
	}
	if reason := Reason(err); reason != reasonAuth && !hungUp(err) {
		return false
	}
	answer := make(chan error, 1)
	go func() { answer <- c.ping() }()
	select {
	case err := <-answer:
		return err != nil
	case <-time.After(closeGrace): // keepAlive will find out
		return false
	case <-ctx.Done():
		return false
	}
}

// bury closes a connection that was lost and waits until it has ended.
func (c *Conn) bury(ctx context.Context) {
	c.abort()
	select {
	case <-c.lost:
	case <-ctx.Done():
	}
}

// jumpError is the failure of a jump host, told of the node behind it.
func (p *Pool) jumpError(ctx context.Context, j *jumpHost, r route, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Reason: e.Reason, Host: e.Host, Hint: e.Hint, action: r.action(), detail: clean(e.Error()), cause: e}
	}
	reason := reasonConnectTimeout
	if errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, errClosed) {
		reason = reasonCancelled
	}
	return newError(reason, j.route.target.address(), r.action(), fmt.Errorf("waiting for the jump host: %w", err))
}

// keepAlive asks a shared connection for a sign of life and closes it when none
// comes, so that nodes behind it need not each wait for their own timeout.
func (c *Conn) keepAlive(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-c.lost:
			return
		case <-ctx.Done():
			return
		}
		wait, cancel := context.WithTimeout(ctx, every)
		stop := context.AfterFunc(wait, c.abort)
		err := c.ping()
		stop()
		cancel()
		if err != nil {
			c.abort()
			return
		}
	}
}
