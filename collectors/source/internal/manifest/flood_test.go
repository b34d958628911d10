package manifest

import (
	"context"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestDecodeTakesLinearTime(t *testing.T) {
	limits := Limits{Depth: 200, Values: 20_000_000, Nodes: 5_000_000}
	for _, file := range []string{"a.json", "a.yaml"} {
		t.Run(file, func(t *testing.T) {
			flood.Linear(t, func(text []byte) {
				content, _ := NewDecoder(limits).Decode(context.Background(), file, text)
				var locator Locator
				for _, o := range content.Objects {
					locator.Position(o.Text, "metadata", "name")
				}
			})
		})
	}
}
