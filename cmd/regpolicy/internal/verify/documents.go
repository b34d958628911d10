package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func digest(in *engine.Input) string {
	sum := sha256.Sum256(in.Bytes)
	return hex.EncodeToString(sum[:])
}

// inOrderOf puts documents in the report's order, and calls them as the report does.
func inOrderOf(r *report.Report, inputs []engine.Input) {
	at := map[string]int{}
	for i, d := range r.Run.Documents {
		at[d.SHA256] = i
	}
	place := func(in *engine.Input) int {
		return at[digest(in)]
	}
	slices.SortStableFunc(inputs, func(a, b engine.Input) int { return place(&a) - place(&b) })
	for i := range inputs {
		inputs[i].Name = r.Run.Documents[place(&inputs[i])].Cluster
	}
}

// judgedAs is the moment that the report judged a document as of.
func judgedAs(r *report.Report, in *engine.Input) *evidence.Time {
	sum := digest(in)
	for _, d := range r.Run.Documents {
		if d.SHA256 == sum {
			return &d.At
		}
	}
	return &r.Run.At
}

// digestsDiffer tells the documents that only the report is about, or that only are here.
func digestsDiffer(r *report.Report, inputs []engine.Input) []string {
	here := map[string]string{}
	for i := range inputs {
		here[digest(&inputs[i])] = inputs[i].URI
	}
	var out []string
	for _, d := range r.Run.Documents {
		if _, ok := here[d.SHA256]; !ok {
			out = append(out, fmt.Sprintf("the report is about a document %q with SHA-256 %s, which is not here", d.URI, d.SHA256))
		}
		delete(here, d.SHA256)
	}
	for sum, uri := range here {
		out = append(out, fmt.Sprintf("document %q with SHA-256 %s is not what the report is about", uri, sum))
	}
	slices.Sort(out)
	return out
}

// described are a report's documents without the paths that they had.
func described(r *report.Report) []report.Document {
	out := slices.Clone(r.Run.Documents)
	for i := range out {
		out[i].URI = ""
	}
	slices.SortFunc(out, func(a, b report.Document) int { return strings.Compare(a.SHA256, b.SHA256) })
	return out
}
