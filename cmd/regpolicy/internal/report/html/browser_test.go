package html

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// findChromium skips the test where no browser is asked for: one takes a gigabyte of
// memory that a quick `go test ./...` should not want. REGPOLICY_REQUIRE_CHROMIUM=1
// says that there must be one.
func findChromium(t *testing.T) string {
	t.Helper()
	if os.Getenv("REGPOLICY_REQUIRE_CHROMIUM") != "1" {
		t.Skip("REGPOLICY_REQUIRE_CHROMIUM=1 runs the tests in a real browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no chromium here: install the package of that name")
	return ""
}

// browser is a tab of a real browser, and what it did beside showing the page.
type browser struct {
	context.Context
	mu       sync.Mutex
	requests []string
	faults   []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(findChromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
	}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars", "disable-dev-shm-usage"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	limited, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	allocator, stop := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	b := &browser{Context: ctx}
	if err := chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		case *runtime.EventExceptionThrown:
			b.faults = append(b.faults, e.ExceptionDetails.Text)
		case *log.EventEntryAdded: // what the content security policy blocks, too
			b.faults = append(b.faults, e.Entry.Text)
		}
	}); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		t.Fatal(err)
	}
}

func run[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	out, err := chromedp.Run(b, action)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](expression))
}

func (b *browser) emulate(t *testing.T, media, scheme string) {
	t.Helper()
	if _, err := chromedp.Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}); err != nil {
		t.Fatal(err)
	}
}

// look opens a report at a width in a colour scheme.
func (b *browser) look(t *testing.T, r *report.Report, width int64, scheme string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, render(t, r), 0o600); err != nil {
		t.Fatal(err)
	}
	b.emulate(t, "", scheme)
	b.do(t, chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+file))
}

// complaints are what the browser found fault with.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faults
}

// picture keeps what a page looks like, where a folder for that is named.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("REGPOLICY_SCREENSHOTS")
	if folder == "" {
		return
	}
	png := run(t, b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

const rowsShown = `document.querySelectorAll("#rows tbody tr:not(.off)").length`

// pages are the reports that are looked at, by name.
func pages(t *testing.T) map[string]*report.Report {
	t.Helper()
	out := map[string]*report.Report{"big": bigReport(5000, 100), "everything": everything()}
	for _, story := range []string{"secret-encoded-once", "intermediate-not-sent", "secret-encoded-once-repaired"} {
		out[story] = read(t, filepath.Join(stories, story, "report.json"))
	}
	return out
}

// TestAccessible runs axe-core over each page, all rows open, light and dark, wide and
// narrow: no rule is broken.
func TestAccessible(t *testing.T) {
	b := newBrowser(t)
	file := os.Getenv("REGPOLICY_AXE")
	axe, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("reading axe-core, which REGPOLICY_AXE names (npm pack axe-core has axe.min.js): %v", err)
	}
	for name, r := range pages(t) {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 400} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, scheme, width), func(t *testing.T) {
					b.look(t, r, width, scheme)
					b.picture(t, fmt.Sprintf("%s-%s-%d", name, scheme, width))
					if name == "big" {
						evaluate[int](t, b, `document.querySelectorAll("details").forEach((d, i) => d.open = i < 12), 0`)
					} else {
						evaluate[int](t, b, `document.querySelectorAll("details").forEach(d => d.open = true), 0`)
						b.picture(t, fmt.Sprintf("%s-%s-%d-open", name, scheme, width))
					}
					evaluate[int](t, b, string(axe)+";0")
					found := run(t, b, chromedp.Evaluate[string](
						`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify({n: r.passes.length, v: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.target + " " + n.failureSummary).join(" | "))}))`,
						chromedp.EvalAwaitPromise))
					var result struct {
						N int
						V []string
					}
					if err := json.Unmarshal([]byte(found), &result); err != nil {
						t.Fatal(err)
					}
					if len(result.V) > 0 || result.N < 20 {
						t.Errorf("%d rules pass, these are broken:\n%s", result.N, strings.Join(result.V, "\n"))
					}
					if wide := evaluate[int64](t, b, `document.documentElement.scrollWidth`); wide > width {
						t.Errorf("the page is %d wide on a screen of %d", wide, width)
					}
				})
			}
		}
	}
	if faults := b.complaints(); len(faults) > 0 {
		t.Errorf("the page complains: %v", faults)
	}
	for _, url := range b.requests {
		if !strings.HasPrefix(url, "file://") || !strings.HasSuffix(url, "/report.html") {
			t.Errorf("the page loads %s", url)
		}
	}
}
