package engine

import "strings"

// value is what a term may hold: the part of the document at path, once the keys in
// via are selected ({"n": node} is the value "a node" via "n", a set of nodes is "a
// node" via anything). Both are segments that each end with separator, so that values
// compare and need no memory of their own.
type value struct {
	path, via string
	// loose values came out of a built-in, which may have taken them apart: what
	// is selected from them need not exist.
	loose bool
}

const separator = "\x00"

// segments are the path's.
func (v value) segments() []string {
	if v.path == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(v.path, separator), separator)
}

// under puts values below a key of a collection.
func under(key string, values []value) []value {
	out := make([]value, len(values))
	for i, v := range values {
		out[i] = value{path: v.path, via: key + separator + v.via, loose: v.loose}
	}
	return out
}

// argsKey tells lists of values apart.
func argsKey(args [][]value) string {
	var out strings.Builder
	for _, arg := range args {
		out.WriteString("(")
		for _, v := range arg {
			out.WriteString(v.path)
			out.WriteString("<")
			out.WriteString(v.via)
			out.WriteString(" ")
		}
	}
	return out.String()
}

// unique drops doubles, and values so deep in collections that only a recursion makes
// them.
func unique(values []value) []value {
	const deepest = 8
	out := make([]value, 0, len(values))
	var seen map[[2]string]bool
	if len(values) > 16 {
		seen = make(map[[2]string]bool, len(values))
	}
	for _, v := range values {
		if strings.Count(v.via, separator) >= deepest || among(out, seen, v) {
			continue
		}
		if seen != nil {
			seen[[2]string{v.path, v.via}] = true
		}
		out = append(out, v)
	}
	return out
}

func among(values []value, seen map[[2]string]bool, v value) bool {
	if seen != nil {
		return seen[[2]string{v.path, v.via}]
	}
	for _, other := range values {
		if other.path == v.path && other.via == v.via {
			return true
		}
	}
	return false
}
