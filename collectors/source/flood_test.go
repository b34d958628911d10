package source_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func TestOpenTakesLinearTime(t *testing.T) {
	open := func(data []byte) {
		if in, err := source.Open(context.Background(), []string{"-"}, bytes.NewReader(data), source.DefaultLimits()); err == nil {
			_ = in.Close()
		}
	}
	flood.Linear(t, open)
	t.Run("a transcript", func(t *testing.T) {
		flood.Linear(t, func(text []byte) { open(append([]byte("CONNECTED(00000003)\n"), text...)) })
	})
}
