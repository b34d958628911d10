package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const userTrust = "-user-trusted-ca-secret"

// reference repairs an entry that names a secret or a key that is not there, where
// the evidence has found out what was meant.
func (p *planner) reference(w *wanted, e evidence.TrustEntry) error {
	if e.Elsewhere == "" || e.Secret == nil {
		return fmt.Errorf("nothing like it is in the files: give the CA's file")
	}
	object, err := p.manifests.find(e.Object, e.Provenance)
	if err != nil {
		return err
	}
	field, err := pathOf(object.node, e.Field)
	if err != nil {
		return err
	}
	r := &Repair{Of: nameOf(e)}
	if key, ok := strings.CutPrefix(e.Elsewhere, "key "); ok {
		err = p.nameKey(r, e, object, field, key)
	} else if namespace, ok := strings.CutPrefix(e.Elsewhere, "secret in namespace "); ok {
		err = p.moveSecret(r, e, object, namespace)
	} else if name, ok := strings.CutPrefix(e.Elsewhere, "secret "); ok && !strings.Contains(name, " ") {
		err = p.nameSecret(r, e, object, field, name)
	} else {
		err = fmt.Errorf("there is more than one place it may mean: %s", e.Elsewhere)
	}
	if err != nil {
		return err
	}
	p.add(r, p.ofValue(w)...)
	return nil
}

// nameKey lets the entry name the key that is there, if no other entry does.
func (p *planner) nameKey(r *Repair, e evidence.TrustEntry, object *Object, field Path, key string) error {
	for _, other := range p.doc.Trust {
		if other.Secret != nil && other.Secret.Namespace == e.Secret.Namespace && other.Secret.Name == e.Secret.Name && other.Secret.Key == key {
			return fmt.Errorf("the key %q is another entry's: take the entry out, or create its key", key)
		}
	}
	if !namePattern.MatchString(key) {
		return fmt.Errorf("%q is no name of a key", key)
	}
	r.Does = fmt.Sprintf("name the key %q that is there; the changed specification rolls the nodes", key)
	return p.rename(r, e, object, field, []string{key})
}

// moveSecret gives a secret the namespace of the object that names it.
func (p *planner) moveSecret(r *Repair, e evidence.TrustEntry, object *Object, namespace string) error {
	secret, err := p.heldSecret(namespace, e.Secret.Name)
	if err != nil {
		return err
	}
	if object.namespace == "" {
		return fmt.Errorf("%s has no namespace in its manifest: give it the secret's", e.Object.Kind)
	}
	if p.usedBeside(namespace, e.Secret.Name, e) {
		return fmt.Errorf("the secret in namespace %s is another cluster's, too: make a copy in namespace %s", namespace, object.namespace)
	}
	if _, err := at(secret.node, Path{"metadata", "namespace"}); err != nil {
		return err
	}
	r.Does = fmt.Sprintf("give secret %s the namespace %s of the object that names it (the one in %s is left over in the cluster)", secret.name, object.namespace, namespace)
	r.changes = append(r.changes, change{secret, []Edit{SetScalar{Path{"metadata", "namespace"}, object.namespace}}})
	return nil
}

// nameSecret lets the entry name the secret that is there, or, where its name is
// fixed, gives the secret the name that is looked for.
func (p *planner) nameSecret(r *Repair, e evidence.TrustEntry, object *Object, field Path, name string) error {
	secret, err := p.heldSecret(e.Secret.Namespace, name)
	if err != nil {
		return err
	}
	if k, _ := entry(child(secret.node, "data"), e.Secret.Key); k == nil {
		if k, _ := entry(child(secret.node, "stringData"), e.Secret.Key); k == nil {
			return fmt.Errorf("secret %s is there, but has no key %q", name, e.Secret.Key)
		}
	}
	owner, _ := strings.CutSuffix(name, userTrust)
	if _, lives := p.doc.Clusters[e.Secret.Namespace+"/"+owner]; lives || p.usedBeside(e.Secret.Namespace, name, e) {
		return fmt.Errorf("secret %s is another cluster's", name)
	}
	if len(field) > 0 && field[len(field)-1] == "secretRef" {
		r.Does = fmt.Sprintf("name the secret %s that is there; the changed specification rolls the nodes", name)
		r.changes = append(r.changes, change{object, []Edit{SetScalar{field.With("name"), name}}})
		return nil
	}
	r.Does = fmt.Sprintf("name the secret %s, as the cluster looks for it", e.Secret.Name)
	r.changes = append(r.changes, change{secret, []Edit{SetScalar{Path{"metadata", "name"}, e.Secret.Name}}})
	return nil
}

// usedBeside tells whether other entries than those of one object name a secret.
func (p *planner) usedBeside(namespace, name string, e evidence.TrustEntry) bool {
	for _, other := range p.doc.Trust {
		if other.Object != e.Object && other.Secret != nil && other.Secret.Namespace == namespace && other.Secret.Name == name {
			return true
		}
	}
	return false
}

// heldSecret finds a secret that no entry names, so that the evidence may not tell
// its file: every file that is known is looked at.
func (p *planner) heldSecret(namespace, name string) (*Object, error) {
	if record, ok := p.doc.Secrets[namespace+"/"+name]; ok && !record.Missing {
		return p.manifests.find(evidence.ObjectRef{Kind: "Secret", Namespace: namespace, Name: name}, record.Provenance)
	}
	var found []*Object
	for _, e := range p.manifests.records {
		o, err := p.manifests.find(evidence.ObjectRef{Kind: "Secret", Namespace: namespace, Name: name}, e)
		if err == nil && !slices.ContainsFunc(found, func(f *Object) bool { return f.Path == o.Path && f.index == o.index }) {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("secret %s/%s is in %d files", namespace, name, len(found))
	}
	return found[0], nil
}
