package oci

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestForeignTextTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { _, _ = ParseReference("oci://" + string(text)) })
	flood.Linear(t, func(text []byte) { _, _ = bundleLayer(text) })
}
