package source

import (
	"slices"
	"strconv"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// What is kept of texts, so that places can be found in them when they are asked
// for. Objects beyond these limits have no more than a line.
const (
	keptText      = 1 << 20  // bytes of one object's text, or of the document it shares with others
	keptTrust     = 64 << 20 // of all objects that may bear trust configuration
	keptTemplates = 16 << 20 // of all objects with a pod template
)

// placeKey tells an object by its provenance: its source, and its path with "#N".
type placeKey struct{ source, path string }

// placed is an object whose text was kept.
type placed struct {
	file string
	text manifest.Text
}

// places finds fields in the files that objects came from.
type places struct {
	texts            map[placeKey]placed
	locator          manifest.Locator
	trust, templates int // bytes that may still be kept
}

func newPlaces() *places {
	return &places{texts: map[placeKey]placed{}, trust: keptTrust, templates: keptTemplates}
}

// keep remembers an object's text if somebody may ask for a place in it.
func (p *places) keep(o Object, file string, text manifest.Text) {
	left := &p.templates
	switch {
	case bearsTrust(o):
		left = &p.trust
	case templatePath(o) == nil || o.Kind() == "Pod" && len(mapping(o.Map, "status")) > 0:
		return
	}
	cost, kept := text.Keep(min(*left, keptText))
	if kept {
		*left -= cost
		p.texts[placeKey{o.Provenance.Source, o.Provenance.Path}] = placed{file, text}
	}
}

// bearsTrust tells the kinds that trust configuration, secrets among it, comes from.
func bearsTrust(o Object) bool {
	switch o.Kind() {
	case "Cluster", "TanzuKubernetesCluster", "TkgServiceConfiguration", "KappControllerConfig", "Image", "Secret", "ConfigMap":
		return true
	}
	return false
}

// Position is where a field of an object stands in the file that the object came
// from; the path consists of keys and list indices. Where there is no such field it
// is the place of the nearest around it. It is nil for objects of another origin,
// and for those whose text was not kept.
func (in *Input) Position(from evidence.Provenance, path ...string) *evidence.Position {
	if in.places == nil {
		return nil
	}
	p, ok := in.places.texts[placeKey{from.Source, from.Path}]
	if !ok {
		return nil
	}
	line, column, ok := in.places.locator.Position(p.text, path...)
	if !ok {
		return nil
	}
	return &evidence.Position{Path: p.file, Line: line, Column: column}
}

// Images tells where an object names each of its images first, its pod template's
// containers before its volumes.
func (in *Input) Images(o Object) map[string]evidence.Position {
	template := templatePath(o)
	if template == nil || in.Position(o.Provenance) == nil {
		return nil
	}
	out := map[string]evidence.Position{}
	spec := mapping(o.Map, template...)
	find := func(list string, image ...string) {
		items, _ := spec[list].([]any)
		for i, item := range items {
			m, _ := item.(map[string]any)
			name := text(mapping(m, image[:len(image)-1]...), image[len(image)-1])
			if _, known := out[name]; known || name == "" {
				continue
			}
			path := slices.Concat(template, []string{list, strconv.Itoa(i)}, image)
			if at := in.Position(o.Provenance, path...); at != nil {
				out[name] = *at
			}
		}
	}
	find("initContainers", "image")
	find("containers", "image")
	find("ephemeralContainers", "image")
	find("volumes", "image", "reference")
	return out
}
