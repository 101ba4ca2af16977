package web

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a test waits for what it has begun: a busy machine takes its time.
const patience = time.Minute

// within waits until something holds, and tells whether it came to that.
func within(limit time.Duration, holds func() bool) bool {
	for end := time.Now().Add(limit); !holds(); time.Sleep(25 * time.Millisecond) { // nothing tells when
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// eventually waits for what no page shows.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !within(patience, holds) {
		t.Fatalf("%s: not after %v", what, patience)
	}
}

// typist drives a page by keys alone, and waits for what they lead to.
type typist struct {
	t   *testing.T
	ctx context.Context
}

// inFocus is the element that has the focus, as its tag, name, address and text.
const inFocus = `(e => [e?.tagName, e?.name ?? "", e?.getAttribute("href") ?? "", e?.textContent.slice(0, 120)].join(" "))(document.activeElement)`

// fatal ends the test and says what the page shows.
func (y typist) fatal(format string, args ...any) {
	y.t.Helper()
	shows, err := chromedp.Run(y.ctx, chromedp.Evaluate[string](`location.pathname + location.search + ", the focus on " + `+inFocus+` + ", saying " +
		[...document.querySelectorAll("[role=alert], .notice, main")].map(e => e.innerText).join(" ").replace(/\s+/g, " ").slice(0, 600)`))
	y.t.Fatalf("%s; the page is at %s (%v)", fmt.Sprintf(format, args...), shows, err)
}

func (y typist) do(actions ...chromedp.Action[chromedp.Void]) {
	y.t.Helper()
	if err := chromedp.Do(y.ctx, actions...); err != nil {
		y.fatal("%v", err)
	}
}

// open goes to an address and waits until the page and its script are there.
func (y typist) open(address string) {
	y.t.Helper()
	y.do(chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS("footer")))
	y.ask("1")
}

// ask is what an expression gives, as text, once the page is complete: one that is being
// exchanged answers nothing.
func (y typist) ask(script string) (out string) {
	y.t.Helper()
	var err error
	within(patience, func() bool {
		out, err = chromedp.Run(y.ctx, chromedp.Evaluate[string](`document.readyState !== "complete" ? "\u0000" : String(`+script+`)`))
		return err == nil && out != "\x00" || y.ctx.Err() != nil
	})
	if err != nil || out == "\x00" {
		y.fatal("the page does not answer %s (%v)", script, err)
	}
	return out
}

// text is what can be read of an element, once it is there.
func (y typist) text(selector string) string {
	y.t.Helper()
	return y.ask(fmt.Sprintf(`(e => e.checkVisibility() ? e.innerText : "")(document.querySelector(%q))`, selector))
}

func (y typist) focus() string {
	y.t.Helper()
	return y.ask(inFocus)
}

// until waits until something holds on the page.
func (y typist) until(what, script string) {
	y.t.Helper()
	y.eventually(what, func() bool { return y.ask(script) == "true" })
}

// eventually waits for what a key on the page has begun, wherever it can be seen.
func (y typist) eventually(what string, holds func() bool) {
	y.t.Helper()
	if !within(patience, holds) {
		y.fatal("%s: not after %v", what, patience)
	}
}

// arrive waits until the page is at an address that a pattern finds, and returns the address.
func (y typist) arrive(pattern string) (at string) {
	y.t.Helper()
	y.eventually("at "+pattern, func() bool {
		at = y.ask("window.left ? '' : location.pathname + location.search")
		return regexp.MustCompile(pattern).MatchString(at)
	})
	return at
}

// press presses keys on a page that is complete.
func (y typist) press(keys ...string) {
	y.t.Helper()
	y.ask("1")
	for _, k := range keys {
		y.do(chromedp.KeyEvent(k))
	}
}

// leads presses keys and waits for the page that they lead to: another one, even where the
// address is much the same.
func (y typist) leads(pattern string, keys ...string) {
	y.t.Helper()
	y.ask("window.left = true")
	y.press(keys...)
	y.arrive(pattern)
}

// step presses a key until something holds of e, the element in focus.
func (y typist) step(key, script string) {
	y.t.Helper()
	for range 300 {
		if y.ask("(e => "+script+")(document.activeElement)") == "true" {
			return
		}
		y.do(chromedp.KeyEvent(key))
	}
	y.fatal("the key %q does not lead to %s", key, script)
}

// tabTo goes on with Tab until the element in focus matches a selector.
func (y typist) tabTo(selector string) {
	y.t.Helper()
	y.step(kb.Tab, fmt.Sprintf("e.matches(%q)", selector))
}

// choose moves a list to a value by the arrow keys: letters depend on the language.
func (y typist) choose(value string) {
	y.t.Helper()
	y.step(kb.ArrowDown, fmt.Sprintf("e.value === %q", value))
}

// paste writes a long text into the box in focus, as the clipboard does.
func (y typist) paste(text string) {
	y.t.Helper()
	y.do(call(input.InsertText, input.InsertTextParams{Text: text}))
}

// fill answers fields one after the other, by Tab and keys, and presses the button.
func (y typist) fill(form string, pairs ...string) {
	y.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		y.tabTo(form + " [name=" + pairs[i] + "]")
		y.paste(pairs[i+1])
	}
	y.tabTo(form + " button")
	y.press(kb.Enter)
}

// upload chooses a file and presses the button of its form.
func (y typist) upload(form, file string) {
	y.t.Helper()
	y.tabTo(form + " input[type=file]")
	y.do(chromedp.SetUploadFiles(chromedp.CSS(form+" input[type=file]"), []string{file}))
	y.tabTo(form + " button")
	y.press(kb.Enter)
}

// listens waits until a form keeps what is typed into it.
func (y typist) listens() {
	y.t.Helper()
	y.until("the form listens", `document.querySelector("[data-keep]")?.dataset.kept !== undefined`)
}
