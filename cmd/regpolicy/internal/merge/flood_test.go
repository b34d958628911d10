package merge

import (
	"bytes"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestReadHeadTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) {
		var one file
		one.readHead(bytes.NewReader(text))
	})
}
