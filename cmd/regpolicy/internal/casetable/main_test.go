package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const begin, end = "<!-- cases: begin -->\n", "<!-- cases: end -->\n"

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
	if err := run([]string{"cases", page}, strings.NewReader(events)); err != nil {
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
	if err := run([]string{"cases", page}, strings.NewReader(failed)); err == nil || !strings.Contains(err.Error(), "TestA/b_c failed") {
		t.Errorf("error %v", err)
	}
	if err := run([]string{"cases", page + "x"}, strings.NewReader(events)); err == nil {
		t.Error("a page that is not there was written")
	}
}

func TestFuzzTableSumsUp(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("<!-- fuzz: begin -->\n<!-- fuzz: end -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger := "x/y\tFuzzB\t100\t3\t9\t30\t60\tok\nx\tFuzzA\t1\t0\t2\t6\t7\tFAIL\nx/y\tFuzzB\t50\t1\t10\t60\t90\tok\n"
	if err := run([]string{"fuzz", page}, strings.NewReader(ledger)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	for _, want := range []string{
		"2 targets, 151 inputs, 0.0 hours of CPU, 1 runs of 3 found something.\n",
		"| x | FuzzA | 1 | 0.1 | 0 | 1 |\n| x/y | FuzzB | 150 | 1.5 | 4 | 0 |\n",
	} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%q is not in %q, %v", want, text, err)
		}
	}
	// What the page tells stays when another checkout's ledger comes to it.
	other := "x\tFuzzA\t10\t2\t2\t54\t60\tok\nz\tFuzzC\t7\t1\t1\t6\t9\tok\n"
	if err := run([]string{"fuzz", page, "more"}, strings.NewReader(other)); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(page)
	for _, want := range []string{
		"3 targets, 168 inputs, 0.0 hours of CPU, 1 runs of 5 found something.\n",
		"| x | FuzzA | 11 | 1.0 | 2 | 1 |\n| x/y | FuzzB | 150 | 1.5 | 4 | 0 |\n| z | FuzzC | 7 | 0.1 | 1 | 0 |\n",
	} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%q is not in %q, %v", want, text, err)
		}
	}
	for _, wrong := range []string{"a\tb\n", "a\tb\tc\td\te\tf\tg\th\n"} {
		if run([]string{"fuzz", page}, strings.NewReader(wrong)) == nil {
			t.Errorf("the ledger %q was read", wrong)
		}
	}
	for _, wrong := range []string{"a line\n", "| x | FuzzA | many |\n"} {
		if err := os.WriteFile(page, []byte("<!-- fuzz: begin -->\n"+wrong+"<!-- fuzz: end -->\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if run([]string{"fuzz", page, "more"}, strings.NewReader(other)) == nil {
			t.Errorf("the table %q was read", wrong)
		}
	}
}
