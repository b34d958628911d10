package language

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

// own is what this program says itself: the report's words and the messages that no
// policy makes.
//
//go:embed de.yaml
var own []byte

// Catalogue is the German of the built-in policies, of their library and of this
// program. What belongs to a policy is read when it is first needed. It is not for
// concurrent use.
type Catalogue struct {
	files    fs.FS
	words    map[string]string
	shared   *phrases
	policies map[string]*Policy
}

// Policy is what one de.yaml says of the policy beside it.
type Policy struct {
	// English is Digest over the texts that were translated, so that a test tells
	// when they change.
	English           string            `yaml:"english"`
	Title             string            `yaml:"title"`
	Description       string            `yaml:"description"`
	RecommendedAction string            `yaml:"recommended_action"`
	Messages          map[string]string `yaml:"messages"`
	// Forms are texts that no constant has, but that several make together: where one
	// value ends and another begins would not be seen without.
	Forms map[string]string `yaml:"forms"`

	phrases *phrases
}

// Open reads what all translations share. The files are those of package policies.
func Open(files fs.FS) (*Catalogue, error) {
	var program struct {
		Words    map[string]string `yaml:"words"`
		Messages map[string]string `yaml:"messages"`
		Reasons  map[string]string `yaml:"reasons"`
	}
	if err := decode("de.yaml", own, &program); err != nil {
		return nil, err
	}
	// A gap is "node wk-2: unreachable: " and details.
	for english, german := range program.Reasons {
		program.Words[english] = german
		program.Messages["%s: "+english] = "%s: " + german
		program.Messages["%s: "+english+": %s"] = "%s: " + german + ": %s"
	}
	pairs := []map[string]string{program.Messages}
	paths, err := fs.Glob(files, "lib/*/de.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading translations: %w", err)
	}
	for _, file := range paths {
		library, err := read(files, file)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, library.Messages, library.Forms)
	}
	shared, err := newPhrases(pairs...)
	if err != nil {
		return nil, err
	}
	return &Catalogue{files: files, words: program.Words, shared: shared, policies: map[string]*Policy{}}, nil
}

// Policy is the German of a package ("regpolicy.cfg.trust_values_are_pem"), nil
// where there is none: an organisation's own policies stay in their language.
func (c *Catalogue) Policy(pkg string) (*Policy, error) {
	if p, ok := c.policies[pkg]; ok {
		return p, nil
	}
	names := strings.Split(pkg, ".")
	if len(names) != 3 || names[0] != "regpolicy" {
		return nil, nil
	}
	p, err := read(c.files, path.Join(names[1], names[2], "de.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		p, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if p != nil {
		mine, err := newPhrases(p.Messages, p.Forms)
		if err != nil {
			return nil, fmt.Errorf("reading translation of %q: %w", pkg, err)
		}
		p.phrases = mine.with(c.shared)
	}
	c.policies[pkg] = p
	return p, nil
}

// Word is the German of one of the report's own words or formats, the English one
// where there is none.
func (c *Catalogue) Word(english string) string {
	if german, ok := c.words[english]; ok {
		return german
	}
	return english
}

// Message translates a text of the policy, and tells whether it could.
func (p *Policy) Message(english string) (german string, ok bool) { return p.phrases.message(english) }

// Phrase translates a text that no policy made, such as a hint; what it does not
// know stays.
func (c *Catalogue) Phrase(english string) string {
	german, _ := c.shared.message(english)
	return german
}

func read(files fs.FS, file string) (*Policy, error) {
	data, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, fmt.Errorf("reading translation: %w", err)
	}
	var p Policy
	return &p, decode(file, data, &p)
}

func decode(file string, data []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("reading translation %q: %w", file, err)
	}
	return nil
}
