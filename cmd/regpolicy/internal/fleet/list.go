package fleet

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Member is a cluster on a list: a line with its name, and how to reach it.
type Member struct {
	Name string
	// Kubeconfig is a file; Context the one to use in it.
	Kubeconfig, Context string
	Line                int
}

// What a list may hold.
const (
	MaxList    = 16 << 20 // bytes
	maxLine    = 4 << 10
	maxMembers = 200_000
)

// ListError says where a list is wrong, and how to cure that.
type ListError struct {
	Line          int
	Message, Hint string
}

func (e *ListError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// ReadList reads a list of clusters: a line for each, `NAME [kubeconfig=FILE]
// [context=NAME]`; `#` begins a comment.
func ReadList(r io.Reader) ([]Member, error) {
	in := bufio.NewScanner(io.LimitReader(r, MaxList+1))
	in.Buffer(nil, maxLine)
	var members []Member
	at := map[string]int{}
	line, size := 0, 0
	for in.Scan() {
		line++
		if size += len(in.Bytes()) + 1; size > MaxList {
			return nil, &ListError{line, fmt.Sprintf("the list has more than %d MiB", MaxList>>20), "name the list of clusters, a line for each"}
		}
		m, err := member(in.Text(), line)
		if err != nil {
			return nil, err
		}
		if m.Name == "" {
			continue
		}
		if first, twice := at[m.Name]; twice {
			return nil, &ListError{line, fmt.Sprintf("cluster %q stands on line %d already", m.Name, first), "name each cluster once"}
		}
		at[m.Name] = line
		if members = append(members, m); len(members) > maxMembers {
			return nil, &ListError{line, fmt.Sprintf("the list has more than %d clusters", maxMembers), "split it"}
		}
	}
	if err := in.Err(); err != nil {
		return nil, &ListError{line + 1, "it cannot be read: " + err.Error(), "write a line for each cluster: NAME, or NAME kubeconfig=FILE context=NAME"}
	}
	return members, nil
}

func member(text string, line int) (Member, error) {
	m := Member{Line: line}
	if line == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	if !utf8.ValidString(text) {
		return m, &ListError{line, "it is no UTF-8 text", "save the list as UTF-8"}
	}
	for i, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "#") {
			break
		}
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			return m, &ListError{line, fmt.Sprintf("%q holds a character that cannot be seen", word), "take it out"}
		}
		if i == 0 {
			m.Name = word
			continue
		}
		key, value, _ := strings.Cut(word, "=")
		switch {
		case key == "kubeconfig" && value != "":
			m.Kubeconfig = value
		case key == "context" && value != "":
			m.Context = value
		default:
			return m, &ListError{line, fmt.Sprintf("%q is no setting of cluster %q", word, m.Name), "after the name stand kubeconfig=FILE and context=NAME, or nothing"}
		}
	}
	return m, nil
}

// FileSafe tells whether a cluster's name can be a file's.
func FileSafe(name string) bool {
	return len(name) <= 200 && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, `/\:*?"<>|`)
}
