package report

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Packed are passes of one policy as text, a tenth of what they take as results. A large
// cluster has hundreds of thousands, and nobody looks at one until the report is written.
type Packed struct {
	like  Result // what they have in common
	count int
	// pieces are their texts, which are not moved as more come. None spans two pieces.
	pieces [][]byte
	// order is where each stands in the order of their subjects, nil for the order that
	// they came in.
	order []spot

	last     string
	unsorted bool
}

// spot is where a pass begins.
type spot struct{ piece, at int }

// pieceSize is how long a piece may become, but for a pass that alone is longer.
const pieceSize = 64 << 10

// Pack begins with what all passes have in common: all but subject, evidence and
// fingerprint.
func Pack(like Result) *Packed {
	like.Subject, like.Evidence, like.Fingerprint = nil, nil, ""
	return &Packed{like: like}
}

// Supporting adds the evidence of a pass.
func Supporting(to []Pointer, pointers []string) []Pointer {
	for _, pointer := range pointers {
		to = append(to, Pointer{Pointer: pointer, Role: "supports"})
	}
	return to
}

// Add takes a pass by its subject's canonical text, in which no key and no value has a
// comma or an equals sign, and by its evidence.
func (p *Packed) Add(subject string, pointers []string) {
	p.unsorted = p.unsorted || subject < p.last
	p.last = subject
	p.count++
	size := len(subject) + (2+len(pointers))*binary.MaxVarintLen64
	for _, pointer := range pointers {
		size += len(pointer)
	}
	last := len(p.pieces) - 1
	if last < 0 || cap(p.pieces[last])-len(p.pieces[last]) < size {
		p.pieces = append(p.pieces, make([]byte, 0, max(size, pieceSize)))
		last++
	}
	text := binary.AppendUvarint(p.pieces[last], uint64(len(subject)))
	text = binary.AppendUvarint(text, uint64(len(pointers)))
	for _, pointer := range pointers {
		text = binary.AppendUvarint(text, uint64(len(pointer)))
	}
	text = append(text, subject...)
	for _, pointer := range pointers {
		text = append(text, pointer...)
	}
	p.pieces[last] = text
}

// Len is how many there are; nil holds none.
func (p *Packed) Len() int {
	if p == nil {
		return 0
	}
	return p.count
}

// pass is one of them. Its texts are pieces of one.
type pass struct {
	of       *Packed
	subject  string
	pointers []string
}

// read reads the pass that begins at a spot, and gives where the next one does.
func (p *Packed) read(from spot, into *pass) (next spot) {
	text := p.pieces[from.piece][from.at:]
	number := func() int {
		n, size := binary.Uvarint(text)
		text = text[size:]
		return int(n) //nolint:gosec // it was the length of something
	}
	subject, pointers := number(), number()
	lengths := make([]int, 0, 4)
	size := subject
	for range pointers {
		n := number()
		lengths = append(lengths, n)
		size += n
	}
	texts := string(text[:size])
	into.subject, texts = texts[:subject], texts[subject:]
	into.pointers = into.pointers[:0]
	for _, n := range lengths {
		into.pointers = append(into.pointers, texts[:n])
		texts = texts[n:]
	}
	if len(text) == size {
		return spot{from.piece + 1, 0}
	}
	return spot{from.piece, len(p.pieces[from.piece]) - len(text) + size}
}

// passes gives each in the order of their subjects; it is overwritten by the next.
func (p *Packed) passes() iter.Seq[*pass] {
	p.sort()
	return func(yield func(*pass) bool) {
		one := pass{of: p}
		var at spot
		for i := range p.count {
			if p.order != nil {
				at = p.order[i]
			}
			at = p.read(at, &one)
			if !yield(&one) {
				return
			}
		}
	}
}

func (p *Packed) sort() {
	if !p.unsorted || p.order != nil {
		return
	}
	subjects, places := make([]string, p.count), make([]int, p.count)
	spots := make([]spot, p.count)
	var one pass
	var at spot
	for i := range places {
		spots[i], places[i] = at, i
		at = p.read(at, &one)
		subjects[i] = strings.Clone(one.subject)
	}
	slices.SortStableFunc(places, func(a, b int) int { return strings.Compare(subjects[a], subjects[b]) })
	p.order = make([]spot, p.count)
	for i, place := range places {
		p.order[i] = spots[place]
	}
}

// result is the pass as a result of its own.
func (one *pass) result() *Result {
	r := one.of.like
	r.Subject = evidence.Subject{}
	for pair := range strings.SplitSeq(one.subject, ",") {
		key, value, _ := strings.Cut(pair, "=")
		r.Subject[key] = value
	}
	r.Evidence = Supporting(make([]Pointer, 0, len(one.pointers)), one.pointers)
	r.Fingerprint = Fingerprint(r.ID, one.subject)
	return &r
}

// Fingerprint is the same in each run for the same policy and subject, given as its
// canonical text.
func Fingerprint(id, subject string) string {
	sum := sha256.Sum256([]byte(id + "\x00" + subject))
	return hex.EncodeToString(sum[:16])
}

// Expand makes results of what is packed. Subjects that several policies passed stand in
// memory once.
func (r *Report) Expand() {
	if len(r.Packed) == 0 {
		return
	}
	n := len(r.Results)
	for _, p := range r.Packed {
		n += p.count
	}
	results := make([]Result, 0, n)
	subjects := map[string]evidence.Subject{}
	for result, pass := range r.merged() {
		if pass == nil {
			results = append(results, *result)
			continue
		}
		next := pass.result()
		if known, ok := subjects[pass.subject]; ok {
			next.Subject = known
		}
		subjects[pass.subject] = next.Subject
		results = append(results, *next)
	}
	r.Results, r.Packed = results, nil
}

// merged gives Results and what is packed, both of which are sorted, in the order of a
// report: by policy, subject and message. Each is a result or a pass, which has no message.
func (r *Report) merged() iter.Seq2[*Result, *pass] {
	return func(yield func(*Result, *pass) bool) {
		rest, subject := r.Results, ""
		// before tells whether the next result comes before a pass.
		before := func(next *pass) bool {
			if len(rest) == 0 || rest[0].ID != next.of.like.ID {
				return len(rest) > 0 && rest[0].ID < next.of.like.ID
			}
			if subject == "" {
				subject = rest[0].Subject.String()
			}
			return subject < next.subject
		}
		for _, p := range r.Packed {
			for next := range p.passes() {
				for before(next) {
					if !yield(&rest[0], nil) {
						return
					}
					rest, subject = rest[1:], ""
				}
				if !yield(nil, next) {
					return
				}
			}
		}
		for i := range rest {
			if !yield(&rest[i], nil) {
				return
			}
		}
	}
}
