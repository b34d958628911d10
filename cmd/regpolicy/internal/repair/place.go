package repair

import (
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// place is where an entry's value stands, and how it must be written there.
type place struct {
	entry  evidence.TrustEntry
	object *Object
	field  Path
	raw    string
	layers int // that must be written
	// what is written there, in words.
	what string
	// secret is the key's place, where the value stands in a secret that the entry
	// names; sharers are the other entries that name it, by their keys.
	secret  *secretKey
	sharers []string
}

type secretKey struct {
	object  *Object
	section string
	key     string
	keys    []string // of the secret
}

func (p *planner) placeOf(key string, e evidence.TrustEntry) (*place, error) {
	object, err := p.manifests.find(e.Object, e.Provenance)
	if err != nil {
		return nil, err
	}
	out := &place{entry: e, object: object, what: "the value"}
	if out.layers, err = layersFor(e); err != nil {
		return nil, err
	}
	if out.field, err = pathOf(object.node, e.Field); err != nil {
		return nil, err
	}
	if e.Secret == nil || e.Object.Kind == "Secret" {
		n, err := at(object.node, out.field)
		if err != nil || n.Kind != yaml.ScalarNode {
			return nil, errShape
		}
		out.raw = n.Value
		return out, nil
	}
	if out.secret, err = p.secretOf(e, e.Secret.Key); err != nil {
		return nil, err
	}
	_, n := entry(child(out.secret.object.node, out.secret.section), e.Secret.Key)
	if n == nil || n.Kind != yaml.ScalarNode {
		return nil, errShape
	}
	out.raw = n.Value
	out.sharers = p.sharers(key, e)
	return out, nil
}

// layersFor is how many layers of base64 the manifest must have around a value.
func layersFor(e evidence.TrustEntry) (int, error) {
	if len(e.ExpectedLayers) == 0 {
		return 0, errors.New("how often its API wants it encoded is not known")
	}
	layers := e.ExpectedLayers[0]
	if e.Layers != nil && slices.Contains(e.ExpectedLayers, *e.Layers) {
		layers = *e.Layers
	}
	if e.CountedOn == "string_data" {
		layers-- // the API adds one
	}
	return layers, nil
}

// sharers are the other entries that name the same key, by their keys.
func (p *planner) sharers(key string, e evidence.TrustEntry) []string {
	var out []string
	for other, o := range p.doc.Trust {
		if other != key && o.Secret != nil && *o.Secret == *e.Secret {
			out = append(out, other)
		}
	}
	slices.Sort(out)
	return out
}

// secretOf finds the secret that an entry names, and the section that holds a key:
// stringData goes before data, as in the API.
func (p *planner) secretOf(e evidence.TrustEntry, key string) (*secretKey, error) {
	name := e.Secret.Namespace + "/" + e.Secret.Name
	record, ok := p.doc.Secrets[name]
	if !ok || record.Missing {
		return nil, fmt.Errorf("secret %s is in none of the files", name)
	}
	ref := evidence.ObjectRef{Kind: "Secret", Namespace: e.Secret.Namespace, Name: e.Secret.Name}
	object, err := p.manifests.find(ref, record.Provenance)
	if err != nil {
		return nil, err
	}
	if immutable := child(object.node, "immutable"); immutable != nil && immutable.Value == "true" {
		return nil, fmt.Errorf("secret %s is immutable: make another one", name)
	}
	out := &secretKey{object: object, key: key, keys: record.Keys}
	for _, section := range []string{"data", "stringData"} {
		if k, _ := entry(child(object.node, section), key); k != nil {
			out.section = section
		}
	}
	if out.section == "" {
		return nil, errNotThere
	}
	return out, nil
}
