package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/source/internal/managed"
)

// A value is one document or one list item.
type value struct {
	any  any
	line int
	text Text
}

// A document is one document of a stream.
type document struct {
	top  any
	line int
	text Text
	// items are those of a document that is a list, or of the list "items" at
	// its top. They are kept apart because each has its own line.
	items    []value
	hasItems bool
	// itemsLine is the line of the key "items" of a YAML block mapping.
	itemsLine int
	// closed: the text says where the document ends, as JSON does. A YAML text
	// that is cut short may well be YAML.
	closed bool
}

// add takes up a document.
func (c *Content) add(d document) error {
	top, ok := d.top.(map[string]any)
	switch {
	case !ok && d.hasItems:
		c.addItems(d.items, "", "")
	case !ok && d.top != nil:
		c.Foreign++
	case !ok:
	case d.isList(top):
		c.addList(d.items, text(top, "apiVersion"), text(top, "kind"))
	case d.isHalfList(top):
		return c.addHalfList(d)
	default:
		if d.hasItems {
			all := make([]any, len(d.items))
			for i, item := range d.items {
				all[i] = item.any
			}
			top["items"] = all
		}
		c.addObject(top, d.line, d.text)
	}
	return nil
}

// isList tells a List, also one without items; and items that stand alone, where
// it is certain that nothing is cut off.
func (d document) isList(top map[string]any) bool {
	if !d.hasItems && top["items"] != nil {
		return false // items that are no list
	}
	if d.hasItems && d.closed && text(top, "kind") == "" && text(top, "apiVersion") == "" {
		return true
	}
	return isListKind(text(top, "kind")) && name(top) == ""
}

// isHalfList tells a `kubectl get -o yaml` that was cut short: it prints the kind
// after the items.
func (d document) isHalfList(top map[string]any) bool {
	_, named := top["items"]
	kind := text(top, "kind")
	return !d.closed && text(top, "apiVersion") == "v1" && (d.hasItems || named) && kind != "List" && strings.HasPrefix("List", kind)
}

// isListKind tells "List" and "PodList" from kinds of objects. Objects may have
// such kinds, too (an "AllowList"), but they have a name.
func isListKind(kind string) bool { return strings.HasSuffix(kind, "List") }

// addHalfList keeps all items but the last, which may be cut anywhere: a pod
// without its status would look sound.
func (c *Content) addHalfList(d document) error {
	kept := d.items[:max(len(d.items)-1, 0)]
	c.addList(kept, "v1", "List")
	line := d.line
	if len(d.items) > 0 {
		line = d.items[len(d.items)-1].line
	}
	return &Fault{
		Line: line, Truncated: true,
		Detail: fmt.Sprintf("half a List: it ends after %d items, without its kind", len(d.items)),
		Hint:   "save it again and let kubectl finish; is the disk full?",
	}
}

func (c *Content) addList(items []value, apiVersion, kind string) {
	itemKind := strings.TrimSuffix(kind, "List")
	if !slices.Contains(c.Lists, itemKind) {
		c.Lists = append(c.Lists, itemKind)
	}
	if itemKind == "" {
		apiVersion = ""
	}
	c.addItems(items, apiVersion, itemKind)
}

// addItems takes up list items. The API server leaves apiVersion and kind out of
// the items of a typed list.
func (c *Content) addItems(items []value, apiVersion, kind string) {
	for _, item := range items {
		object, ok := item.any.(map[string]any)
		if !ok {
			c.Foreign++
			continue
		}
		if kind != "" && text(object, "kind") == "" && text(object, "apiVersion") == "" {
			object["apiVersion"], object["kind"] = apiVersion, kind
		}
		nested, ok := object["items"].([]any)
		if !ok || !isListKind(text(object, "kind")) || name(object) != "" {
			c.addObject(object, item.line, item.text)
			continue
		}
		inner := make([]value, len(nested))
		for i := range nested {
			inner[i] = value{nested[i], item.line, item.text.below("items", strconv.Itoa(i))}
		}
		c.addList(inner, text(object, "apiVersion"), text(object, "kind"))
	}
}

func (c *Content) addObject(object map[string]any, line int, at Text) {
	if text(object, "apiVersion") == "" || text(object, "kind") == "" {
		c.Foreign++
		return
	}
	managed.Cut(object)
	if metadata, ok := object["metadata"].(map[string]any); ok {
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
		}
	}
	c.Objects = append(c.Objects, Object{Map: object, Line: line, Text: at})
}

// addWhole takes up the items that came before a document broke.
func (c *Content) addWhole(d document) {
	top, _ := d.top.(map[string]any)
	c.addItems(d.items, text(top, "apiVersion"), strings.TrimSuffix(text(top, "kind"), "List"))
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

func name(m map[string]any) string {
	metadata, _ := m["metadata"].(map[string]any)
	return text(metadata, "name")
}
