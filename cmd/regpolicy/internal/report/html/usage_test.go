package html

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

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
