package main

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

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/variable"
)

const settingsFile = ".regpolicy.yaml"

// applySettings fills the flags that the command line left alone from the
// environment (REGPOLICY_FAIL_ON), else from .regpolicy.yaml, searched upwards
// from the working folder.
func applySettings(e *environment, c *cobra.Command) error {
	path, values, err := readSettings(c)
	if err != nil {
		return err
	}
	warnOfVariables(e, c)
	var failure error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		// --output is eval's and demo's FORMAT[=PATH]; collect's is a path.
		if f.Changed || failure != nil || f.Name == "help" || f.Name == "output" && !isList(f) {
			return
		}
		name := variable.Of(f.Name)
		if text := e.getenv(name); text != "" {
			if err := c.Flags().Set(f.Name, text); err != nil {
				failure = usage("", "setting --%s from %s: %w", f.Name, name, plainly(err))
				return
			}
			settle(f, name)
			return
		}
		if node, ok := values[f.Name]; ok {
			if slices.Contains(onlyAsked, f.Name) {
				failure = usage(fmt.Sprintf("give --%s on the command line, or set %s", f.Name, name), "%s:%d: %q sends something away or makes pods, which no file may decide", path, node.Line, f.Name)
				return
			}
			if failure = setFromFile(c.Flags(), f, path, node); failure == nil {
				settle(f, fmt.Sprintf("%s:%d", path, node.Line))
			}
		}
	})
	return failure
}

// warnOfVariables names variables that look like settings and are none. They are no
// error, as an unknown key of the file is: the file is regpolicy's own, and the
// environment everybody's.
func warnOfVariables(e *environment, c *cobra.Command) {
	if e.environ == nil {
		return
	}
	for _, stray := range variable.Strays(e.environ(), knownFlags(c.Root())) {
		hint := "settings are " + variable.Prefix + " and a flag's name in capitals, with _ for -"
		if stray.Near != "" {
			hint = "did you mean " + variable.Of(stray.Near) + "?"
		}
		e.warn(fmt.Sprintf("reading the environment: %q is no setting, and has no effect", short(stray.Name)), hint)
	}
}

// short bounds a foreign name.
func short(name string) string {
	const most = 64
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "..."
	}
	return name
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

// traced is what is wrong with flags, and where those were set that were not given.
func traced(flags *pflag.FlagSet, text string) string {
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

// isGiven tells whether a flag was given for this run, where it should have an effect.
func isGiven(f *pflag.Flag) bool { return f.Changed && f.Annotations[settled] == nil }

func setFromFile(flags *pflag.FlagSet, f *pflag.Flag, file string, node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode && !isList(f) {
		return usage("give it one value", "%s:%d: setting %q takes no list", file, node.Line, f.Name)
	}
	for _, value := range nodeValues(node) {
		if isPath(f.Name) && !filepath.IsAbs(value) && (f.Name != "policy" || !oci.Is(value)) {
			value = filepath.Join(filepath.Dir(file), value)
		}
		if err := flags.Set(f.Name, value); err != nil {
			return usage("", "%s:%d: setting %q: %w", file, node.Line, f.Name, plainly(err))
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

// readSettings finds and reads the settings file. A key that no command has as
// a flag is an error; one that only another command has is not for this one.
func readSettings(c *cobra.Command) (string, map[string]*yaml.Node, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", nil, nil //nolint:nilerr // without a working folder there is no settings file
	}
	for {
		path := filepath.Join(dir, settingsFile)
		if _, err := os.Lstat(path); err == nil {
			values, err := readSettingsFile(c.Context(), path, c)
			return path, values, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil, nil
		}
		dir = parent
	}
}

func readSettingsFile(ctx context.Context, path string, c *cobra.Command) (map[string]*yaml.Node, error) {
	var doc yaml.Node
	if err := readStrictYAML(ctx, path, &doc); err != nil {
		return nil, err
	}
	values := map[string]*yaml.Node{}
	if len(doc.Content) == 0 {
		return values, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, usage("write one `flag: value` a line", "%s:%d: settings are no mapping", path, top.Line)
	}
	known := knownFlags(c.Root())
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if !slices.Contains(known, key.Value) {
			hint := "keys are the names of flags, without --"
			if near := variable.Near(key.Value, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, usage(hint, "%s:%d: unknown setting %q", path, key.Line, key.Value)
		}
		if _, twice := values[key.Value]; twice {
			return nil, usage("keep one of them", "%s:%d: setting %q stands twice", path, key.Line, key.Value)
		}
		if !isValue(value) {
			return nil, usage("write `flag: value`, or `flag: [value, value]`", "%s:%d: setting %q is no value and no list of values", path, value.Line, key.Value)
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

func knownFlags(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		names = append(names, knownFlags(c)...)
	}
	return names
}

// checkOneOf is the error for a flag whose value is none of those there are.
func checkOneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usage(fmt.Sprintf("it is one of %s", strings.Join(allowed, ", ")), "--%s %q is not known", flag, value)
}
