package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A jsonText is a JSON text on its way through the decoder.
type jsonText struct {
	data  []byte
	dec   *json.Decoder
	depth int
	// line and column are those of offset counted.
	line, column, counted int
}

// json reads one or more JSON values. Lists are decoded item by item, so that
// what a real cluster's list costs is the objects that are kept.
func (d *Decoder) json(ctx context.Context, data []byte) (Content, error) {
	var content Content
	if n := bytes.Count(data, []byte(",")) + bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{")); n > d.limits.Values {
		return content, &Fault{
			Detail: fmt.Sprintf("it holds about %d values, more than the limit of %d", n, d.limits.Values),
			Hint:   "save it in parts, one namespace each",
		}
	}
	t := &jsonText{data: data, dec: json.NewDecoder(bytes.NewReader(data)), depth: d.limits.Depth, line: 1, column: 1}
	t.dec.UseNumber()
	for {
		start := t.next()
		if start == len(data) {
			return content, nil
		}
		doc, err := t.document(ctx, start)
		if err != nil {
			var fault *Fault
			if !errors.As(err, &fault) && ctx.Err() == nil {
				err = syntaxFault(data, start, err)
				content.addWhole(doc)
			}
			return content, err
		}
		if err := content.add(doc); err != nil {
			return content, err
		}
	}
}

// next is the offset of the next value.
func (t *jsonText) next() int {
	at := int(t.dec.InputOffset())
	for at < len(t.data) && strings.IndexByte(" \t\r\n:,", t.data[at]) >= 0 {
		at++
	}
	return at
}

// chunkAt begins a chunk. It counts on from the offset that was asked for last.
func (t *jsonText) chunkAt(at int) *chunk {
	t.line, t.column = advance(t.data[t.counted:at], t.line, t.column)
	t.counted = at
	return &chunk{line: t.line, column: t.column, json: true}
}

func (t *jsonText) document(ctx context.Context, start int) (document, error) {
	whole := t.chunkAt(start)
	doc := document{line: whole.line, text: Text{chunk: whole}, closed: true}
	var err error
	switch t.data[start] {
	case '{':
		top := map[string]any{}
		doc.top = top
		err = t.object(ctx, top, &doc)
	case '[':
		doc.hasItems = true
		err = t.array(ctx, &doc)
	default:
		doc.top, err = t.any(2)
	}
	if err == nil {
		whole.data = t.data[start:t.dec.InputOffset()]
	}
	return doc, err
}

func (t *jsonText) object(ctx context.Context, top map[string]any, doc *document) error {
	if _, err := t.dec.Token(); err != nil {
		return err
	}
	for t.dec.More() {
		token, err := t.dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if at := t.next(); key == "items" && at < len(t.data) && t.data[at] == '[' {
			doc.items, doc.hasItems = nil, true
			if err := t.array(ctx, doc); err != nil {
				return err
			}
			continue
		}
		if top[key], err = t.any(2); err != nil {
			return err
		}
	}
	_, err := t.dec.Token()
	return err
}

func (t *jsonText) array(ctx context.Context, doc *document) error {
	if _, err := t.dec.Token(); err != nil {
		return err
	}
	for t.dec.More() {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := t.next()
		at := t.chunkAt(start)
		item, err := t.any(3)
		if err != nil {
			return err
		}
		at.data = t.data[start:t.dec.InputOffset()]
		doc.items = append(doc.items, value{item, at.line, Text{chunk: at}})
	}
	_, err := t.dec.Token()
	return err
}

// any decodes the next value; depth is its own.
func (t *jsonText) any(depth int) (any, error) {
	at := t.next()
	var v any
	if err := t.dec.Decode(&v); err != nil {
		return nil, err
	}
	v, err := numbers(v, depth, t.depth)
	if err != nil {
		fault := faultAt(t.data, at, err.Error())
		fault.Column = 0
		return nil, fault
	}
	return v, nil
}

// numbers turns the numbers within v into int64 and float64, in place.
func numbers(v any, depth, most int) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case map[string]any:
		if depth > most {
			return nil, fmt.Errorf("it nests deeper than %d levels", most)
		}
		for key, old := range v {
			changed, err := numbers(old, depth+1, most)
			if err != nil {
				return nil, err
			}
			if _, ok := old.(json.Number); ok {
				v[key] = changed
			}
		}
	case []any:
		if depth > most {
			return nil, fmt.Errorf("it nests deeper than %d levels", most)
		}
		for i, old := range v {
			changed, err := numbers(old, depth+1, most)
			if err != nil {
				return nil, err
			}
			v[i] = changed
		}
	}
	return v, nil
}

func number(n json.Number) (any, error) {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return nil, errors.New("a number is out of range")
	}
	return f, nil
}

// syntaxFault finds the place of a syntax error in the value at start. The
// streaming decoder does not tell it.
func syntaxFault(data []byte, start int, err error) *Fault {
	var raw json.RawMessage
	var syntax *json.SyntaxError
	if !errors.As(json.Unmarshal(data[start:], &raw), &syntax) {
		return faultAt(data, start, "it is not JSON: "+err.Error())
	}
	at := start + int(syntax.Offset)
	if syntax.Error() == "unexpected end of JSON input" {
		fault := faultAt(data, at, "the JSON text ends too early")
		fault.Truncated = true
		fault.Hint = "save it again and let kubectl finish; is the disk full?"
		return fault
	}
	if strings.HasSuffix(syntax.Error(), "exceeded max depth") {
		return faultAt(data, at-1, "it nests far too deep")
	}
	fault := faultAt(data, at-1, "it is not JSON: "+syntax.Error())
	fault.Hint = "save it again with kubectl get ... -o json"
	return fault
}
