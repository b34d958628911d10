package language

import (
	"cmp"
	"slices"
	"strings"
)

// phrases translates by templates; the one with the most text of its own wins.
type phrases struct{ templates []*template }

// newPhrases reads pairs of English and German formats.
func newPhrases(pairs ...map[string]string) (*phrases, error) {
	var p phrases
	for _, some := range pairs {
		for english, german := range some {
			t, err := newTemplate(english, german)
			if err != nil {
				return nil, err
			}
			p.templates = append(p.templates, t)
		}
	}
	p.sort()
	return &p, nil
}

func (p *phrases) sort() {
	slices.SortFunc(p.templates, func(a, b *template) int {
		return cmp.Or(cmp.Compare(b.literal, a.literal), cmp.Compare(a.english, b.english))
	})
}

// with is these phrases and others.
func (p *phrases) with(others *phrases) *phrases {
	both := &phrases{templates: slices.Concat(p.templates, others.templates)}
	both.sort()
	return both
}

// Texts of ours are put together from others, though not endlessly; and no message
// has more findings than can be read.
const (
	maxDepth = 5
	maxParts = 32
)

// message translates a result's message: one text, or those of several findings
// with "; " between them. ok tells whether all of it is translated.
func (p *phrases) message(text string) (german string, ok bool) {
	parts := strings.Split(text, "; ")
	if len(parts) > maxParts {
		return p.text(text, 0)
	}
	var out []string
	for len(parts) > 0 {
		taken := 0
		for n := 1; n <= len(parts) && taken == 0; n++ {
			if german, ok := p.text(strings.Join(parts[:n], "; "), 0); ok {
				out, taken = append(out, german), n
			}
		}
		if taken == 0 {
			return text, false
		}
		parts = parts[taken:]
	}
	return strings.Join(out, "; "), true
}

// text translates one text and the texts of ours among its values.
func (p *phrases) text(text string, depth int) (german string, ok bool) {
	if text == "" || depth > maxDepth {
		return text, false
	}
	for _, t := range p.templates {
		if values, ok := t.match(text); ok {
			return t.render(values, func(value string) string { return p.value(value, depth+1) }), true
		}
	}
	return text, false
}

// value translates what stands in the place of a value: a text of ours, a list of
// such, or a name, which stays.
func (p *phrases) value(value string, depth int) string {
	if german, ok := p.text(value, depth); ok {
		return german
	}
	for _, separator := range []string{"; ", ", "} {
		parts := strings.Split(value, separator)
		if len(parts) == 1 || len(parts) > maxParts {
			continue
		}
		any := false
		for i, part := range parts {
			if german, ok := p.text(part, depth); ok {
				parts[i], any = german, true
			}
		}
		if any {
			return strings.Join(parts, separator)
		}
	}
	return value
}
