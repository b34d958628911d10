package settings

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/mappings"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
)

// readYAML decodes a small file of settings; unknown keys, keys that stand
// twice and a second document are errors, and an empty file leaves into alone.
func readYAML(ctx context.Context, path string, into any) error {
	const form = "docs/settings.md shows the file's form"
	data, err := infile.Read(ctx, path)
	if err != nil {
		return err
	}
	if err := mappings.Check(data); err != nil {
		return misuse.New(form, "reading %q: %w", path, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return misuse.New(form, "reading %q: %w", path, plainYAML(err))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return misuse.New(form, "reading %q: it holds more than one YAML document", path)
	}
	return nil
}

// goType is how yaml.v3 names what a key was to be read into.
var goType = regexp.MustCompile(` (?:not found in|into) (?:type .*|\[\].*|map\[.*|struct \{.*|string|int|bool|\w+\.\w+$)`)

// plainYAML puts an error of yaml.v3 into words that need no Go.
func plainYAML(err error) error {
	forms := strings.NewReplacer("!!seq", "a list", "!!map", "a mapping", "!!str", "a text", "!!int", "a number", "!!float", "a number", "!!bool", "a truth value", "!!timestamp", "a date", "!!null", "nothing")
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	faults := make([]string, 0, len(typed.Errors))
	for _, line := range typed.Errors {
		plain := goType.ReplaceAllString(line, "")
		if strings.Contains(line, "not found in type") {
			faults = append(faults, strings.Replace(plain, "field ", "unknown key ", 1))
			continue
		}
		plain = forms.Replace(plain)
		faults = append(faults, strings.Replace(plain, "cannot unmarshal ", "what stands here has another form: ", 1))
	}
	return errors.New(strings.Join(faults, "; "))
}
