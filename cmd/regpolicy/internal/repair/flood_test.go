package repair

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestForeignTextTakesLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"value": func(text []byte) { _, _ = certificatesOf(string(text)) },
		"text":  func(text []byte) { _, _ = edit(text, 0, []Edit{RenameKey{Path{"data"}, "a", "a-2"}}) },
	} {
		t.Run(name, func(t *testing.T) { flood.Linear(t, parse) })
	}
}
