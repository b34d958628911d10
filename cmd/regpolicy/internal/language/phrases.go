package language

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// phrases translates by templates. Texts are put together from others, so that more
// than one template may match; the reading that translates the most letters wins.
type phrases struct {
	templates []*template
	known     map[string]reading
}

// reading is one translation of a text; letters is how many are ours and not a
// value's. Zero says that nothing of the text is known.
type reading struct {
	german  string
	letters int
}

// newPhrases reads pairs of English and German formats.
func newPhrases(pairs ...map[string]string) (*phrases, error) {
	p := &phrases{known: map[string]reading{}}
	for _, some := range pairs {
		for _, english := range slices.Sorted(maps.Keys(some)) {
			t, err := newTemplate(english, some[english])
			if err != nil {
				return nil, err
			}
			p.templates = append(p.templates, t)
		}
	}
	return p, nil
}

// with is these phrases and others.
func (p *phrases) with(others *phrases) *phrases {
	return &phrases{templates: slices.Concat(p.templates, others.templates), known: map[string]reading{}}
}

// Texts of ours are put together from others, though not endlessly; and no message
// has more findings than can be read.
const (
	maxDepth = 5
	maxParts = 32
	maxKnown = 10_000
)

// message translates a result's message: one text, or those of several findings
// with "; " between them. ok tells whether all of it is translated.
func (p *phrases) message(text string) (german string, ok bool) {
	const separator = "; "
	parts := strings.Split(text, separator)
	if len(parts) > maxParts {
		parts = []string{text}
	}
	// best[i] is the best reading of the parts from i on.
	best := make([]reading, len(parts)+1)
	for i := len(parts) - 1; i >= 0; i-- {
		for end := i + 1; end <= len(parts); end++ {
			if end < len(parts) && best[end].letters == 0 {
				continue
			}
			r := p.read(strings.Join(parts[i:end], separator), 0)
			if r.letters == 0 {
				continue
			}
			if end < len(parts) {
				r.german += separator + best[end].german
				r.letters += best[end].letters
			}
			if r.letters > best[i].letters {
				best[i] = r
			}
		}
	}
	if best[0].letters == 0 {
		return text, false
	}
	return sentence(best[0].german), true
}

// sentence begins a message that begins with an article as sentences do.
func sentence(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if !slices.Contains([]string{"der", "die", "das", "ein", "eine", "kein", "keine", "es"}, first) {
		return text
	}
	return strings.ToUpper(first[:1]) + text[1:]
}

// read finds the best reading of one text and of the texts of ours among its values.
func (p *phrases) read(text string, depth int) reading {
	none := reading{german: text}
	if text == "" || depth > maxDepth {
		return none
	}
	if r, ok := p.known[text]; ok {
		return r
	}
	best := none
	for _, t := range p.templates {
		values, ok := t.match(text)
		if !ok {
			continue
		}
		r := reading{letters: t.letters}
		r.german = t.render(values, func(value string) string {
			v := p.value(value, depth+1)
			r.letters += v.letters
			return v.german
		})
		if r.letters > best.letters {
			best = r
		}
	}
	if depth == 0 || best.letters > 0 {
		if len(p.known) >= maxKnown {
			clear(p.known)
		}
		p.known[text] = best
	}
	return best
}

// value translates what stands in the place of a value: a text of ours, a list of
// such, or a name, which stays.
func (p *phrases) value(value string, depth int) reading {
	best := p.read(value, depth)
	for _, separator := range []string{"; ", ", "} {
		parts := strings.Split(value, separator)
		if len(parts) == 1 || len(parts) > maxParts {
			continue
		}
		letters := 0
		for i, part := range parts {
			r := p.read(part, depth)
			parts[i] = r.german
			letters += r.letters
		}
		if letters > best.letters {
			best = reading{german: strings.Join(parts, separator), letters: letters}
		}
	}
	return best
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
