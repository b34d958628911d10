package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

var patchCommand = regexp.MustCompile(`^(?:# )?kubectl -n (\S+) patch (\S+) (\S+) --type (json|merge) -p '(.*)'$`)

// TestFixPatches applies the commands that fix prints, as the API server would: they
// make of the objects what the repaired files hold.
func TestFixPatches(t *testing.T) {
	named := storiesByName(t)
	for _, name := range []string{"secret-encoded-once", "secret-key-not-found", "file-missing-on-one-node", "wrong-ca-embedded", "vsphere-pod"} {
		t.Run(name, func(t *testing.T) {
			s := newFixStory(t, named[name], named[name+"-repaired"])
			folder := t.TempDir()
			args := append([]string{"fix", "--ca-from-registry", s.work}, s.registries(t, s.broken)...)
			if code, _, stderr := command(t, s.broken.At, append(args, "-o", folder)...); code != 0 {
				t.Fatalf("fix ends with %d\n%s", code, stderr)
			}
			_, commands, _ := command(t, s.broken.At, append(args, "-o", "patch")...)
			objects := map[string][]byte{} // "kind namespace name", as JSON
			files, err := filepath.Glob(filepath.Join(folder, "objects/*.yaml"))
			if err != nil || len(files) == 0 {
				t.Fatalf("%d files: %v", len(files), err)
			}
			want := map[string][]byte{}
			for _, file := range files {
				key, after := object(t, file)
				want[key] = after
				_, objects[key] = object(t, filepath.Join(s.work, "objects", filepath.Base(file)))
			}
			for line := range strings.Lines(commands) {
				found := patchCommand.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
				if found == nil {
					continue
				}
				kind, _, _ := strings.Cut(found[2], ".")
				key := fmt.Sprintf("%s %s %s", strings.TrimSuffix(kind, "s"), found[1], found[3])
				if objects[key], err = patched(objects[key], found[4], strings.ReplaceAll(found[5], `'\''`, "'")); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			for key, text := range objects {
				if !jsonpatch.Equal(want[key], text) {
					t.Errorf("%s: the file is\n%s\nthe commands make\n%s", key, want[key], text)
				}
			}
		})
	}
}

func patched(object []byte, form, patch string) ([]byte, error) {
	if form == "merge" {
		return jsonpatch.MergePatch(object, []byte(patch))
	}
	operations, err := jsonpatch.DecodePatch([]byte(patch))
	if err != nil {
		return nil, err
	}
	return operations.Apply(object)
}

// object is an object of a file as JSON.
func object(t *testing.T, file string) (key string, text []byte) {
	t.Helper()
	var value map[string]any
	decodeYAML(t, file, &value)
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	metadata, _ := value["metadata"].(map[string]any)
	return fmt.Sprintf("%s %s %s", strings.ToLower(fmt.Sprint(value["kind"])), metadata["namespace"], metadata["name"]), text
}
