package fleet

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadList(t *testing.T) {
	got, err := ReadList(strings.NewReader("\ufeff# all\na # the first\n\n  b  kubeconfig=/k/b\tcontext=x\r\nc context=arn:aws:eks:1:cluster/c\n"))
	want := []Member{{Name: "a", Line: 2}, {Name: "b", Kubeconfig: "/k/b", Context: "x", Line: 4}, {Name: "c", Context: "arn:aws:eks:1:cluster/c", Line: 5}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestReadListRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a\nb\na\n":               `line 3: cluster "a" stands on line 1 already`,
		"a context\n":             `line 1: "context" is no setting of cluster "a"`,
		"a kubeconfig=\n":         `line 1: "kubeconfig=" is no setting of cluster "a"`,
		"a colour=red\n":          `line 1: "colour=red" is no setting of cluster "a"`,
		"a\x00b\n":                `line 1: "a\x00b" holds a character that cannot be seen`,
		"x\n\xff\n":               "line 2: it is no UTF-8 text",
		strings.Repeat("a", 5000): "line 1: it cannot be read: bufio.Scanner: token too long",
	} {
		_, err := ReadList(strings.NewReader(text))
		var wrong *ListError
		if !errors.As(err, &wrong) || err.Error() != want || wrong.Hint == "" {
			t.Errorf("%.20q: %v, want %s and a hint", text, err, want)
		}
	}
}

func TestFileSafe(t *testing.T) {
	for name, want := range map[string]bool{"shop-prod": true, "a.b_c": true, "": true, ".hidden": false, "../up": false, "a/b": false, `a\b`: false, "arn:aws": false} {
		if FileSafe(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add("a kubeconfig=x\n# b\n")
	f.Fuzz(func(t *testing.T, text string) {
		members, err := ReadList(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, m := range members {
			if m.Name == "" || strings.ContainsAny(m.Name, " \n\t") {
				t.Errorf("name %q", m.Name)
			}
		}
	})
}
