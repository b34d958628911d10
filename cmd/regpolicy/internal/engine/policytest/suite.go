package policytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/mappings"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// suiteFile holds cases as small changes of a base document.
const suiteFile = "suite.yaml"

const maxFile = 8 << 20

// suite is the form of a suite.yaml.
type suite struct {
	// Policy is the id of the policy under test, needed where a folder holds several.
	Policy string `yaml:"policy"`
	// Base is a document that cases start from, relative to this file; without it
	// they start from an empty one.
	Base string `yaml:"base"`
	// Shared is a place for YAML anchors.
	Shared yaml.Node `yaml:"shared"`
	// Cases are by name, which begins with the verdict wanted.
	Cases map[string]suiteCase `yaml:"cases"`
}

type suiteCase struct {
	Base string `yaml:"base"`
	// Evidence is laid over the base as a JSON merge patch (RFC 7396): null removes.
	Evidence yaml.Node `yaml:"evidence"`
	// NotAsked are collectors that nobody asked for; in an empty base all others were.
	NotAsked []string `yaml:"not_asked"`
	// Gaps are things that were asked for and not had.
	Gaps   []gap          `yaml:"gaps"`
	Params map[string]any `yaml:"params"`
	Expect []Expect       `yaml:"expect"`
}

type gap struct {
	Collector string            `yaml:"collector"`
	Subject   map[string]string `yaml:"subject"`
	Field     string            `yaml:"field"`
	Reason    string            `yaml:"reason"`
	Detail    string            `yaml:"detail"`
}

// readSuite reads the cases of a suite.yaml. The policy's id is "" where the suite
// names none.
func readSuite(fsys fs.FS, file string) (policy string, cases []Case, err error) {
	source, err := readLimited(fsys, file)
	if err != nil {
		return "", nil, err
	}
	if err := mappings.Check(source); err != nil {
		return "", nil, fault(file, 0, "docs/testing.md shows a suite's form", "reading suite: %v", err)
	}
	var s suite
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return "", nil, fault(file, 0, "docs/testing.md shows a suite's form", "reading suite: %v", err)
	}
	lines := caseLines(source)
	bases := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(s.Cases)) {
		c, err := s.build(fsys, file, name, lines[name], bases)
		if err != nil {
			return "", nil, err
		}
		cases = append(cases, *c)
	}
	if len(cases) == 0 {
		return "", nil, fault(file, 0, "list some below cases:", "suite without a case")
	}
	return s.Policy, cases, nil
}

func (s *suite) build(fsys fs.FS, file, name string, line int, bases map[string][]byte) (*Case, error) {
	sc := s.Cases[name]
	c := &Case{Name: name, Want: wantOf(name), File: file, Line: line, Params: sc.Params, Expect: sc.Expect}
	if c.Want == "" {
		return nil, fault(file, line, "begin it with fail-, pass-, inconclusive-, warn-, skip- or error-", "case %q: its name does not say what verdict it wants", name)
	}
	for i := range c.Expect {
		if err := c.Expect[i].compile(); err != nil {
			return nil, fault(file, line, "", "case %q: %v", name, err)
		}
	}
	base := s.Base
	if sc.Base != "" {
		base = sc.Base
	}
	source, err := baseDocument(fsys, file, base, bases)
	if err != nil {
		return nil, err
	}
	encoded, doc, err := patched(source, &sc, base == "")
	if err != nil {
		return nil, fault(file, line, "docs/evidence.md lists the fields of the document", "case %q: %v", name, err)
	}
	c.Input = engine.Input{URI: file + "#" + name, Bytes: encoded, Document: doc}
	return c, nil
}

func (e *Expect) compile() error {
	if e.Message == "" {
		return nil
	}
	var err error
	if e.message, err = regexp.Compile(e.Message); err != nil {
		return fmt.Errorf("message %q is no regular expression: %w", e.Message, err)
	}
	return nil
}

// emptyDocument is a document in which nothing was found.
const emptyDocument = `{"schema_version":"` + evidence.SchemaVersion + `","collected_at":"2026-11-23T08:00:00Z",` +
	`"tool":{"name":"regpolicy","version":"test"},"cluster":"demo"}`

func baseDocument(fsys fs.FS, file, base string, bases map[string][]byte) ([]byte, error) {
	if base == "" {
		return []byte(emptyDocument), nil
	}
	if bases[base] == nil {
		source, err := readLimited(fsys, path.Join(path.Dir(file), base))
		if err != nil {
			return nil, err
		}
		bases[base] = source
	}
	return bases[base], nil
}

// patched lays a case's evidence over a base.
func patched(base []byte, sc *suiteCase, empty bool) ([]byte, *evidence.Document, error) {
	if sc.Evidence.Kind != 0 {
		var plain map[string]any
		if err := sc.Evidence.Decode(&plain); err != nil {
			return nil, nil, fmt.Errorf("reading evidence: %w", err)
		}
		patch, err := json.Marshal(plain)
		if err != nil {
			return nil, nil, fmt.Errorf("reading evidence: %w", err)
		}
		if base, err = jsonpatch.MergePatch(base, patch); err != nil {
			return nil, nil, fmt.Errorf("laying evidence over the base: %w", err)
		}
	}
	var doc evidence.Document
	dec := json.NewDecoder(bytes.NewReader(base))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, nil, fmt.Errorf("reading evidence: %w", err)
	}
	if err := settleCoverage(&doc, sc, empty); err != nil {
		return nil, nil, err
	}
	evidence.Complete(&doc)
	encoded, err := evidence.Encode(&doc)
	if err != nil {
		return nil, nil, err
	}
	// What is judged must be what a saved document would be.
	read, err := evidence.Decode(encoded)
	return encoded, read, err
}

// settleCoverage makes the coverage that a case states.
func settleCoverage(doc *evidence.Document, sc *suiteCase, empty bool) error {
	if doc.Coverage == nil {
		doc.Coverage = map[string]evidence.Coverage{}
	}
	for _, name := range evidence.Collectors {
		c, told := doc.Coverage[name]
		if empty && !told {
			c.Requested = true
		}
		if slices.Contains(sc.NotAsked, name) {
			c = evidence.Coverage{}
		}
		doc.Coverage[name] = c
	}
	for _, name := range sc.NotAsked {
		if !slices.Contains(evidence.Collectors, name) {
			return fmt.Errorf("not_asked names %q; collectors are %v", name, evidence.Collectors)
		}
	}
	for _, g := range sc.Gaps {
		if !slices.Contains(evidence.Collectors, g.Collector) {
			return fmt.Errorf("a gap is of collector %q; they are %v", g.Collector, evidence.Collectors)
		}
		if !slices.Contains(evidence.Reasons, g.Reason) {
			return fmt.Errorf("a gap has reason %q; reasons are %v", g.Reason, evidence.Reasons)
		}
		if g.Subject["kind"] == "" {
			return errors.New("a gap's subject has no kind")
		}
		c := doc.Coverage[g.Collector]
		c.Requested = true
		c.Asked++
		c.Gaps = append(c.Gaps, evidence.Gap{Subject: g.Subject, Field: g.Field, Reason: g.Reason, Detail: g.Detail})
		doc.Coverage[g.Collector] = c
	}
	return nil
}

// caseLines finds the line of each case in a suite.
func caseLines(source []byte) map[string]int {
	lines := map[string]int{}
	var root yaml.Node
	if yaml.Unmarshal(source, &root) != nil || len(root.Content) == 0 {
		return lines
	}
	top := root.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value != "cases" {
			continue
		}
		for j := 0; j+1 < len(top.Content[i+1].Content); j += 2 {
			key := top.Content[i+1].Content[j]
			lines[key.Value] = key.Line
		}
	}
	return lines
}

func readLimited(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, fault(file, 0, "name a file that exists and can be read", "reading it: %v", folder.Pathless(err))
	}
	defer f.Close() //nolint:errcheck // read only
	source, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fault(file, 0, "", "reading it: %v", folder.Pathless(err))
	}
	if len(source) > maxFile {
		return nil, fault(file, 0, "a case is a few facts", "it has more than %d MiB", maxFile>>20)
	}
	return source, nil
}

func fault(file string, line int, hint, format string, args ...any) error {
	return &engine.Fault{File: file, Line: line, Message: fmt.Sprintf(format, args...), Hint: hint}
}
