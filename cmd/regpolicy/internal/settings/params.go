package settings

import (
	"context"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
)

// Params returns the parameters by policy id, and where each stands.
func Params(ctx context.Context, path string) (map[string]map[string]any, func(id, key string) (string, int), error) {
	var file struct {
		Params map[string]yaml.Node `yaml:"params"`
	}
	if err := readYAML(ctx, path, &file); err != nil {
		return nil, nil, err
	}
	params := map[string]map[string]any{}
	for id, node := range file.Params {
		var values map[string]any
		if err := node.Decode(&values); err != nil {
			return nil, nil, misuse.New("docs/settings.md shows the file's form", "reading %q: parameters of policy %q: %w", path, id, plainYAML(err))
		}
		params[id] = values
	}
	place := func(id, key string) (string, int) {
		node := file.Params[id]
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				return path, node.Content[i].Line
			}
		}
		return path, node.Line
	}
	return params, place, nil
}
