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
	"github.com/chromedp/chromedp/kb"

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
	limited, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
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
	for _, story := range []string{"secret-encoded-once", "intermediate-not-sent", "secret-encoded-once-repaired", "vsphere-pod", "file-missing-on-one-node"} {
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

// TestKeyboard filters, opens and sorts without a mouse.
func TestKeyboard(t *testing.T) {
	b := newBrowser(t)
	b.look(t, read(t, filepath.Join(stories, "secret-encoded-once", "report.json")), 1280, "light")
	all := evaluate[int](t, b, `document.querySelectorAll("#rows tbody tr").length`)
	first := evaluate[int](t, b, rowsShown)
	if first == 0 || first >= all {
		t.Fatalf("%d of %d rows are shown at first, want what needs somebody", first, all)
	}
	press := func(keys ...string) {
		t.Helper()
		for _, key := range keys {
			b.do(t, chromedp.KeyEvent(key))
		}
	}
	at := func() string {
		t.Helper()
		return evaluate[string](t, b, `(document.activeElement.id || document.activeElement.value || document.activeElement.textContent).trim()`)
	}
	tabTo := func(want string) {
		t.Helper()
		for range 60 {
			if at() == want {
				return
			}
			press(kb.Tab)
		}
		t.Fatalf("the Tab key does not reach %q", want)
	}
	press(kb.Tab)
	if got := evaluate[string](t, b, `document.activeElement.getAttribute("href")`); got != "#findings" {
		t.Errorf("the first stop is %q, want the link over the header", got)
	}
	tabTo("f-text")
	b.do(t, chromedp.KeyEvent("Q4X2M"), chromedp.Sleep(200*time.Millisecond))
	if n := evaluate[int](t, b, rowsShown); n == 0 || n > first {
		t.Errorf("%d rows name the node", n)
	}
	if hits := evaluate[string](t, b, `document.querySelector("#rows tr:not(.off) .hits:not([hidden])").textContent`); !strings.Contains(hits, "q4x2m") {
		t.Errorf("the matching subjects are %q", hits)
	}
	tabTo("pass")
	press(" ")
	found := evaluate[int](t, b, rowsShown)
	if status := evaluate[string](t, b, `document.getElementById("shown").textContent`); status != fmt.Sprintf("%d of %d rows shown", found, all) {
		t.Errorf("the status is %q, and %d rows are shown", status, found)
	}
	tabTo("Reset")
	press(kb.Enter)
	b.do(t, chromedp.Sleep(50*time.Millisecond))
	if n := evaluate[int](t, b, rowsShown); n != first {
		t.Errorf("%d rows are shown after the reset, want %d", n, first)
	}

	const policies = `Array.from(document.querySelectorAll("#rows tbody tr:not(.off)")).map(r => r.dataset.policy).join()`
	sorted := `Array.from(document.querySelectorAll("#rows tbody tr:not(.off)")).map(r => r.dataset.policy).sort().join()`
	tabTo("Policy")
	press(kb.Enter)
	if got, want := evaluate[string](t, b, policies), evaluate[string](t, b, sorted); got != want {
		t.Errorf("sorted by policy, the rows are %s", got)
	}
	press(" ")
	if got := evaluate[string](t, b, `document.querySelector("th[data-key=policy]").getAttribute("aria-sort")`); got != "descending" {
		t.Errorf("sorted twice, the column is %q", got)
	}
	tabTo("Subjects")
	press(kb.Enter)
	if got := evaluate[bool](t, b, `(c => c.every((n, i) => i === 0 || c[i-1] >= n))(Array.from(document.querySelectorAll("#rows tbody tr:not(.off)")).map(r => Number(r.dataset.count)))`); !got {
		t.Error("sorted by subjects, the largest is not the first")
	}
	press(kb.Tab, kb.Enter)
	if !evaluate[bool](t, b, `document.querySelector("#rows tbody tr:not(.off) details").open`) {
		t.Error("the first row does not open")
	}
	b.picture(t, "keyboard")
	if faults := b.complaints(); len(faults) > 0 {
		t.Errorf("the page complains: %v", faults)
	}
}

// TestWithoutScript shows all rows and their evidence where no script runs.
func TestWithoutScript(t *testing.T) {
	b := newBrowser(t)
	if _, err := chromedp.Call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	r := read(t, filepath.Join(stories, "secret-encoded-once", "report.json"))
	b.look(t, r, 1280, "light")
	shown := run(t, b, chromedp.Text("#rows"))
	text := run(t, b, chromedp.Text("noscript"))
	if !run(t, b, chromedp.AttributeValue("#filter", "hidden")).Exists {
		t.Error("a filter is shown that does nothing")
	}
	for _, res := range r.Results {
		if !strings.Contains(shown, res.ID) {
			t.Errorf("no row has %s", res.ID)
		}
	}
	if !strings.Contains(text, "JavaScript") {
		t.Errorf("the page says of scripts %q", text)
	}
	b.do(t, chromedp.Click("#rows details summary"), chromedp.WaitVisible("#rows details[open] .subjects"))
	b.picture(t, "without-script")
}

// TestBigReportStaysUsable loads, filters and opens 5,000 nodes by 100 policies.
func TestBigReportStaysUsable(t *testing.T) {
	b := newBrowser(t)
	b.look(t, bigReport(5000, 100), 1280, "light")
	load := evaluate[float64](t, b, `performance.getEntriesByType("navigation")[0].loadEventEnd`)
	step := func(script string) float64 {
		t.Helper()
		return evaluate[float64](t, b, `(() => { const from = performance.now(); `+script+`; document.body.offsetHeight; return performance.now() - from; })()`)
	}
	const form = `const f = document.getElementById("filter"), i = document.getElementById("f-text");`
	filter := step(form + `i.value = "` + nodeName(3210) + `"; f.requestSubmit()`)
	matched := evaluate[int](t, b, rowsShown)
	none := step(form + `i.value = "no such node"; f.requestSubmit()`)
	if n := evaluate[int](t, b, rowsShown); n != 0 {
		t.Errorf("%d rows match what is nowhere", n)
	}
	all := step(form + `i.value = ""; document.querySelectorAll("[name=verdict]").forEach(c => c.checked = true); f.requestSubmit()`)
	sort := step(`document.querySelector("th[data-key=subjects] button").click()`)
	more := step(`document.querySelector(".rest button").closest("details").open = true; document.querySelector(".rest button").click()`)
	t.Logf("milliseconds: load %.0f, filter by a node %.0f (%d rows), by nothing there %.0f, all rows %.0f, sort %.0f, 200 more subjects %.0f", load, filter, matched, none, all, sort, more)
	if matched == 0 {
		t.Error("no row has the node, which stands in the packed data")
	}
	for what, ms := range map[string]float64{"load": load / 3, "filter": filter, "no match": none, "all": all, "sort": sort, "more": more} {
		if ms > 1500 {
			t.Errorf("%s takes %.0f ms", what, ms)
		}
	}
	if n := evaluate[int](t, b, `document.querySelectorAll(".subjects .more").length`); n != 200 {
		t.Errorf("%d more subjects are shown, want 200", n)
	}
}

// TestPrint puts on paper what is closed on the screen.
func TestPrint(t *testing.T) {
	b := newBrowser(t)
	b.look(t, read(t, filepath.Join(stories, "secret-encoded-once", "report.json")), 1280, "dark")
	pdf := run(t, b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize()))
	if folder := os.Getenv("REGPOLICY_SCREENSHOTS"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, "print.pdf"), pdf, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(pdf) < 20_000 {
		t.Errorf("the PDF has %d bytes", len(pdf))
	}
	b.emulate(t, "print", "dark")
	if n := evaluate[int](t, b, `Array.from(document.querySelectorAll("#rows details:not([open]) .subjects")).filter(e => e.checkVisibility({contentVisibilityAuto: true}) && e.offsetHeight > 0).length`); n == 0 {
		t.Error("print shows no closed row's subjects")
	}
	if got := evaluate[string](t, b, `getComputedStyle(document.body).backgroundColor`); got != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", got)
	}
	for _, selector := range []string{"#filter", "nav"} {
		if evaluate[int](t, b, fmt.Sprintf("document.querySelector(%q).offsetHeight", selector)) != 0 {
			t.Errorf("%s is printed", selector)
		}
	}
}
