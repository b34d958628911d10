package source

import (
	"context"
	"fmt"
)

// Lookup finds Secrets and ConfigMaps among the objects by name; where several
// files hold one of that name, the first counts.
//
// What is not there is told apart: a capture that holds some object of that kind,
// or an empty list of the kind, has gathered them, and an absent one is
// ErrNotFound. Where no capture did, or the one that did has a file of objects
// that could not be read, nothing can be said: ErrNotCollected. So it is for
// manifests: what they do not hold may be made by something else.
func (in *Input) Lookup() Lookup {
	index := map[objectKey]Object{}
	for _, o := range in.Objects {
		if k := keyOf(o); o.APIVersion() == "v1" && isLookedUp(k.kind) {
			if _, ok := index[k]; !ok {
				index[k] = o
			}
		}
	}
	return func(ctx context.Context, kind, namespace, name string) (Object, error) {
		if err := ctx.Err(); err != nil {
			return Object{}, err
		}
		id := objectKey{kind, namespace, name}
		if o, ok := index[id]; ok {
			return o, in.unclear[id]
		}
		err := ErrNotCollected
		for _, capture := range in.captures {
			if isLookedUp(kind) && capture.lacks(id) {
				err = ErrNotFound
			}
		}
		return Object{}, fmt.Errorf("%s %q: %w", kind, namespace+"/"+name, err)
	}
}

// objectKey names an object of one kind.
type objectKey struct{ kind, namespace, name string }

func keyOf(o Object) objectKey { return objectKey{o.Kind(), o.Namespace(), o.Name()} }

func isLookedUp(kind string) bool { return kind == "Secret" || kind == "ConfigMap" }
