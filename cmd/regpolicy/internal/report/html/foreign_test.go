package html

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// elements are all that a page may have.
var elements = strings.Fields(`html head meta title style body svg symbol circle path rect text g use a header div p strong span h1 h2 h3 h4 ul li b
	nav main section article noscript form label input select option fieldset legend button table caption thead tbody tr th td details summary pre code
	figure figcaption dl dt dd footer script`)

// checkPage holds a page against what foreign text could do to it: no element, handler
// or address but our own, and a policy that lets our own script and style run alone.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	counts, policy := map[string]int{}, ""
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		counts[n.Data]++
		if !slices.Contains(elements, n.Data) {
			t.Errorf("the page has an element %q", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "content" && strings.Contains(a.Val, "default-src") {
				policy = a.Val
			}
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "style" || n.Data == "script" && len(n.Attr) == 0 {
			if own := hash(n.FirstChild.Data); !strings.Contains(policy, n.Data+"-src "+own) {
				t.Errorf("the policy %q does not allow the %s %s", policy, n.Data, own)
			}
		}
		if n.Data == "script" && len(n.Attr) > 0 && !json.Valid([]byte(n.FirstChild.Data)) {
			t.Error("the page's data is no JSON")
		}
	}
	if counts["script"] != 2 || counts["style"] != 1 || counts["h1"] != 1 || counts["main"] != 1 {
		t.Errorf("the page has the elements %v", counts)
	}
	if !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("the policy is %q", policy)
	}
}

// poison puts a text into each text of a report, keys included.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + text)
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && v.Type().Field(i).Type.PkgPath() != "time" {
				poison(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Map:
		poisonMap(v, text)
	}
}

func poisonMap(v reflect.Value, text string) {
	for _, key := range v.MapKeys() {
		element := reflect.New(v.Type().Elem()).Elem()
		element.Set(v.MapIndex(key))
		poison(element, text)
		v.SetMapIndex(key, reflect.Value{})
		changed := reflect.New(key.Type()).Elem()
		changed.Set(key)
		poison(changed, text)
		v.SetMapIndex(changed, element)
	}
}

func FuzzForeignText(f *testing.F) {
	for _, text := range []string{
		"", "</script><script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "'onmouseover='alert(1)", "</style><style>*{display:none}</style>",
		"<!--", "]]>", "--><script>", "javascript:alert(1)", "{{.}}", "\u202e\u2066\x1b[31m", "`<b>`", "\x01\x02\x00", "\xff\xfe", "a\n  kubectl <x>\n", "</title><svg onload=alert(1)>", "\u2028",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		r := everythingOf(2)
		poison(reflect.ValueOf(r).Elem(), text)
		page := render(t, r)
		checkPage(t, page)
		if bidi := regexp.MustCompile("[\u202a-\u202e\u2066-\u2069]"); bidi.Match(page) {
			t.Error("the page has characters that turn text around")
		}
	})
}

// TestStories renders each story; the rows add up to what the summary says, and every
// failure is told.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(stories, "*", "report.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no story has a report: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			r := read(t, file)
			page := render(t, r)
			checkPage(t, page)
			got := map[report.Verdict]int{}
			for _, row := range rows(r) {
				got[row.Verdict] += row.Count
			}
			want := map[report.Verdict]int{}
			for _, res := range r.Results {
				want[res.Verdict]++
				if res.Verdict == report.Fail && !strings.Contains(string(page), res.ID) {
					t.Errorf("the page does not tell of %s", res.ID)
				}
			}
			if !maps.Equal(got, want) {
				t.Errorf("rows count %v, want %v", got, want)
			}
			failed := slices.ContainsFunc(r.TrustPaths, func(p report.TrustPath) bool {
				return slices.ContainsFunc(p.Stores, func(s report.PathStore) bool { return !s.OK })
			})
			if broken := bytes.Contains(page, []byte(`class="path broken"`)); broken != failed {
				t.Errorf("a path is drawn broken: %v, want %v", broken, failed)
			}
		})
	}
}

// TestPackedSubjects unpacks what the script would.
func TestPackedSubjects(t *testing.T) {
	r := bigReport(300, 20)
	all := rows(r)
	packed := pack(rows(r))
	var subjects []string
	last := ""
	for line := range strings.SplitSeq(packed.Subjects, "\n") {
		var shared int
		for _, digit := range line[:2] {
			shared = shared*36 + strings.IndexRune("0123456789abcdefghijklmnopqrstuvwxyz", digit)
		}
		last = last[:shared] + line[2:]
		subjects = append(subjects, last)
	}
	n := 0
	for _, row := range all {
		for _, p := range row.Patterns {
			var got []string
			list := packed.Lists[n]
			for i := 0; i < len(list); i += 2 {
				got = append(got, subjects[list[i]:list[i]+list[i+1]]...)
			}
			var expected []string
			for _, res := range p.results {
				expected = append(expected, subjectText(res.Subject))
			}
			if !slices.Equal(got, expected) {
				t.Fatalf("list %d of %s has %d subjects, want %d", n, row.ID, len(got), len(expected))
			}
			n++
		}
	}
	if n != len(packed.Lists) {
		t.Errorf("%d lists, want %d", len(packed.Lists), n)
	}
}
