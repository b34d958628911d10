// Package source reads what the collectors work on from files: captures,
// manifests, archives and saved documents. Live sources are its sub-packages.
package source

import (
	"context"
	"errors"
	"slices"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Object is one Kubernetes object as it came over the wire: JSON types only
// (map[string]any, []any, string, bool, int64, float64, nil). A Secret's data
// values are the base64 text of the wire form, its stringData stays apart.
type Object struct {
	Map        map[string]any
	Provenance evidence.Provenance
	// Withheld tells what the source keeps to itself of a Secret or ConfigMap; nil
	// if nothing.
	Withheld *Withheld
}

// Withheld is what a bundle does not tell of a Secret or ConfigMap.
type Withheld struct {
	// Keys are there, and their values are not: they are left out or masked.
	Keys []string
	// More tells that there may be other keys.
	More bool
}

// Withholds tells whether the source may keep the value of a key to itself.
func (o Object) Withholds(key string) bool {
	return o.Withheld != nil && (o.Withheld.More || slices.Contains(o.Withheld.Keys, key))
}

// Lookup fetches one Secret or ConfigMap by name; secrets are never listed.
// It returns ErrNotFound, ErrForbidden or ErrNotCollected, wrapped, or another
// error when it could not tell.
type Lookup func(ctx context.Context, kind, namespace, name string) (Object, error)

// What a Lookup says of an object that it cannot give.
var (
	// ErrNotFound: the source would hold the object if it existed.
	ErrNotFound = errors.New("not found")
	// ErrForbidden: the source does not let us read it.
	ErrForbidden = errors.New("forbidden")
	// ErrNotCollected: the source never gathered such objects, so that nothing
	// can be said of it.
	ErrNotCollected = errors.New("not collected")
	// ErrUnclear: files hold different objects of that name, and nothing tells
	// which of them is meant.
	ErrUnclear = errors.New("several files hold different objects of that name")
)
