package repair

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
)

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Commands are a file's change as kubectl commands: first those on secrets and config
// maps, whose new keys the others name, then the others, then, by hand and when the
// nodes have rolled, those that take out what was replaced.
type Commands struct{ Secrets, Others, Afterwards []string }

// Patch is a file's change as kubectl commands.
func (m *Manifests) Patch(path string) (Commands, error) {
	var out Commands
	before, after := m.Texts(path)
	a, err := parseText(before)
	if err != nil {
		return out, err
	}
	b, err := parseText(after)
	if err != nil {
		return out, err
	}
	olds, news := a.objects(), b.objects()
	for i := range min(len(olds), len(news)) {
		if equal(olds[i].node, news[i].node) {
			continue
		}
		if olds[i].name != news[i].name || olds[i].namespace != news[i].namespace {
			out.Secrets = append(out.Secrets, fmt.Sprintf("# %s %s cannot be patched: it gets another name or namespace; take -o diff or -o manifests=DIR", oneWord(olds[i].kind), oneWord(olds[i].name)))
			continue
		}
		command, later, err := patchObject(olds[i], news[i])
		switch {
		case err != nil:
			return out, err
		case command == "":
		case olds[i].kind == "Secret" || olds[i].kind == "ConfigMap":
			out.Secrets = append(out.Secrets, command)
		default:
			out.Others = append(out.Others, command)
		}
		out.Afterwards = append(out.Afterwards, later...)
	}
	return out, nil
}

// Pasteable tells whether names are what Kubernetes takes, so that they may stand in
// a command. An empty one stands in none.
func Pasteable(names ...string) bool {
	for _, name := range names {
		if name != "" && (!namePattern.MatchString(name) || strings.HasPrefix(name, "-")) {
			return false
		}
	}
	return true
}

func oneWord(s string) string {
	if namePattern.MatchString(s) {
		return s
	}
	return "(of an impossible name)"
}

func patchObject(before, after objectNode) (command string, later []string, err error) {
	kubectl, err := patchOf(before)
	if err != nil {
		return "", nil, err
	}
	was, err := plainValue(before.node)
	if err != nil {
		return "", nil, err
	}
	is, err := plainValue(after.node)
	if err != nil {
		return "", nil, err
	}
	if before.kind == "Secret" {
		return patchSecret(kubectl, was, is)
	}
	operations := compare(nil, "", was, is)
	for _, o := range operations {
		if o.Op == "test" {
			continue
		}
		if err := printable(o.Value); err != nil {
			return "", nil, err
		}
	}
	text, err := encodeJSON(operations)
	return fmt.Sprintf("%s --type json -p %s", kubectl, shellQuoted(text)), nil, err
}

// patchOf is the command without the patch itself. Names that Kubernetes would not
// take could be anything, and are not put into a command.
func patchOf(o objectNode) (string, error) {
	group, version, grouped := strings.Cut(o.apiVersion, "/")
	resource := strings.ToLower(o.kind)
	if grouped {
		resource = strings.Join([]string{resource + "s", version, group}, ".")
	}
	for _, word := range []string{o.name, resource, o.namespace} {
		if !Pasteable(word) {
			return "", fmt.Errorf("%q is no name that Kubernetes takes: no command is made of it", word)
		}
	}
	if o.namespace == "" {
		return fmt.Sprintf("kubectl patch %s %s", resource, o.name), nil
	}
	return fmt.Sprintf("kubectl -n %s patch %s %s", o.namespace, resource, o.name), nil
}

// plainValue is a node as JSON has it.
func plainValue(n *yaml.Node) (v map[string]any, err error) {
	defer rescue(&err)
	err = n.Decode(&v)
	return v, err
}

// patchSecret adds keys and leaves out what it does not change; there is no command
// where it adds none. In a cluster a
// secret has no stringData.
func patchSecret(kubectl string, was, is map[string]any) (command string, later []string, err error) {
	old, now := dataOf(was), dataOf(is)
	added := map[string]string{}
	for key, value := range now {
		if before, ok := old[key]; !ok || before != value {
			added[key] = value
		}
	}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[key]; !ok {
			text, err := encodeJSON([]operation{{Op: "remove", Path: "/data/" + jsonpointer.Escape(key)}})
			if err != nil {
				return "", nil, err
			}
			later = append(later, fmt.Sprintf("%s --type json -p %s", kubectl, shellQuoted(text)))
		}
	}
	if len(added) == 0 {
		return "", later, nil
	}
	text, err := encodeJSON(map[string]any{"data": added})
	return fmt.Sprintf("%s --type merge -p %s", kubectl, shellQuoted(text)), later, err
}

func dataOf(secret map[string]any) map[string]string {
	out := map[string]string{}
	data, _ := secret["data"].(map[string]any)
	for key, value := range data {
		if s, ok := value.(string); ok {
			out[key] = s
		}
	}
	plain, _ := secret["stringData"].(map[string]any)
	for key, value := range plain {
		if s, ok := value.(string); ok {
			out[key] = base64.StdEncoding.EncodeToString([]byte(s))
		}
	}
	return out
}

// compare adds the operations that make one value of another. Short texts that are
// replaced and items that are removed are tested first, so that a patch of something
// else does nothing.
func compare(out []operation, path string, was, is any) []operation {
	if reflect.DeepEqual(was, is) {
		return out
	}
	switch a := was.(type) {
	case map[string]any:
		if b, ok := is.(map[string]any); ok {
			return compareMaps(out, path, a, b)
		}
	case []any:
		b, ok := is.([]any)
		if i := missing(a, b); ok && i >= 0 {
			out = tested(out, fmt.Sprintf("%s/%d", path, i), a[i])
			return append(out, operation{Op: "remove", Path: fmt.Sprintf("%s/%d", path, i)})
		}
		if ok && len(b) >= len(a) {
			for i := range a {
				out = compare(out, fmt.Sprintf("%s/%d", path, i), a[i], b[i])
			}
			for _, item := range b[len(a):] {
				out = append(out, operation{Op: "add", Path: path + "/-", Value: item})
			}
			return out
		}
	case string:
		// What is appended to is tested, however long: somebody else's addition must
		// not be lost.
		const short, long = 253, 64 << 10
		b, _ := is.(string)
		if len(a) <= short || len(a) <= long && strings.HasPrefix(b, a) {
			out = tested(out, path, a)
		}
	}
	return append(out, operation{Op: "replace", Path: path, Value: is})
}

// tested adds a test of a value that may be printed.
func tested(out []operation, path string, value any) []operation {
	if printable(value) != nil {
		return out
	}
	return append(out, operation{Op: "test", Path: path, Value: value})
}

// missing is the index of the one item that a list has and another one lacks, or -1.
func missing(a, b []any) int {
	if len(a) != len(b)+1 {
		return -1
	}
	i := 0
	for i < len(b) && reflect.DeepEqual(a[i], b[i]) {
		i++
	}
	if !reflect.DeepEqual(a[i+1:], b[i:]) {
		return -1
	}
	return i
}

func compareMaps(out []operation, path string, a, b map[string]any) []operation {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if value, ok := b[key]; ok {
			out = compare(out, path+"/"+jsonpointer.Escape(key), a[key], value)
		} else {
			out = append(out, operation{Op: "remove", Path: path + "/" + jsonpointer.Escape(key)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[key]; !ok {
			out = append(out, operation{Op: "add", Path: path + "/" + jsonpointer.Escape(key), Value: b[key]})
		}
	}
	return out
}

// printable refuses what looks like a credential.
func printable(value any) error {
	text, err := encodeJSON(value)
	if err != nil {
		return err
	}
	if hasSecret(text) {
		return errBeside
	}
	return nil
}

func encodeJSON(value any) (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// shellQuoted is a text that a POSIX shell takes for one word.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
