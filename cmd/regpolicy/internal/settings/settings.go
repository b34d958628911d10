// Package settings reads what holds for many runs: .regpolicy.yaml, which sets flags, and
// the files of parameters and waivers.
package settings

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/variable"
)

// File is the name of the settings file.
const File = ".regpolicy.yaml"

// Settings are a settings file's; the zero value is that of none.
type Settings struct {
	path   string
	values map[string]*yaml.Node
}

// Apply fills the flags that the command line left alone from the environment
// (REGPOLICY_FAIL_ON), else from the file. Those that are onlyAsked no file may set.
func (s *Settings) Apply(c *cobra.Command, getenv func(string) string, onlyAsked []string) error {
	var failure error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		// --output is eval's and demo's FORMAT[=PATH]; collect's is a path.
		if f.Changed || failure != nil || f.Name == "help" || f.Name == "output" && !isList(f) {
			return
		}
		name := variable.Of(f.Name)
		if text := getenv(name); text != "" {
			if err := c.Flags().Set(f.Name, text); err != nil {
				failure = misuse.New("", "setting --%s from %s: %w", f.Name, name, plainly(err))
				return
			}
			settle(f, name)
			return
		}
		if node, ok := s.values[f.Name]; ok {
			if slices.Contains(onlyAsked, f.Name) {
				failure = misuse.New(fmt.Sprintf("give --%s on the command line, or set %s", f.Name, name), "%s:%d: %q sends something away or makes pods, which no file may decide", s.path, node.Line, f.Name)
				return
			}
			if failure = setFromFile(c.Flags(), f, s.path, node); failure == nil {
				settle(f, fmt.Sprintf("%s:%d", s.path, node.Line))
			}
		}
	})
	return failure
}

const settled = "settled"

// settle notes that a flag holds for many runs and was not given for this one, and the
// file's line or the variable that it comes from.
func settle(f *pflag.Flag, from string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[settled] = []string{from}
}

// flagNamed is a flag that a text names as if it stood on the command line.
var flagNamed = regexp.MustCompile(`(?:^| )--([a-z]+(?:-[a-z]+)*)`)

// Traced is what is wrong with flags, and where those were set that were not given.
func Traced(flags *pflag.FlagSet, text string) string {
	prefix, suffix := "", ""
	for _, at := range flagNamed.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		f := flags.Lookup(name)
		if f == nil || f.Annotations[settled] == nil {
			continue
		}
		switch from := f.Annotations[settled][0]; {
		case at[0] == 0:
			prefix = from + ": "
		case !strings.Contains(suffix, "--"+name+" "):
			suffix += "; --" + name + " comes from " + from
		}
	}
	return prefix + text + suffix
}

// plainly is what is wrong with a value, without the words for one that was given as a
// flag.
func plainly(err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("%q: %w", wrong.GetValue(), wrong.Unwrap())
	}
	return err
}

// IsGiven tells whether a flag was given for this run, where it should have an effect.
func IsGiven(f *pflag.Flag) bool { return f.Changed && f.Annotations[settled] == nil }

func setFromFile(flags *pflag.FlagSet, f *pflag.Flag, file string, node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode && !isList(f) {
		return misuse.New("give it one value", "%s:%d: setting %q takes no list", file, node.Line, f.Name)
	}
	for _, value := range nodeValues(node) {
		if isPath(f.Name) && !filepath.IsAbs(value) && (f.Name != "policy" || !oci.Is(value)) {
			value = filepath.Join(filepath.Dir(file), value)
		}
		if err := flags.Set(f.Name, value); err != nil {
			return misuse.New("", "%s:%d: setting %q: %w", file, node.Line, f.Name, plainly(err))
		}
	}
	return nil
}

// isList tells whether a flag may be given more than once.
func isList(f *pflag.Flag) bool {
	_, ok := f.Value.(pflag.SliceValue)
	return ok
}

// isPath tells whether a setting names a file, which is then one beside the
// settings file and not in the folder that the program happens to run in.
func isPath(name string) bool {
	return slices.Contains([]string{"baseline", "bundle-key", "ca-file", "data", "expect", "fleet", "kubeconfig", "params", "policy", "signing-key", "ssh-key", "ssh-known-hosts", "verification-key", "waivers"}, name)
}

func nodeValues(n *yaml.Node) []string {
	if n.Kind != yaml.SequenceNode {
		return []string{n.Value}
	}
	var out []string
	for _, item := range n.Content {
		out = append(out, item.Value)
	}
	return out
}

// Find finds and reads the settings file, from the working folder upwards. A key that no
// command has as a flag is an error; one that only another command has is not for this
// one.
func Find(c *cobra.Command) (*Settings, error) {
	dir, err := os.Getwd()
	if err != nil {
		return &Settings{}, nil //nolint:nilerr // without a working folder there is no settings file
	}
	for {
		path := filepath.Join(dir, File)
		if _, err := os.Lstat(path); err == nil {
			values, err := readFile(c.Context(), path, c)
			return &Settings{path, values}, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return &Settings{}, nil
		}
		dir = parent
	}
}

func readFile(ctx context.Context, path string, c *cobra.Command) (map[string]*yaml.Node, error) {
	var doc yaml.Node
	if err := readYAML(ctx, path, &doc); err != nil {
		return nil, err
	}
	values := map[string]*yaml.Node{}
	if len(doc.Content) == 0 {
		return values, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, misuse.New("write one `flag: value` a line", "%s:%d: settings are no mapping", path, top.Line)
	}
	known := Flags(c.Root())
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if !slices.Contains(known, key.Value) {
			hint := "keys are the names of flags, without --"
			if near := variable.Near(key.Value, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, misuse.New(hint, "%s:%d: unknown setting %q", path, key.Line, key.Value)
		}
		if _, twice := values[key.Value]; twice {
			return nil, misuse.New("keep one of them", "%s:%d: setting %q stands twice", path, key.Line, key.Value)
		}
		if !isValue(value) {
			return nil, misuse.New("write `flag: value`, or `flag: [value, value]`", "%s:%d: setting %q is no value and no list of values", path, value.Line, key.Value)
		}
		values[key.Value] = value
	}
	return values, nil
}

func isValue(n *yaml.Node) bool {
	if n.Kind == yaml.SequenceNode {
		return !slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return item.Kind != yaml.ScalarNode || item.Tag == "!!null" })
	}
	return n.Kind == yaml.ScalarNode && n.Tag != "!!null"
}

// Flags are the names of all flags of a command's commands.
func Flags(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		names = append(names, Flags(c)...)
	}
	return names
}
