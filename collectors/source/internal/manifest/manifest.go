// Package manifest decodes Kubernetes objects from YAML and JSON text and tells
// at which line each of them stands.
//
// Values have JSON's types: map[string]any, []any, string, bool, int64, float64
// and nil. YAML is read as the API server reads it (sigs.k8s.io/yaml): plain
// yes, no, on, off, y and n are booleans, and keys that are numbers or booleans
// become text. Other than there, a key that stands twice in a YAML mapping is an
// error; in JSON the last one counts, as for the API server.
package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// Limits bound what one text may cost. A zero limit allows nothing.
type Limits struct {
	// Depth is how deep mappings and lists may nest.
	Depth int
	// Values is how many values one JSON text may hold.
	Values int
	// Nodes is how many values one YAML document, or one item of a YAML List,
	// may hold, and how many the aliases of all texts may repeat together.
	Nodes int
}

// Object is one Kubernetes object: something with an apiVersion and a kind.
type Object struct {
	Map  map[string]any
	Line int // 1-based
	Text Text
}

// Content is what one text holds, in its order.
type Content struct {
	// Objects are the objects, Lists flattened. The last applied configuration is
	// left out, for it repeats the object, secrets included, and of managed fields
	// all but when spec and data were changed.
	Objects []Object
	// Lists are the kinds of the items that the Lists in it are for, "" where
	// the List does not say: "Pod" for a PodList, empty ones included.
	Lists []string
	// Foreign counts documents and list items that are no Kubernetes object.
	Foreign int
}

// A Fault is why a text could not be read, or not to its end.
type Fault struct {
	Line, Column int // 1-based; 0 where they are not known
	// Truncated tells that the text seems to be cut short.
	Truncated bool
	// Binary tells that it is no text, or none in UTF-8.
	Binary bool
	Detail string
	Hint   string // the cure, a sentence without a full stop
}

func (f *Fault) Error() string { return f.Detail }

// Decoder decodes texts under common limits. It may be used from one goroutine
// at a time.
type Decoder struct {
	limits Limits
	// repeats is what is left of Limits.Nodes for aliases.
	repeats atomic.Int64
}

// NewDecoder returns a decoder that keeps the limits.
func NewDecoder(limits Limits) *Decoder {
	d := &Decoder{limits: limits}
	d.repeats.Store(int64(limits.Nodes))
	return d
}

// Decode reads a YAML or JSON text: one object, a stream of documents or a List.
// On a *Fault the content holds what was whole before it. name decides only
// whether a text that looks like JSON and is none may be YAML: not if the name
// ends in ".json".
func (d *Decoder) Decode(ctx context.Context, name string, data []byte) (Content, error) {
	data, fault := CheckText(data)
	if fault != nil {
		return Content{}, fault
	}
	if !startsLikeJSON(data) {
		return d.yaml(ctx, data)
	}
	content, err := d.json(ctx, data)
	if err == nil || strings.HasSuffix(name, ".json") || ctx.Err() != nil {
		return content, err
	}
	// YAML documents may be written in braces, too, alone or in a stream.
	if asYAML, yamlErr := d.yaml(ctx, data); yamlErr == nil {
		return asYAML, nil
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{{")) {
		return Content{}, templateFault(err)
	}
	return content, err
}

func startsLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}

// CheckText returns the text without its byte order mark, or why it is not
// UTF-8 text.
func CheckText(data []byte) ([]byte, *Fault) {
	const hint = "save it as UTF-8 text; in PowerShell: kubectl get ... -o yaml | Out-File -Encoding utf8 FILE"
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return nil, &Fault{Binary: true, Detail: "the text is in UTF-16, not in UTF-8", Hint: hint}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if at := bytes.IndexByte(data, 0); at >= 0 {
		fault := faultAt(data, at, "it holds NUL bytes: it is binary, or text in UTF-16")
		fault.Binary, fault.Hint = true, hint
		return nil, fault
	}
	if !utf8.Valid(data) {
		fault := faultAt(data, firstInvalid(data), "it is not UTF-8 text")
		fault.Binary, fault.Hint = true, hint
		return nil, fault
	}
	return data, nil
}

func firstInvalid(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return at
}

// faultAt is a fault at a byte offset.
func faultAt(data []byte, at int, detail string) *Fault {
	at = min(max(at, 0), len(data))
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	return &Fault{
		Line:   1 + bytes.Count(data[:at], []byte("\n")),
		Column: 1 + utf8.RuneCount(data[start:at]),
		Detail: detail,
	}
}

// templateFault is err of a text that seems to be a Helm template.
func templateFault(err error) *Fault {
	fault := &Fault{}
	if f, ok := errors.AsType[*Fault](err); ok {
		*fault = *f
	}
	fault.Truncated = false
	fault.Detail = "it is a template, not YAML: " + fault.Detail
	fault.Hint = "render it first: helm template CHART | regpolicy eval -"
	return fault
}

// quote makes foreign text fit for a one-line message.
func quote(text string) string {
	const most = 64
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}
