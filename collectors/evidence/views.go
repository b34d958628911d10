package evidence

import (
	"reflect"
	"sort"
)

// Complete makes the views of a document that was written by hand, and turns absent
// lists and maps into empty ones.
func Complete(d *Document) {
	d.Views = deriveViews(d)
	fillEmpty(d)
}

func deriveViews(d *Document) Views {
	v := Views{
		FailuresByCause: map[string][]string{}, FailuresByRegistry: map[string][]string{},
		FailuresByNode: map[string][]string{}, FailuresByPod: map[string][]string{},
		CertificatesBySubject: map[string][]string{}, CertificatesBySubjectKeyID: map[string][]string{},
		NodesByTrustStore: map[string][]string{}, TrustByCertificate: map[string][]string{},
	}
	for key, f := range d.PullFailures {
		add(v.FailuresByCause, f.Cause, key)
		add(v.FailuresByRegistry, f.Registry, key)
		add(v.FailuresByNode, f.Node, key)
		add(v.FailuresByPod, f.Namespace+"/"+f.Pod, key)
	}
	for fp, c := range d.Certificates {
		add(v.CertificatesBySubject, c.Subject, fp)
		add(v.CertificatesBySubjectKeyID, c.SubjectKeyID, fp)
	}
	for name, n := range d.Nodes {
		add(v.NodesByTrustStore, n.TrustStore, name)
	}
	for key, e := range d.Trust {
		if e.Value == nil {
			continue
		}
		for _, fp := range e.Value.Certificates {
			add(v.TrustByCertificate, fp, key)
		}
	}
	for _, m := range []map[string][]string{
		v.FailuresByCause, v.FailuresByRegistry, v.FailuresByNode, v.FailuresByPod,
		v.CertificatesBySubject, v.CertificatesBySubjectKeyID, v.NodesByTrustStore, v.TrustByCertificate,
	} {
		for _, list := range m {
			sort.Strings(list)
		}
	}
	return v
}

func add(m map[string][]string, key, value string) {
	if key != "" {
		m[key] = append(m[key], value)
	}
}

// fillEmpty turns nil slices and maps that JSON would write as null into empty
// ones: the schema says array and object, and policies iterate. A pod that is null
// becomes one that says nothing.
func fillEmpty(d *Document) {
	for name, p := range d.Pods { // so many that reflection would be felt
		if p == nil {
			p = &Pod{}
			d.Pods[name] = p
		}
		fillPod(p)
	}
	fill(reflect.ValueOf(d).Elem())
}

func fillPod(p *Pod) {
	for _, list := range []*[]string{&p.Images, &p.PullSecrets, &p.MissingPullSecrets} {
		if *list == nil {
			*list = []string{}
		}
	}
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if hasContainers(v.Type().Elem()) {
			for i := range v.Len() {
				fill(v.Index(i))
			}
		}
	case reflect.Map:
		fillMap(v)
	default:
	}
}

// fillMap fills copies: a map's elements cannot be changed where they are.
func fillMap(v reflect.Value) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	if t := v.Type(); !hasContainers(t.Elem()) || t == reflect.TypeFor[map[string]*Pod]() {
		return
	}
	key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for entries := v.MapRange(); entries.Next(); {
		key.SetIterKey(entries)
		elem.SetIterValue(entries)
		fill(elem)
		v.SetMapIndex(key, elem)
	}
}

func hasContainers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Struct, reflect.Slice, reflect.Map:
		return true
	default:
		return false
	}
}
