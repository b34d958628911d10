package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/policies"
)

const ownPolicies = "../../docs/own-policies.md"

// docBlock is a fenced block; before it may stand the name of the file that it is.
var docBlock = regexp.MustCompile("(?ms)^(?:`([^`\n]+)`:\n\n)?```(\\w+)\n(.*?)^```$")

// TestOwnPoliciesWordForWord does what docs/own-policies.md says: it writes the files,
// runs the commands and wants the lines that are shown; `...` stands for others.
func TestOwnPoliciesWordForWord(t *testing.T) {
	text, err := os.ReadFile(ownPolicies)
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := os.ReadFile(filepath.Join(fixturesDir, "secret-encoded-once", "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	place(t, ".", "evidence.json", string(evidence))
	commands, last := 0, 0
	for _, block := range docBlock.FindAllStringSubmatch(string(text), -1) {
		file, form, content := block[1], block[2], block[3]
		if form != "console" {
			place(t, ".", file, content)
			continue
		}
		for step := range strings.SplitSeq("\n"+content, "\n$ ") {
			line, shown, _ := strings.Cut(step, "\n")
			switch line {
			case "":
			case "echo $?":
				if strings.TrimSpace(shown) != strconv.Itoa(last) {
					t.Errorf("the exit code is %d, the text shows %s", last, shown)
				}
			default:
				commands++
				last = checkShown(t, line, shown)
			}
		}
	}
	if commands < 5 {
		t.Errorf("%d commands were found", commands)
	}
}

// checkShown runs a command line and wants the lines that are shown in its output.
func checkShown(t *testing.T, line, shown string) int {
	t.Helper()
	args := strings.Fields(strings.ReplaceAll(line, "'", ""))
	if args[0] != "regpolicy" {
		t.Fatalf("cannot run %q", line)
	}
	code, stdout, stderr := command(t, time.Now(), args[1:]...)
	out := stderr + stdout
	for want := range strings.Lines(shown) {
		if want == "...\n" {
			continue
		}
		_, behind, ok := strings.Cut("\n"+out, "\n"+want)
		if !ok {
			t.Errorf("$ %s\ndoes not print %q next; what is left of its output:\n%s", line, want, out)
			return code
		}
		out = behind
	}
	return code
}

// TestOwnPoliciesLibrary holds the list of helpers to the library's comments.
func TestOwnPoliciesLibrary(t *testing.T) {
	text, err := os.ReadFile(ownPolicies)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, string(text), "library", "\n"+libraryList(t))
	if *update {
		if err := os.WriteFile(ownPolicies, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("docs/own-policies.md is out of date (-want +got):\n%s", diff)
	}
}

// helperHead is the first line of a public rule of the library.
var helperHead = regexp.MustCompile(`^([a-z]\w*)(\(([^)]*)\))?(\[\w+\])?( :=| if| contains|$)`)

func libraryList(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	files, err := fs.Glob(policies.FS, "lib/*/*.rego")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.rego") {
			continue
		}
		source, err := fs.ReadFile(policies.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		name := path.Base(path.Dir(file))
		_, title, _ := strings.Cut(string(source), "# title: ")
		title, _, _ = strings.Cut(title, "\n")
		fmt.Fprintf(&out, "`data.regpolicy.lib.%s`: %s\n\n", name, title)
		seen, ofDefault := map[string]bool{}, map[string][]string{}
		var comment []string
		for line := range strings.SplitSeq(string(source), "\n") {
			if text, ok := strings.CutPrefix(line, "# "); ok {
				comment = append(comment, text)
				continue
			}
			if name, ok := strings.CutPrefix(line, "default "); ok && comment != nil {
				name, _, _ = strings.Cut(name, "(")
				ofDefault[name], comment = comment, nil
				continue
			}
			head := helperHead.FindStringSubmatch(line)
			if head != nil && !seen[head[1]] {
				seen[head[1]] = true
				if comment == nil {
					comment = ofDefault[head[1]]
				}
				fmt.Fprintf(&out, "- `%s.%s%s`%s\n", name, head[1], head[2], firstSentence(t, head[1], comment))
			}
			comment = nil
		}
		out.WriteString("\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// firstSentence is what a rule's comment says of it, without its name.
func firstSentence(t *testing.T, name string, comment []string) string {
	t.Helper()
	text := strings.Join(comment, " ")
	rest, ok := strings.CutPrefix(text, name)
	if !ok {
		t.Errorf("helper %q of the library has no comment that begins with its name", name)
	}
	rest, _, _ = strings.Cut(strings.TrimSuffix(rest, "."), ". ")
	return rest
}
