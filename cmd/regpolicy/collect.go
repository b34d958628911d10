package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func newCollect(e *environment) *cobra.Command {
	var src sourceFlags
	var path string
	var shard shardFlags
	c := &cobra.Command{
		Use: "collect [SOURCE...]", Short: "Only gather: write the evidence document",
		Long: "collect writes the evidence document and judges nothing. Gaps are named on stderr; they do not change\nthe exit code. With --all-clusters, -o DIR/ takes one document for each cluster.\n\n" +
			"With --fleet one cluster of a list is collected. If it cannot be reached at all, its document is written and the\nexit code is 3, so that a Job tries again.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runCollect(c.Context(), e, &src, &shard, path, args)
		},
	}
	src.bind(c.Flags())
	shard.bind(c.Flags())
	c.Flags().StringVarP(&path, "output", "o", "-", "file to write, - for standard output; a folder with --all-clusters and --fleet")
	return c
}

func runCollect(ctx context.Context, e *environment, src *sourceFlags, shard *shardFlags, path string, args []string) error {
	if err := src.check(); err != nil {
		return err
	}
	if err := shard.check(src); err != nil {
		return err
	}
	if src.allClusters {
		return collectClusters(ctx, e, src, path, args)
	}
	if shard.list != "" {
		var err error
		if path, err = shard.pick(ctx, e, src, path, args); err != nil {
			return err
		}
	}
	if err := checkWritable(path); err != nil {
		return err
	}
	e.heap.gather()
	got, err := gatherOne(ctx, e, src, args)
	if err != nil {
		return err
	}
	doc, err := got.written(e, path)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted; the document holds what was gathered so far")}
	}
	if shard.list != "" {
		return shard.end(ctx, e, doc)
	}
	return nil
}

// written writes the one document that there is, and names its gaps.
func (g gathered) written(e *environment, path string) (*evidence.Document, error) {
	switch {
	case g.doc != nil && len(g.saved) == 0:
		nameGaps(e, g.doc, "")
		return g.doc, deliverDocument(e, path, g.doc)
	case g.doc == nil && len(g.saved) == 1:
		nameGaps(e, g.saved[0].Document, "")
		return g.saved[0].Document, deliver(e, path, g.saved[0].Bytes)
	default:
		n := len(g.saved)
		if g.doc != nil {
			n++
		}
		return nil, usage("`regpolicy eval` takes several", "collect writes one document, the sources hold %d", n)
	}
}

// deliverDocument writes a document piece by piece to a file that is replaced at
// once. Elsewhere it must be whole and free of secrets before the first byte is out.
func deliverDocument(e *environment, path string, doc *evidence.Document) error {
	if outfile.IsWhole(path) {
		return render(e, path, func(w io.Writer) error {
			if err := evidence.Write(w, doc); err != nil {
				return ourFault(err)
			}
			return nil
		})
	}
	giveBack()
	encoded, err := evidence.Encode(doc)
	if err != nil {
		return ourFault(err)
	}
	return deliver(e, path, encoded)
}

// nameGaps names the gaps of a document, those of one among many after its cluster.
func nameGaps(e *environment, doc *evidence.Document, of string) {
	for _, name := range evidence.Collectors {
		for _, g := range doc.Coverage[name].Gaps {
			field := ""
			if g.Field != "" {
				field = " (" + g.Field + ")"
			}
			fmt.Fprintln(e.stderr, oneLine(fmt.Sprintf("gap: %s%s: %s%s: %s: %s", of, name, g.Subject, field, g.Reason, g.Detail)))
		}
	}
}
