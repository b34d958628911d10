package handshake

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestForeignTextTakesLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"transcript": func(text []byte) { readTranscript(append([]byte("CONNECTED(00000003)\n"), text...)) },
		"records":    func(text []byte) { certificates(text) },
		"challenge":  func(text []byte) { challenge([]string{"Bearer " + string(text)}) },
		"target":     func(text []byte) { _, _ = ParseTarget(string(text)) },
	} {
		t.Run(name, func(t *testing.T) { flood.Linear(t, parse) })
	}
}
