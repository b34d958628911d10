package namedfile

import (
	"context"
	"io"
)

// Interruptible is a reader whose waiting ends with ctx: nobody may write to standard
// input, or close it. A read that waits is then left behind, until it ends.
func Interruptible(ctx context.Context, from io.Reader) io.Reader {
	return &interruptible{ctx, from}
}

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
