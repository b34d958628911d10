package fleet

import (
	"bytes"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestReadListTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { _, _ = ReadList(bytes.NewReader(text)) }, flood.Numbered("clusters", "", "a%d kubeconfig=x\n"))
}
