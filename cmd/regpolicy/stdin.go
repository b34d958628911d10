package main

import (
	"context"
	"io"
)

// interruptible is standard input that an interrupt ends: nobody may write to it, or
// close it.
type interruptible struct {
	ctx  context.Context //nolint:containedctx // a reader has no other way to be told
	from io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	type read struct {
		n   int
		err error
	}
	// What is left behind may still write.
	buffer, done := make([]byte, min(len(p), 1<<20)), make(chan read, 1)
	go func() {
		n, err := r.from.Read(buffer)
		done <- read{n, err}
	}()
	select {
	case got := <-done:
		return copy(p, buffer[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
