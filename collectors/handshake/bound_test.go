package handshake

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

// TestBoundConnections uses a pipe, whose two ends wait for each other.
func TestBoundConnections(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(net.Conn) (int, error)
	}{
		{"a read that nobody answers", func(c net.Conn) (int, error) { return c.Read(make([]byte, 1)) }},
		{"a write that nobody reads", func(c net.Conn) (int, error) { return c.Write([]byte("x")) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			bound := bind(ctx, near)
			for range 2 {
				if _, err := test.call(bound); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error = %v, want the context's", err)
				}
			}
		})
	}
}

func TestBoundConnectionsDeliverAllBytesBeforeTheError(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		_, _ = far.Write([]byte("hello"))
		far.Close()
	}()
	bound := bind(t.Context(), near)
	defer bound.Close()
	if n, err := bound.Read(nil); n != 0 || err != nil {
		t.Errorf("an empty read gives %d, %v", n, err)
	}
	var got []byte
	for {
		p := make([]byte, 2)
		n, err := bound.Read(p)
		got = append(got, p[:n]...)
		if err != nil {
			break
		}
	}
	if string(got) != "hello" {
		t.Errorf("read %q", got)
	}
	if _, err := bound.Read(make([]byte, 1)); err == nil {
		t.Error("a read behind the end gives no error")
	}
}
