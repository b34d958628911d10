package engine

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// packing is the number of results from which a policy's passes are packed.
const packing = 10_000

// packed are a policy's passes of pods as text, a tenth of what they take as results.
// A large cluster has a hundred thousand, which nobody looks at until the report is
// put together.
type packed struct {
	like  report.Result // what they have in common
	count int
	text  []byte
}

// pack takes the passes of pods out of many results.
func pack(results []report.Result) (rest []report.Result, p packed) {
	if len(results) < packing {
		return results, packed{}
	}
	for i := range results {
		r := &results[i]
		if !packs(r) {
			rest = append(rest, *r)
			continue
		}
		if p.count == 0 {
			p.like = *r
			p.like.Subject, p.like.Evidence = nil, nil
		}
		p.count++
		p.text = binary.AppendUvarint(p.text, uint64(len(r.Subject)))
		for key, value := range r.Subject {
			p.text = appendText(appendText(p.text, key), value)
		}
		p.text = binary.AppendUvarint(p.text, uint64(len(r.Evidence)))
		for _, e := range r.Evidence {
			p.text = appendText(p.text, e.Pointer)
		}
	}
	p.text = slices.Clip(p.text)
	return rest, p
}

// packs tells the passes that nothing but the report asks for: no trust path leads to
// a pod, and what passes has no place in a file.
func packs(r *report.Result) bool {
	return r.Verdict == report.Pass && r.Message == "" && r.Subject["kind"] == "pod" && len(r.Missing) == 0 &&
		!slices.ContainsFunc(r.Evidence, func(e report.Pointer) bool {
			return e.Role != supports || e.Excerpt != "" || strings.HasPrefix(e.Pointer, "/endpoints/")
		})
}

// unpack adds the passes to results.
func (p *packed) unpack(results []report.Result) []report.Result {
	text := unpacking(p.text)
	for range p.count {
		r := p.like
		r.Subject = evidence.Subject{}
		for range text.number() {
			key := text.next()
			r.Subject[key] = text.next()
		}
		r.Evidence = make([]report.Pointer, text.number())
		for i := range r.Evidence {
			r.Evidence[i] = report.Pointer{Pointer: text.next(), Role: supports}
		}
		r.Fingerprint = fingerprint(r.ID, r.Subject.String())
		results = append(results, r)
	}
	p.text = nil
	return results
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

type unpacking []byte

func (u *unpacking) number() int {
	n, size := binary.Uvarint(*u)
	*u = (*u)[size:]
	return int(n) //nolint:gosec // it was the length of something
}

func (u *unpacking) next() string {
	n := u.number()
	text := string((*u)[:n])
	*u = (*u)[n:]
	return text
}
