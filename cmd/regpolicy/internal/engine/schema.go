package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"
)

// schema is the evidence document's schema. OPA's own checker stops at maps with
// free keys, which most of the document is; path goes on below them.
type schema struct {
	root any // as OPA wants it
	node *schemaNode
}

type schemaNode struct {
	Properties map[string]*schemaNode `json:"properties"`
	Additional json.RawMessage        `json:"additionalProperties"`
	Items      *schemaNode            `json:"items"`
	Type       string                 `json:"type"`

	additional *schemaNode
}

func newSchema(source []byte) (*schema, error) {
	s := &schema{node: &schemaNode{}}
	if err := util.UnmarshalJSON(source, &s.root); err != nil {
		return nil, fmt.Errorf("reading evidence schema: %w", err)
	}
	if err := json.Unmarshal(source, s.node); err != nil {
		return nil, fmt.Errorf("reading evidence schema: %w", err)
	}
	return s, s.node.settle()
}

func (n *schemaNode) settle() error {
	if n == nil {
		return nil
	}
	if len(n.Additional) > 0 && n.Additional[0] == '{' {
		n.additional = &schemaNode{}
		if err := json.Unmarshal(n.Additional, n.additional); err != nil {
			return fmt.Errorf("reading evidence schema: %w", err)
		}
	}
	for _, p := range n.Properties {
		if err := p.settle(); err != nil {
			return err
		}
	}
	if err := n.Items.settle(); err != nil {
		return err
	}
	return n.additional.settle()
}

// any is a path segment that is not known before a policy runs.
const anySegment = "*"

// check says what is wrong with a path into the document, or "".
func (s *schema) check(path []string) string {
	n := s.node
	for i, segment := range path {
		if n == nil || n.isOpen() {
			return ""
		}
		next, known := n.child(segment)
		if next == nil {
			place := "input"
			if i > 0 {
				place += "." + strings.Join(path[:i], ".")
			}
			if len(known) == 0 {
				return fmt.Sprintf("%s is a %s and has no field %q", place, n.Type, segment)
			}
			return fmt.Sprintf("%s has no field %q; it has %s", place, segment, strings.Join(known, ", "))
		}
		n = next
	}
	return ""
}

func (n *schemaNode) isOpen() bool {
	return n.Type == "" && len(n.Properties) == 0 && n.additional == nil && n.Items == nil
}

// child returns the schema below a segment, or the names there are.
func (n *schemaNode) child(segment string) (*schemaNode, []string) {
	if p, ok := n.Properties[segment]; ok {
		return p, nil
	}
	switch {
	case n.additional != nil:
		return n.additional, nil
	case n.Items != nil:
		return n.Items, nil
	case segment == anySegment && len(n.Properties) > 0:
		return &schemaNode{}, nil // some field or other: nothing more can be said
	}
	names := make([]string, 0, len(n.Properties))
	for name := range n.Properties {
		names = append(names, name)
	}
	sort.Strings(names)
	return nil, slices.Clip(names)
}
