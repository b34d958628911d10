package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const events = `{"Action":"run","Package":"github.com/regpolicy/regpolicy/collectors/x","Test":"TestA"}
{"Action":"pass","Package":"github.com/regpolicy/regpolicy/collectors/x","Test":"TestA/b_c","Elapsed":1.5}
{"Action":"pass","Package":"github.com/regpolicy/regpolicy/collectors/x","Test":"TestA","Elapsed":2}
{"Action":"pass","Package":"github.com/regpolicy/regpolicy/collectors/x","Elapsed":3}
`

func TestTableListsTheCases(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("a\n"+begin+"old\n"+end+"z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{page}, strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	want := "a\n" + begin + "\n1 cases.\n\n| package | case | seconds |\n|---|---|---|\n| collectors/x | A: b c | 1.50 |\n\n" + end + "z\n"
	if err != nil || string(text) != want {
		t.Errorf("got %q, error %v", text, err)
	}
}

func TestTableOfAFailureIsRefused(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte(begin+end), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := strings.ReplaceAll(events, `"pass"`, `"fail"`)
	if err := run([]string{page}, strings.NewReader(failed)); err == nil || !strings.Contains(err.Error(), "TestA/b_c failed") {
		t.Errorf("error %v", err)
	}
	if err := run([]string{page + "x"}, strings.NewReader(events)); err == nil {
		t.Error("a page that is not there was written")
	}
}
