package bundle

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
)

// IsData tells whether OPA takes the file as data: data.json, data.yaml, data.yml.
func IsData(name string) bool {
	return path.Base(name) == "data.json" || bundle.IsYAMLDataFile(name)
}

// Data are the data files' contents, each below the folder that it lies in, as
// OPA has them.
func Data(files []File) (map[string]any, error) {
	out := map[string]any{}
	for _, f := range files {
		if !IsData(f.Path) {
			continue
		}
		var value map[string]any
		if err := util.Unmarshal(f.Content, &value); err != nil {
			return nil, fault("a data file is a mapping at its top", "reading %q: %w", f.Path, err)
		}
		if dir := path.Dir(f.Path); dir != "." {
			folders := strings.Split(dir, "/")
			for _, folder := range slices.Backward(folders) {
				value = map[string]any{folder: value}
			}
		}
		if name, ok := merge(out, value, ""); !ok {
			return nil, fault("give it one value", "reading %q: another data file has %q, too", f.Path, name)
		}
	}
	if _, ok := out["params"]; ok {
		return nil, fault("parameters are given with --params; name the data otherwise", "data has the name %q, which is that of the parameters", "params")
	}
	return out, nil
}

// merge adds data to data, and names the first place that has two values.
func merge(into, from map[string]any, at string) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		old, taken := into[name]
		if !taken {
			into[name] = from[name]
			continue
		}
		a, aOK := old.(map[string]any)
		b, bOK := from[name].(map[string]any)
		if !aOK || !bOK {
			return at + name, false
		}
		if place, ok := merge(a, b, at+name+"."); !ok {
			return place, false
		}
	}
	return "", true
}

// Merge adds the data of a bundle or folder to that of others.
func Merge(into, from map[string]any) error {
	if name, ok := merge(into, from, ""); !ok {
		return fault("leave one out", "data %q comes from two policy sources", name)
	}
	return nil
}
