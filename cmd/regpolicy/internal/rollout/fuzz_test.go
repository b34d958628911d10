package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// FuzzForesee takes documents that somebody wrote or changed by hand: one value is
// put where another one is, or text.
func FuzzForesee(f *testing.F) {
	stories := []string{"secret-encoded-once", "ubuntu-layout", "rhel-layout", "file-missing-on-one-node"}
	for n := range uint64(40) {
		f.Add(n, "")
		f.Add(n, "/x")
	}
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		random := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // to be repeatable
		data, err := os.ReadFile(filepath.Join(fixturesDir, stories[seed%uint64(len(stories))], "document.json"))
		if err != nil {
			t.Fatal(err)
		}
		var plain, donor map[string]any
		if err := errors.Join(json.Unmarshal(data, &plain), json.Unmarshal(data, &donor)); err != nil {
			t.Fatal(err)
		}
		var all []any
		walk(donor, func(v any) { all = append(all, v) })
		for range 1 + random.IntN(4) {
			disturb(random, plain, all, text)
			if data, err = json.Marshal(plain); err != nil {
				t.Fatal(err)
			}
			plain = map[string]any{} // nothing of it is shared with all
			if err := json.Unmarshal(data, &plain); err != nil {
				t.Fatal(err)
			}
		}
		now, err := evidence.Decode(data)
		if err != nil {
			return
		}
		before := document(t, stories[0])
		for _, pair := range [][2]*evidence.Document{{before, now}, {now, now}, {now, repaired(t, now, "secret-encoded-once-repaired")}} {
			foreseen, err := Foresee(context.Background(), pair[0], pair[1], nil)
			if err != nil {
				continue
			}
			if _, err := foreseen.WithoutOpen(); err != nil {
				t.Error(err)
			}
		}
	})
}

func walk(v any, each func(any)) {
	each(v)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(v[key], each)
		}
	case []any:
		for _, below := range v {
			walk(below, each)
		}
	}
}

// disturb changes one member of an object or list somewhere within v.
func disturb(random *rand.Rand, v any, all []any, text string) {
	var places []any
	walk(v, func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if len(v) > 0 {
				places = append(places, v)
			}
		case []any:
			if len(v) > 0 {
				places = append(places, v)
			}
		}
	})
	value := []any{text, nil, map[string]any{}, []any{}, all[random.IntN(len(all))], float64(random.IntN(3) - 1)}[random.IntN(6)]
	switch place := places[random.IntN(len(places))].(type) {
	case map[string]any:
		key := slices.Sorted(maps.Keys(place))[random.IntN(len(place))]
		switch random.IntN(3) {
		case 0:
			delete(place, key)
		case 1:
			place[text] = place[key]
			delete(place, key)
		default:
			place[key] = value
		}
	case []any:
		place[random.IntN(len(place))] = value
	}
}
