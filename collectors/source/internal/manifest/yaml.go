package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"gopkg.in/yaml.v3"
)

// yaml reads a stream of YAML documents. A broken document does not lose the
// others; the first one's fault is returned.
func (d *Decoder) yaml(ctx context.Context, data []byte) (Content, error) {
	var content Content
	var first error
	pieces := splitDocuments(data)
	for i, p := range pieces {
		docs, err := d.yamlPiece(ctx, p)
		if ctx.Err() != nil {
			return content, ctx.Err()
		}
		var fault *Fault
		if i < len(pieces)-1 && errors.As(err, &fault) && fault.Truncated {
			fault.Truncated, fault.Hint = false, hintYAML
		}
		for _, doc := range docs {
			if addErr := content.add(doc); err == nil {
				err = addErr
			}
		}
		if first == nil {
			first = err
		}
	}
	var fault *Fault
	if errors.As(first, &fault) && bytes.Contains(data, []byte("{{")) {
		first = templateFault(fault)
	}
	return content, first
}

// yamlPiece reads what should be one document.
func (d *Decoder) yamlPiece(ctx context.Context, p piece) ([]document, error) {
	split, ok := splitItems(p)
	if !ok {
		return d.yamlWhole(p)
	}
	around, err := d.yamlWhole(piece{text: split.around, line: p.line})
	if err != nil || len(around) != 1 || around[0].itemsLine != split.line || len(around[0].items) != 0 {
		return d.yamlWhole(p)
	}
	doc := around[0]
	doc.text = Text{chunk: p.chunk()}
	doc.items, err = d.yamlItems(ctx, split.items)
	if err == nil || ctx.Err() != nil {
		return []document{doc}, err
	}
	docs, wholeErr := d.yamlWhole(p)
	if wholeErr == nil {
		return docs, nil
	}
	var fault *Fault
	if errors.Is(err, errWrongCut) || errors.As(err, &fault) && fault.Truncated {
		err = wholeErr // the item's end is not the text's
	}
	// The items before the broken one are kept. They are a List's if they are
	// objects at all: the rest of the document is not known.
	return []document{{items: doc.items, hasItems: true, line: doc.line}}, err
}

// errWrongCut is of an item that holds more than one document: yaml.v3 takes a carriage
// return alone for the end of a line, behind which a marker may stand.
var errWrongCut = errors.New("a list item holds more than one document")

// yamlItems reads list items on all cores, up to the first that is broken.
func (d *Decoder) yamlItems(ctx context.Context, items []piece) ([]value, error) {
	const batch = 16
	type result struct {
		values []value
		err    error
	}
	results := make([]result, len(items))
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+len(items)/batch) {
		workers.Go(func() {
			for !failed.Load() && ctx.Err() == nil {
				from := int(next.Add(batch)) - batch
				for i := from; i < min(from+batch, len(items)); i++ {
					docs, err := d.yamlWhole(items[i])
					if err == nil && len(docs) != 1 {
						err = errWrongCut
					}
					results[i].err = err
					for _, doc := range docs {
						results[i].values = append(results[i].values, doc.items...)
					}
					if err != nil {
						failed.Store(true)
					}
				}
				if from >= len(items) {
					return
				}
			}
		})
	}
	workers.Wait()
	var values []value
	for _, r := range results {
		if r.err != nil {
			return values, r.err
		}
		values = append(values, r.values...)
	}
	return values, ctx.Err()
}

// yamlWhole parses a piece in one go.
func (d *Decoder) yamlWhole(p piece) ([]document, error) {
	if n := countNodes(p.text); n > d.limits.Nodes {
		return nil, &Fault{
			Line:   p.line,
			Detail: fmt.Sprintf("one YAML document of about %d values, more than the limit of %d", n, d.limits.Nodes),
			Hint:   "save it as JSON, which costs less: kubectl get ... -o json",
		}
	}
	nodes, err := parse(bytes.NewReader(p.text))
	if err != nil {
		return nil, yamlFault(p, err)
	}
	c := converter{decoder: d, base: p.line - 1, text: Text{chunk: p.chunk()}}
	var docs []document
	for i, node := range nodes {
		c.text.doc = i
		doc, err := c.document(node)
		if err != nil {
			return docs, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// countNodes is at least about half the number of nodes of a YAML text: a node
// costs yaml.v3 some 170 bytes, so that they are counted before parsing.
func countNodes(text []byte) int {
	n := 0
	for _, indicator := range []string{"\n", ":", ",", "[", "{", "?", "- "} {
		n += bytes.Count(text, []byte(indicator))
	}
	return n
}

// parse returns the root node of each document.
func parse(r io.Reader) (nodes []*yaml.Node, err error) {
	// yaml.v3 lets panics of its own out where it meets what it holds impossible.
	defer func() {
		if p := recover(); p != nil {
			nodes, err = nil, fmt.Errorf("yaml: %v", p)
		}
	}()
	dec := yaml.NewDecoder(r)
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return nodes, nil
		} else if err != nil {
			return nil, err
		}
		if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
			nodes = append(nodes, doc.Content[0])
		}
	}
}
