package podevents

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestClassifyTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { Classify(string(text)) })
	flood.Linear(t, func(text []byte) { _, _ = RegistryOf(string(text)) })
}
