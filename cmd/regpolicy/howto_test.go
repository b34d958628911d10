package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
)

// howtos are pages whose every command is run, or says why not. In them stand:
//
//	<!-- have NAME=STORY/PATH ... -->   copies of fixtures in the reader's folder
//	<!-- file NAME -->                  the next block is this file
//	<!-- run exit=N cluster=STORY head=N tail=N -->
//	                                    the next block of sh is run and ends with N;
//	                                    a block of text behind it is what it prints,
//	                                    or its first and last lines
//	<!-- not run: WHY -->               the next block of sh is not
//
// A cluster is the story's embedded one, with kubeconfig, SSH keys and host keys
// where the program looks for them. `-update` rewrites what is printed.
var howtos = []string{"first-diagnosis", "ci-preflight", "audit", "air-gapped", "fix"}

func TestHowTos(t *testing.T) {
	for _, name := range howtos {
		t.Run(name, func(t *testing.T) {
			path := "../../docs/" + name + ".md"
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			h := newHowto(t)
			want := h.follow(t, string(text))
			if h.ran == 0 {
				t.Error("nothing was run")
			}
			golden(t, path, want)
		})
	}
}

// howto is the place where a reader follows a page.
type howto struct {
	home, dir string
	at        time.Time
	ran       int
}

func newHowto(t *testing.T) *howto {
	t.Helper()
	h := &howto{home: t.TempDir(), at: stories(t)[0].At}
	h.dir = filepath.Join(h.home, "work")
	if err := os.Mkdir(h.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

var (
	directive = regexp.MustCompile(`^<!-- (have|file|run|not run:)(.*) -->$`)
	fence     = regexp.MustCompile("^```([a-z]+)$")
)

// follow does what a page says, and returns the page as it should be.
func (h *howto) follow(t *testing.T, page string) string {
	t.Helper()
	lines := strings.Split(page, "\n")
	var out []string
	verb, words, printed := "", "", ""
	for i := 0; i < len(lines); i++ {
		if found := directive.FindStringSubmatch(lines[i]); found != nil {
			verb, words = found[1], strings.TrimSpace(found[2])
			if verb == "have" {
				h.have(t, strings.Fields(words))
			}
		}
		found := fence.FindStringSubmatch(lines[i])
		if found == nil {
			out = append(out, lines[i])
			continue
		}
		n := slices.Index(lines[i+1:], "```")
		if n < 0 {
			t.Fatalf("line %d: the block has no end", i+1)
		}
		block := strings.Join(lines[i+1:i+1+n], "\n") + "\n"
		out = append(out, lines[i])
		switch {
		case verb == "file":
			place(t, h.dir, words, block)
		case found[1] == "sh" && verb == "run":
			printed = h.run(t, block, attributes(words))
		case found[1] == "sh" && verb != "not run:":
			t.Errorf("line %d: the page does not say whether this is run", i+1)
		case found[1] == "text" && printed != "":
			block, printed = printed, ""
		}
		verb = ""
		out = append(out, strings.Split(block+"```", "\n")...)
		i += n + 1
	}
	return strings.Join(out, "\n")
}

func attributes(words string) map[string]string {
	out := map[string]string{}
	for word := range strings.FieldsSeq(words) {
		key, value, _ := strings.Cut(word, "=")
		out[key] = value
	}
	return out
}

// have copies fixtures into the reader's folder. All files are of the time of the
// story, as they would be.
func (h *howto) have(t *testing.T, copies []string) {
	t.Helper()
	for _, c := range copies {
		name, from, _ := strings.Cut(c, "=")
		to := filepath.Join(h.dir, name)
		if err := os.CopyFS(to, os.DirFS(filepath.Join(fixturesDir, from))); err != nil {
			t.Fatal(err)
		}
		err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink != 0 {
				return err
			}
			return os.Chtimes(path, time.Time{}, h.at.Add(-90*time.Minute))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// run gives a block to the shell, and returns what the page should show of it.
func (h *howto) run(t *testing.T, block string, how map[string]string) string {
	t.Helper()
	if story := how["cluster"]; story != "" {
		defer h.cluster(t, story, strings.Contains(block, "--ssh"))()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", "-eu", "-c", block)
	var printed bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = h.dir, &printed, &printed
	c.Env = []string{"HOME=" + h.home, "PATH=" + os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C", clockVariable + "=" + h.at.Format(time.RFC3339)}
	want, err := strconv.Atoi("0" + how["exit"])
	if err != nil {
		t.Fatal(err)
	}
	if code := exitCode(c.Run()); code != want {
		t.Errorf("exit code %d, want %d, of\n%s%s", code, want, block, &printed)
	}
	h.ran++
	text := strings.TrimRight(printed.String(), "\n")
	if text == "" {
		return ""
	}
	return excerpt(t, steady(text)+"\n", how)
}

// excerpt are the first and the last lines of a text.
func excerpt(t *testing.T, text string, how map[string]string) string {
	t.Helper()
	if how["head"] == "" && how["tail"] == "" {
		return text
	}
	lines := slices.Collect(strings.Lines(text))
	head, errHead := strconv.Atoi("0" + how["head"])
	tail, errTail := strconv.Atoi("0" + how["tail"])
	if errHead != nil || errTail != nil || head+tail >= len(lines) {
		t.Fatalf("head %q and tail %q of %d lines", how["head"], how["tail"], len(lines))
	}
	return strings.Join(lines[:head], "") + "...\n" + strings.Join(lines[len(lines)-tail:], "")
}

// cluster starts a story's cluster, and tells the program of it where it would have
// been told: in ~/.kube, ~/.ssh and, for the loopback addresses, a settings file.
func (h *howto) cluster(t *testing.T, name string, ssh bool) (stop func()) {
	t.Helper()
	story, err := demo.Load(os.DirFS(fixturesDir), name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := demo.Start(t.Context(), os.DirFS(fixturesDir), story)
	if err != nil {
		t.Fatal(err)
	}
	place(t, h.home, ".kube/config", fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: %[1]s, contexts: [{name: %[1]s, context: {cluster: %[1]s, user: me}}],
clusters: [{name: %[1]s, cluster: {server: %[2]q}}], users: [{name: me, user: {}}]}`, c.Name, c.APIServer))
	if !story.SSH {
		t.Fatalf("the nodes of story %q cannot be logged in to", name)
	}
	for to, from := range map[string]string{".ssh/id_ed25519": c.KeyFile, ".ssh/known_hosts": c.KnownHosts} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		place(t, h.home, to, string(text))
	}
	settings := strings.Builder{}
	settings.WriteString("connect-to:\n")
	for registry, address := range c.ConnectTo {
		fmt.Fprintf(&settings, "- %q\n", registry+":"+address)
	}
	if ssh {
		settings.WriteString("node:\n")
		for node, address := range c.Nodes {
			fmt.Fprintf(&settings, "- %q\n", node+"="+address)
		}
	}
	place(t, h.home, ".regpolicy.yaml", settings.String())
	return func() {
		c.Stop()
		if err := os.Remove(filepath.Join(h.home, ".regpolicy.yaml")); err != nil {
			t.Error(err)
		}
	}
}

// TestHowToHarness: a page that claims what is not so is found out.
func TestHowToHarness(t *testing.T) {
	page := "<!-- file greeting -->\n```yaml\nhello\n```\n<!-- run exit=3 -->\n```sh\ncat greeting\nregpolicy version >/dev/null\nexit 3\n```\n\n```text\nsomething else\n```\n"
	got := newHowto(t).follow(t, page)
	if want := strings.Replace(page, "something else", "hello", 1); got != want {
		t.Errorf("the page (-want +got):\n%s", cmp.Diff(want, got))
	}
}
