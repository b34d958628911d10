package settings

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestSettingsTakeLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"waivers": func(text []byte) { _, _ = Waivers(t.Context(), writeFile(t, "waivers.yaml", string(text))) },
		"params":  func(text []byte) { _, _, _ = Params(t.Context(), writeFile(t, "params.yaml", string(text))) },
	} {
		t.Run(name, func(t *testing.T) { flood.Linear(t, parse) })
	}
}
