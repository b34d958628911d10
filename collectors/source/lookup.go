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
	type key struct{ kind, namespace, name string }
	index := map[key]Object{}
	for _, o := range in.Objects {
		if o.APIVersion() != "v1" || o.Kind() != "Secret" && o.Kind() != "ConfigMap" {
			continue
		}
		k := key{o.Kind(), o.Namespace(), o.Name()}
		if _, ok := index[k]; !ok {
			index[k] = o
		}
	}
	absent := map[string]error{"Secret": ErrNotCollected, "ConfigMap": ErrNotCollected}
	for kind := range absent {
		for _, capture := range in.captures {
			if capture.kinds[kind] && !capture.broken {
				absent[kind] = ErrNotFound
			}
		}
	}
	return func(ctx context.Context, kind, namespace, name string) (Object, error) {
		if err := ctx.Err(); err != nil {
			return Object{}, err
		}
		if o, ok := index[key{kind, namespace, name}]; ok {
			return o, nil
		}
		err, known := absent[kind]
		if !known {
			err = ErrNotCollected
		}
		return Object{}, fmt.Errorf("%s %q: %w", kind, namespace+"/"+name, err)
	}
}
