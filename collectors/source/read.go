package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
)

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// readUpTo reads to the end, if that comes within most bytes. size is what is
// expected.
func readUpTo(r io.Reader, size, most int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(size, most)) + bytes.MinRead)
	if _, err := buf.ReadFrom(io.LimitReader(r, most+1)); err != nil {
		return nil, err
	}
	if int64(buf.Len()) > most {
		return nil, tooLarge(most)
	}
	return buf.Bytes(), nil
}

// readAll reads to the end, and gives up waiting when ctx ends.
func readAll(ctx context.Context, r io.Reader, most int64) ([]byte, error) {
	if r == nil {
		return nil, errors.New("there is no standard input")
	}
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := readUpTo(r, 0, most)
		done <- result{data, err}
	}()
	select {
	case got := <-done:
		return got.data, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
