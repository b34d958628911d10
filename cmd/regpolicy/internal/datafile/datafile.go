// Package datafile reads what policies see as data.
package datafile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
	kubeyaml "sigs.k8s.io/yaml"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
)

// Usage is the usage of a flag that names data files.
const Usage = "JSON or YAML file or folder of such, for policies as data.* (repeatable)"

// limit is how much all files of --data may hold together.
const limit = 16 << 20

// forms are how the names of data files end.
var forms = []string{".json", ".yaml", ".yml"}

// reserved are names below `data` that are not the user's.
var reserved = map[string]string{
	"params":    "parameters of policies are given with --params",
	"regpolicy": "the built-in policies and their library stand there",
}

// Read reads documents for `data`: the top level of a file, and of the files of
// a folder, is merged into it; what lies in a folder within that stands below the
// folder's name. So do OPA and conftest.
func Read(ctx context.Context, paths []string) (map[string]any, error) {
	all := merging{data: map[string]any{}, origin: map[string]string{}}
	for _, path := range paths {
		files, err := dataFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := all.read(ctx, path, file); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(reserved)) {
		if _, ok := all.data[name]; ok {
			return nil, misuse.New("choose another name: "+reserved[name], "reading data %q: data.%s is taken", all.from(name), name)
		}
	}
	return all.data, nil
}

// dataFiles are the data files of a path. One that holds none is an error: a policy
// would miss what it was meant to bring.
func dataFiles(path string) ([]string, error) {
	const hint = "name a .json, .yaml or .yml file, or a folder that holds some"
	var files []string
	wanted := func(file string) bool { return slices.Contains(forms, filepath.Ext(file)) }
	err := infile.Walk("--data", path, wanted, func(file string) error {
		files = append(files, file)
		return nil
	})
	if _, own := errors.AsType[*misuse.Error](err); own {
		return nil, err
	}
	if err != nil {
		return nil, misuse.New(hint, "reading data %q: %w", path, folder.Pathless(err))
	}
	if len(files) == 0 {
		return nil, misuse.New(hint, "reading data %q: it holds no .json, .yaml or .yml file", path)
	}
	return files, nil
}

type merging struct {
	data   map[string]any
	origin map[string]string // by path from the top, the file that brought it
	size   int
}

func (m *merging) read(ctx context.Context, root, file string) error {
	text, err := infile.Read(ctx, file)
	if err != nil {
		return err
	}
	if m.size += len(text); m.size > limit {
		return misuse.New("give the files that the policies need", "reading data %q: with it the data has more than %d MiB", file, limit>>20)
	}
	values, err := parse(filepath.Ext(file), text)
	if err != nil {
		return misuse.New("it must be one mapping, without a key that stands twice", "reading data %q: %w", file, err)
	}
	if folder, err := filepath.Rel(root, filepath.Dir(file)); err == nil && filepath.IsLocal(folder) && folder != "." {
		parts := strings.Split(filepath.ToSlash(folder), "/")
		slices.Reverse(parts)
		for _, part := range parts {
			values = map[string]any{part: values}
		}
	}
	return m.merge(m.data, values, "", file)
}

func (m *merging) merge(into, from map[string]any, place, file string) error {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		path := strings.TrimPrefix(place+"."+key, ".")
		old, stands := into[key]
		if !stands {
			into[key], m.origin[path] = from[key], file
			continue
		}
		oldMap, ok := old.(map[string]any)
		newMap, alsoMap := from[key].(map[string]any)
		if !ok || !alsoMap {
			return misuse.New("keep one of them", "reading data %q: data.%s stands in %q, too", file, path, m.from(path))
		}
		if err := m.merge(oldMap, newMap, path, file); err != nil {
			return err
		}
	}
	return nil
}

// from is the file that brought what stands at a path.
func (m *merging) from(path string) string {
	for {
		if file, ok := m.origin[path]; ok {
			return file
		}
		i := strings.LastIndex(path, ".")
		if i < 0 {
			return ""
		}
		path = path[:i]
	}
}

// parse reads one data file: one document, a mapping, no key twice.
func parse(form string, text []byte) (map[string]any, error) {
	if form != ".json" {
		var err error
		if text, err = yamlToJSON(text); err != nil {
			return nil, err
		}
	}
	var values map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, errors.New("its top level is no mapping")
		}
		return nil, err
	}
	if values == nil {
		return nil, errors.New("its top level is no mapping")
	}
	if dec.More() {
		return nil, errors.New("it holds more than one document")
	}
	if key := repeatedKey(json.NewDecoder(bytes.NewReader(text))); key != "" {
		return nil, fmt.Errorf("key %q stands twice", key)
	}
	return values, nil
}

// yamlToJSON reads YAML as OPA does, with dates that stay text.
func yamlToJSON(text []byte) ([]byte, error) {
	out, err := kubeyaml.YAMLToJSONStrict(text)
	if err != nil {
		message := strings.TrimPrefix(err.Error(), "yaml: ")
		message = strings.TrimPrefix(strings.Join(strings.Fields(message), " "), "unmarshal errors: ")
		return nil, errors.New(strings.ReplaceAll(message, "already set in map", "stands twice"))
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for n := 0; ; n++ {
		if dec.Decode(new(yaml.Node)) != nil {
			return out, nil
		}
		if n > 0 {
			return nil, errors.New("it holds more than one document")
		}
	}
}

// repeatedKey is the first key that an object of valid JSON has twice, or "".
func repeatedKey(dec *json.Decoder) string {
	dec.UseNumber()
	token, err := dec.Token()
	if err != nil {
		return ""
	}
	open, ok := token.(json.Delim)
	if !ok {
		return ""
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return ""
			}
			name := fmt.Sprint(key)
			if seen[name] {
				return name
			}
			seen[name] = true
		}
		if key := repeatedKey(dec); key != "" {
			return key
		}
	}
	_, _ = dec.Token() // the closing one
	return ""
}
