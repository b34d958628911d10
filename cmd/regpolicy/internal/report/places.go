package report

import "strings"

// places are where results stand: in a fleet of thousands of documents nobody goes
// through all of them for each result.
type places struct {
	documents []Document
	// at is the first document of a name, the cluster's or its own.
	at map[string]int
}

func placesOf(r *Report) *places {
	p := &places{r.Run.Documents, make(map[string]int, len(r.Run.Documents))}
	for i := range r.Run.Documents {
		d := &r.Run.Documents[i]
		for _, name := range []string{d.Cluster, d.URI} {
			if _, taken := p.at[name]; !taken {
				p.at[name] = i
			}
		}
	}
	return p
}

// document is the index of the document that a result is about, -1 where there is none.
func (p *places) document(res *Result) int {
	if cluster := res.Subject["cluster"]; cluster != "" {
		if n, known := p.at[cluster]; known {
			return n
		}
	}
	if len(p.documents) > 0 {
		return 0
	}
	return -1
}

// of is where the manifest of a result stands, else the document it is about. The line
// is never 0: consumers refuse it.
func (p *places) of(res *Result) (file string, line, column int) {
	if l := res.Location; l != nil && l.File != "" {
		return filePath(l.File), max(l.Line, 1), max(l.Column, 0)
	}
	n := p.document(res)
	if n < 0 {
		return "evidence.json", 1, 0
	}
	// What was made from several files names them all.
	first, _, _ := strings.Cut(p.documents[n].URI, ", ")
	return filePath(first), 1, 0
}
