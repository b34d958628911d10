package archive

import (
	"context"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestUnpackTakesLinearTime(t *testing.T) {
	limits := Limits{FileBytes: 64 << 20, TotalBytes: 1 << 30, Files: 100_000, Ratio: 100, RatioFrom: 1 << 20}
	flood.Linear(t, func(text []byte) { _, _ = unpack(context.Background(), text, limits) })
}
