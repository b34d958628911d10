package html

import (
	"strings"
	"unicode/utf16"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// data is what the script renders on demand: the subjects that the page does not
// show as it is.
type data struct {
	// Subjects are all subjects, each as two digits, base 36, that count the letters
	// it shares with the one before, and the rest of it; one a line.
	Subjects string `json:"subjects"`
	// Lists are the subjects of each pattern, as pairs: a first subject's number, and
	// how many follow one another from there.
	Lists [][]int `json:"lists"`
	// Words are the texts that the script writes.
	Words map[string]string `json:"words"`
}

// dataBudget bounds the data, in bytes.
const dataBudget = 5 << 19

// packing fills data.
type packing struct {
	data
	out    strings.Builder
	index  map[string]int
	last   []uint16
	budget int
}

func pack(rows []*row) data {
	p := packing{index: map[string]int{}, budget: dataBudget, data: data{Lists: [][]int{}, Words: map[string]string{}}}
	for _, key := range []string{"rows shown", "matches", "show more", "copy", "copied", "none match", "expand all", "collapse all"} {
		p.Words[key] = say(key)
	}
	for _, row := range rows {
		for _, pattern := range row.Patterns {
			p.add(pattern)
		}
	}
	p.Subjects = p.out.String()
	return p.data
}

func (p *packing) add(of *pattern) {
	of.Data = len(p.Lists)
	list := []int{}
	kept := 0
	for _, r := range of.results {
		i, ok := p.number(r)
		if !ok {
			break
		}
		kept++
		if n := len(list); n > 0 && list[n-2]+list[n-1] == i {
			list[n-1]++
			continue
		}
		const pair = 12 // bytes, about
		p.budget -= pair
		list = append(list, i, 1)
	}
	p.Lists = append(p.Lists, list)
	of.Kept = max(kept-len(of.Subjects), 0)
	of.More = of.Count - len(of.Subjects) - of.Kept
	of.results = nil
}

// number is a subject's; false where there is no room for it.
func (p *packing) number(r *report.Result) (int, bool) {
	text := subjectText(r.Subject)
	if i, ok := p.index[text]; ok {
		return i, p.budget > 0
	}
	shared, rest := p.share(text)
	if p.budget -= len(rest) + 4; p.budget <= 0 {
		return 0, false
	}
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	if len(p.index) > 0 {
		p.out.WriteByte('\n')
	}
	p.out.WriteByte(digits[shared/36])
	p.out.WriteByte(digits[shared%36])
	p.out.WriteString(rest)
	p.index[text] = len(p.index)
	return p.index[text], true
}

// share cuts off what a text has in common with the one before; letters are counted
// as the script does, in UTF-16, and pairs of them are not parted.
func (p *packing) share(text string) (shared int, rest string) {
	units := utf16Of(text)
	for shared < len(units) && shared < len(p.last) && shared < 36*36-1 && units[shared] == p.last[shared] && units[shared] < 0xd800 {
		shared++
	}
	p.last = units
	return shared, restOf(text, shared)
}

func utf16Of(text string) []uint16 { return utf16.Encode([]rune(text)) }

// restOf is a text without its first letters, of which none takes two units.
func restOf(text string, letters int) string {
	for i := range text {
		if letters == 0 {
			return text[i:]
		}
		letters--
	}
	return ""
}
