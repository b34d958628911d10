// Package farend is what collectors talk to, inside this process and as far away as
// wanted: links that are slow, and a Kubernetes API server in pages. Tests of scale
// and the comparison with other clients use it; sshtest and certtest give the rest.
package farend

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// pieceSize times pieces is what one way of a connection holds at most.
	pieceSize = 16 << 10
	pieces    = 64
)

// Link listens on loopback and passes on to another address, each way half a round
// trip later. It counts what it carries.
type Link struct {
	listener  net.Listener
	to        string
	oneWay    time.Duration
	clock     func() time.Time
	ctx       context.Context //nolint:containedctx // it ends the link's connections
	end       context.CancelFunc
	works     sync.WaitGroup
	mu        sync.Mutex
	connected int
	open      int
	most      int
}

// NewLink starts a link. clock tells the time by which pieces are due.
func NewLink(to string, roundTrip time.Duration, clock func() time.Time) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting a link to %q: %w", to, err)
	}
	l := &Link{listener: listener, to: to, oneWay: roundTrip / 2, clock: clock}
	l.ctx, l.end = context.WithCancel(context.Background())
	l.works.Go(l.accept)
	return l, nil
}

// Addr is "127.0.0.1:port".
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Connected is how many connections there were.
func (l *Link) Connected() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected
}

// MostOpen is how many connections were open at once, at most.
func (l *Link) MostOpen() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.most
}

// Close ends the link and its connections.
func (l *Link) Close() {
	l.end()
	l.listener.Close()
	l.works.Wait()
}

func (l *Link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.count(1)
		l.works.Go(func() {
			defer l.count(-1)
			l.carry(near)
		})
	}
}

func (l *Link) count(change int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected += max(change, 0)
	l.open += change
	l.most = max(l.most, l.open)
}

func (l *Link) carry(near net.Conn) {
	defer near.Close()
	there, err := (&net.Dialer{}).DialContext(l.ctx, "tcp", l.to)
	if err != nil {
		return
	}
	defer there.Close()
	defer context.AfterFunc(l.ctx, func() { near.Close(); there.Close() })()
	var both sync.WaitGroup
	both.Go(func() { l.late(there, near) })
	both.Go(func() { l.late(near, there) })
	both.Wait()
}

// late copies what it reads half a round trip later, and then the end.
func (l *Link) late(to, from net.Conn) {
	type piece struct {
		due  time.Time
		data []byte
	}
	held := make(chan piece, pieces)
	l.works.Go(func() {
		defer close(held)
		for {
			data := make([]byte, pieceSize)
			n, err := from.Read(data)
			if n > 0 {
				held <- piece{l.clock().Add(l.oneWay), data[:n:n]}
			}
			if err != nil {
				return
			}
		}
	})
	failed := false
	for p := range held {
		if failed {
			continue
		}
		time.Sleep(p.due.Sub(l.clock()))
		_, err := to.Write(p.data)
		failed = err != nil
	}
	if c, ok := to.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // it may be gone
	}
}
