package settings

import (
	"context"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

// Waivers reads and checks a waiver file.
func Waivers(ctx context.Context, path string) ([]engine.Waiver, error) {
	var file struct {
		Waivers []yaml.Node `yaml:"waivers"`
	}
	if err := readYAML(ctx, path, &file); err != nil {
		return nil, err
	}
	waivers := make([]engine.Waiver, len(file.Waivers))
	var faults engine.Errors
	for i := range file.Waivers {
		waivers[i].File, waivers[i].Line = path, file.Waivers[i].Line
		if key := unknownKey(&file.Waivers[i], "policy", "subject", "reason", "owner", "expires"); key != "" {
			faults = append(faults, &engine.Fault{File: path, Line: file.Waivers[i].Line, Message: fmt.Sprintf("waiver with unknown key %q", key), Hint: "it has policy, subject, reason, owner and expires"})
			continue
		}
		if err := file.Waivers[i].Decode(&waivers[i]); err != nil {
			faults = append(faults, &engine.Fault{File: path, Line: file.Waivers[i].Line, Message: "waiver cannot be read: " + plainYAML(err).Error(), Hint: "it has policy, subject, reason, owner and expires, each a text"})
			continue
		}
		if f := waivers[i].Check(); f != nil {
			faults = append(faults, f)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return waivers, nil
}

func unknownKey(n *yaml.Node, known ...string) string {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		found := false
		for _, k := range known {
			found = found || n.Content[i].Value == k
		}
		if !found {
			return n.Content[i].Value
		}
	}
	return ""
}
