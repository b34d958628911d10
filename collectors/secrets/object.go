package secrets

import (
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// object is one Kubernetes object with its metadata read.
type object struct {
	field
	ref        evidence.ObjectRef
	group      string
	version    string
	uid        string
	createdAt  time.Time
	provenance evidence.Provenance
	withheld   *source.Withheld
}

func newObject(o source.Object, defaultSource string) *object {
	out := &object{field: field{faults: new(faults)}, provenance: o.Provenance, withheld: o.Withheld}
	if o.Map != nil {
		out.raw = o.Map
	}
	if out.provenance.Source == "" {
		out.provenance.Source = defaultSource
	}
	top := out.as("object")
	meta := top.at("metadata")
	if out.provenance.ResourceVersion == "" {
		out.provenance.ResourceVersion = meta.at("resourceVersion").word()
	}
	out.ref = evidence.ObjectRef{
		APIVersion: top.at("apiVersion").word(),
		Kind:       top.at("kind").word(),
		Namespace:  meta.at("namespace").name(),
		Name:       meta.at("name").name(),
	}
	out.group, out.version = splitAPIVersion(out.ref.APIVersion)
	out.uid = meta.at("uid").word()
	record := "created_at"
	if out.ref.Kind == kindSecret {
		record = "modified_at"
	}
	out.createdAt = meta.as(record).at("creationTimestamp").time()
	return out
}

func splitAPIVersion(apiVersion string) (group, version string) {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		return "", apiVersion
	}
	return group, version
}

func (o *object) key() string { return o.ref.Namespace + "/" + o.ref.Name }

// name is the name of an object or a namespace. One that no API server would
// take is read as absent.
func (f field) name() string {
	s, _ := f.text()
	if s != "" && !validName(s) {
		f.faults.add(f.record, "parse_error", f.path+" is not a name")
		return ""
	}
	return s
}

// nameRule is wider than RFC 1123's, yet keeps paths and URLs out of keys.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9._-]{1,253}$`)

func validName(s string) bool { return nameRule.MatchString(s) && s != "." && s != ".." }

// subject names the object in gaps: {"kind": "cluster", "namespace", "name"}.
// An object without a name is the file it came from.
func (o *object) subject() evidence.Subject {
	if o.ref.Name == "" && o.provenance.Path != "" {
		return evidence.Subject{"kind": "file", "name": o.provenance.Path}
	}
	return evidence.Subject{"kind": o.subjectKind(), "namespace": o.ref.Namespace, "name": o.ref.Name}
}

func (o *object) subjectKind() string {
	switch o.ref.Kind {
	case kindCluster, kindTKC:
		return "cluster"
	case kindService:
		return "tkg_service_configuration"
	case kindKappConfig:
		return "kapp_controller_config"
	case kindConfigMap:
		return "config_map"
	case kindImage:
		return "image_config"
	default:
		return strings.ToLower(o.ref.Kind)
	}
}

// distinct drops objects that stand there twice: equal ones, and other versions
// of the same API object, of which the newest stays. Two different objects of
// one name (two files of manifests) both stay.
func distinct(objects []*object) []*object {
	var out []*object
	seen := map[string][]int{}
next:
	for _, o := range objects {
		id := o.group + "/" + o.ref.Kind + "/" + o.key()
		for _, i := range seen[id] {
			other := out[i]
			if o.uid != "" && o.uid == other.uid && o.version != other.version {
				if newer(o.version, other.version) {
					out[i] = o
				}
				continue next
			}
			if reflect.DeepEqual(o.raw, other.raw) {
				continue next
			}
		}
		seen[id] = append(seen[id], len(out))
		out = append(out, o)
	}
	return out
}

// newer tells whether API version a counts as newer than b. Both are of
// "v1alpha1", "v1beta2", "v1": the order of the alphabet fits within a stage
// and from alpha to beta.
func newer(a, b string) bool {
	stable := func(v string) bool { return !strings.Contains(v, "alpha") && !strings.Contains(v, "beta") }
	if stable(a) != stable(b) {
		return stable(a)
	}
	return a > b
}
