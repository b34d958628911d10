package main

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestSettingsTakeLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"data.yaml": func(text []byte) { _, _ = parseData(".yaml", text) },
		"data.json": func(text []byte) { _, _ = parseData(".json", text) },
		"waivers":   func(text []byte) { _, _ = readWaivers(t.Context(), writeFile(t, "waivers.yaml", string(text))) },
		"params":    func(text []byte) { _, _, _ = readParams(t.Context(), writeFile(t, "params.yaml", string(text))) },
	} {
		t.Run(name, func(t *testing.T) { flood.Linear(t, parse) })
	}
}
