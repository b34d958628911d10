package handshake

import (
	"context"
	"net"
	"slices"
	"sync"
)

// boundConn ends every Read and Write when its context ends. Channels of an SSH
// connection know no deadlines (golang/go#65930), and closing one does not wake
// its reader until the far end agrees, which a node that hangs never does. So
// each call runs in a goroutine of its own and is left behind when the context
// ends; it ends with the connection below.
//
// Like the TLS layer that uses it, it takes one reader and one writer at a time.
type boundConn struct {
	net.Conn
	ctx     context.Context
	pending chan transfer
	buffer  []byte
	unread  []byte
	err     error
	once    sync.Once
}

type transfer struct {
	n   int
	err error
}

func bind(ctx context.Context, conn net.Conn) *boundConn {
	// A full TLS record (RFC 8446 5.1) and some.
	return &boundConn{Conn: conn, ctx: ctx, pending: make(chan transfer, 1), buffer: make([]byte, 17<<10)}
}

func (c *boundConn) Read(p []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(p, c.unread)
		c.unread = c.unread[n:]
		return n, nil
	}
	// Checked first: a read that was left behind still owns the buffer.
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.err != nil || len(p) == 0 {
		return 0, c.err
	}
	go func() {
		n, err := c.Conn.Read(c.buffer)
		c.pending <- transfer{n, err}
	}()
	select {
	case t := <-c.pending:
		n := copy(p, c.buffer[:t.n])
		c.unread, c.err = c.buffer[n:t.n], t.err
		if n > 0 {
			return n, nil
		}
		return 0, c.err
	case <-c.ctx.Done():
		_ = c.Close()
		return 0, c.ctx.Err()
	}
}

func (c *boundConn) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	sent := make(chan transfer, 1)
	data := slices.Clone(p) // the caller may reuse p when the write is left behind
	go func() {
		n, err := c.Conn.Write(data)
		sent <- transfer{n, err}
	}()
	select {
	case t := <-sent:
		return t.n, t.err
	case <-c.ctx.Done():
		_ = c.Close()
		return 0, c.ctx.Err()
	}
}

// Close never waits: over SSH it has to send a message.
func (c *boundConn) Close() error {
	c.once.Do(func() { go func() { _ = c.Conn.Close() }() })
	return nil
}
