package web

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/internal/app"
)

var pictures = flag.String("pictures", "", "folder to write screenshots of every page in every language into")

// browser starts Debian's Chromium, or skips loudly where there is none and CI does not
// ask for it.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("AMPARO_REQUIRE_BROWSER") != "" {
			t.Fatal("no Chromium on this machine, and AMPARO_REQUIRE_BROWSER asks for one")
		}
		t.Skip("SKIPPED: no Chromium on this machine; install the package chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-gpu", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel2 := chromedp.NewContext(alloc)
	t.Cleanup(cancel2)
	ctx, cancel3 := context.WithTimeout(ctx, 15*time.Minute)
	t.Cleanup(cancel3)
	return ctx
}

// complaints collects everything a page makes the browser complain about.
type complaints struct {
	mu    sync.Mutex
	lines []string
}

func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.lines
	c.lines = nil
	return out
}

// watch reports console messages, exceptions, policy violations and any request that
// leaves this server.
func watch(t *testing.T, ctx context.Context, base string) *complaints {
	t.Helper()
	c := &complaints{}
	if err := chromedp.Do(ctx, call(cdplog.Enable, cdp.Empty{}), call(network.Enable, network.EnableParams{}), call(runtime.Enable, cdp.Empty{})); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *cdplog.EventEntryAdded:
			c.add("log: %s %s", e.Entry.Text, e.Entry.URL)
		case *runtime.EventConsoleAPICalled:
			c.add("console: %s", e.Type)
		case *runtime.EventExceptionThrown:
			c.add("exception: %s", e.ExceptionDetails.Text)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, base) && !strings.HasPrefix(e.Request.URL, "data:") {
				c.add("a request that leaves: %s", e.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func call[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cmd, params)
		return err
	})
}

func openDesk(t *testing.T, w *app.Workspace) (context.Context, *httptest.Server, *complaints) {
	t.Helper()
	srv := newSite(t, w, testConfig()).Server
	ctx := browser(t)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 860)); err != nil {
		t.Fatal(err)
	}
	c := watch(t, ctx, srv.URL)
	if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+"/?start="+testToken), chromedp.WaitVisible(chromedp.CSS("main h1, .door h1"))); err != nil {
		t.Fatal(err)
	}
	return ctx, srv, c
}

func setCookie(srv *httptest.Server, name, value string) chromedp.Action[chromedp.Void] {
	return call(network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: srv.URL})
}

// axeScript is axe-core, which looks for what keeps people from using a page.
func axeScript(t *testing.T) []byte {
	t.Helper()
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	return axe
}

// Every page in every language, light and dark: nothing on the console, no policy
// violation, no request elsewhere, and no finding of axe (WCAG 2.2 AA).
func TestPagesInTheBrowser(t *testing.T) {
	axe := axeScript(t)
	w := demoWorkspace(t)
	ctx, srv, c := openDesk(t, w)
	for _, lang := range languages {
		for _, th := range []string{"light", "dark"} {
			if err := chromedp.Do(ctx, setCookie(srv, "lang", lang), setCookie(srv, "theme", th)); err != nil {
				t.Fatal(err)
			}
			for _, p := range pages(t, w) {
				if th == "dark" && lang != "en" {
					continue // contrast does not depend on the language
				}
				if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+p.path), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
					t.Fatalf("%s: %v", p.name, err)
				}
				if *pictures != "" {
					picture(t, ctx, p.name, lang, th)
				}
				for _, line := range c.take() {
					t.Errorf("%s %s %s: %s", p.name, lang, th, line)
				}
				checkAccess(t, ctx, string(axe), p.name+" "+lang+" "+th)
				c.take() // axe itself may log
			}
		}
	}
}

func picture(t *testing.T, ctx context.Context, name, lang, th string) {
	t.Helper()
	if th == "dark" && name != "desk" && name != "person" {
		return
	}
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	file := name + "." + lang + ".png"
	if th == "dark" {
		file = name + "." + lang + ".dark.png"
	}
	if err := os.WriteFile(filepath.Join(*pictures, file), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

const runAxe = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " (" + (n.any[0]?.message ?? "") + ")").join("; "))))`

func checkAccess(t *testing.T, ctx context.Context, axe, what string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		res, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: axe})
		if err == nil && res.ExceptionDetails != nil {
			err = fmt.Errorf("axe: %s", res.ExceptionDetails.Text)
		}
		return err
	})); err != nil {
		t.Fatal(err)
	}
	out, err := chromedp.Run(ctx, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s: %s", what, f)
	}
}

// With script off every action is still a form or a link.
func TestTheDeskWithoutScript(t *testing.T) {
	w := ownWorkspace(t, 5)
	ctx, srv, _ := openDesk(t, w)
	err := chromedp.Do(ctx, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}),
		chromedp.Navigate(srv.URL+"/new/person"), chromedp.WaitReady(chromedp.CSS("footer")),
		chromedp.SendKeys(chromedp.CSS("#f-pseudonym"), "Namsan-77"), chromedp.SendKeys(chromedp.CSS("#f-birth"), "1968년 가을"),
		chromedp.Submit(chromedp.CSS("form.entry")), chromedp.WaitVisible(chromedp.CSS(".notice")))
	if err != nil {
		t.Fatal(err)
	}
	h1, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("h1")))
	if err != nil || h1 != "Namsan-77" {
		t.Fatalf("after saving the page is titled %q (%v)", h1, err)
	}
	body, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil || !strings.Contains(body, "autumn 1968") {
		t.Errorf("the season is not kept as it was said (%v)", err)
	}
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#q"), "namsan"), chromedp.Submit(chromedp.CSS("form.find")), chromedp.WaitVisible(chromedp.CSS(".hits a"))); err != nil {
		t.Fatal("search without script: ", err)
	}
}

// From the desk to a record and back with keys alone; F8 locks from anywhere.
func TestTheDeskByKeyboard(t *testing.T) {
	w := demoWorkspace(t)
	cfg := testConfig()
	locked := make(chan bool, 1)
	cfg.Lock = func() { locked <- true }
	srv := newSite(t, w, cfg).Server
	y := typist{t, browser(t)}
	y.open(srv.URL + "/?start=" + testToken)
	y.do(chromedp.WaitVisible(chromedp.CSS(".numbers")))
	y.leads(`^/list/person`, "g", "p")
	y.leads(`^/record/`, "j", "j", "k", kb.Enter)
	y.press("/")
	// The browser's own keyboard writes no "/" where the page took the key; the test's
	// does, so the box is emptied.
	if at := y.ask(`(document.activeElement.value = "", document.activeElement.id)`); at != "q" {
		t.Fatalf("/ leads to %q", at)
	}
	y.leads(`^/search\?q=`+regexp.QuoteMeta(url.QueryEscape("온성")), "온성", kb.Enter)
	y.leads(`^/$`, "g", "d")
	y.do(chromedp.Focus(chromedp.CSS("#q")))
	y.press(kb.F8)
	select {
	case <-locked:
	case <-time.After(patience):
		t.Error("F8 in the search box does not lock")
	}
	y.until("after F8 the page says that it is locked", `document.querySelector("h1")?.textContent === "Locked"`)
}

// Ten pairs are decided with one key each; the page says what became of them, and one
// decision is taken back.
func TestTenPairsAreDecidedByKeyboard(t *testing.T) {
	w := demoWorkspace(t)
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.open(srv.URL + "/review/person")
	pair := `[...document.querySelectorAll("[data-review] [type=hidden]")].map(e => e.value).join(" ")`
	l, err := w.Linking(t.Context(), "person", false)
	if err != nil {
		t.Fatal(err)
	}
	before := l.Decided()
	for n := range 10 {
		y.until(fmt.Sprintf("a pair after %d decisions", n), pair+` !== ""`)
		at := y.ask(pair)
		key := "d" // one "same" and nine "different" cannot contradict each other
		if n == 0 {
			key = "s"
		}
		y.press(key)
		y.until(fmt.Sprintf("another pair after decision %d", n+1), fmt.Sprintf(`!["", %q].includes(%s)`, at, pair))
	}
	if got := l.Decided() - before; got != 10 {
		t.Errorf("%d pairs are decided, want 10", got)
	}
	if y.ask(`document.querySelectorAll(".changes form").length`) == "0" {
		t.Fatal("no decision can be taken back on the page")
	}
	y.do(chromedp.Focus(chromedp.CSS(".changes form button")))
	y.press(kb.Enter)
	y.eventually("nine pairs stay decided after one is taken back", func() bool {
		l, err = w.Linking(t.Context(), "person", false)
		return err == nil && l.Decided() == before+9
	})
}

// A question with a condition is hidden until the condition holds.
func TestConditionalQuestions(t *testing.T) {
	w := demoWorkspace(t)
	field, other := "", ""
	kindName := ""
	for _, k := range w.Schema().Kinds() {
		for _, f := range k.Fields {
			if f.When != nil && len(f.When.Is) > 0 {
				kindName, field, other = k.Name, f.Name, f.When.Field
			}
		}
	}
	if kindName == "" {
		t.Skip("no kind has a condition on a value")
	}
	k, _ := w.Schema().Kind(kindName)
	f, _ := k.Field(field)
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.open(srv.URL + "/new/" + kindName)
	hidden := func() bool { return y.ask(fmt.Sprintf(`document.getElementById("q-%s").hidden`, field)) == "true" }
	if !hidden() {
		t.Errorf("%s.%s shows although %s is not answered", kindName, field, other)
	}
	y.ask(fmt.Sprintf(`(() => { const e = document.querySelector('[name="%s"]'); if (e.type === "checkbox") { document.querySelector('[name="%s"][value="%s"]').checked = true } else { e.value = "%s" }; e.dispatchEvent(new Event("input", {bubbles: true})) })()`, other, other, f.When.Is[0], f.When.Is[0]))
	if hidden() {
		t.Errorf("%s.%s stays hidden although %s is %s", kindName, field, other, f.When.Is[0])
	}
}

// What is typed into a form is there again after the browser was closed and the workspace
// locked, and gone once it is saved.
func TestWhatWasTypedIsThereAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	w, err := newWorkspace(dir, 5)
	if err != nil {
		t.Fatal(err)
	}
	const form = "/new/person"
	kept := func(w *app.Workspace) bool {
		_, ok, err := w.Unsaved(t.Context(), form)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.open(srv.URL + form)
	y.listens()
	y.do(chromedp.Focus(chromedp.CSS("[name=pseudonym]")))
	y.press("Byeol")
	y.eventually("what was typed is kept", func() bool { return kept(w) })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w, err = app.Open(t.Context(), dir, []byte("demo"), app.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	ctx, srv, _ = openDesk(t, w)
	y = typist{t, ctx}
	if text := y.text("main"); !strings.Contains(text, "Begun and not saved") {
		t.Errorf("the desk does not say that something was begun: %q", text)
	}
	y.open(srv.URL + form)
	y.listens()
	if back := y.ask(`document.querySelector("[name=pseudonym]").value + (document.querySelector("#restored").hidden ? "" : " is back")`); back != "Byeol is back" {
		t.Fatalf("after opening again the form holds %q", back)
	}
	y.do(chromedp.Focus(chromedp.CSS("[name=pseudonym]")))
	y.press(kb.Enter)
	y.eventually("what was saved is no longer kept", func() bool { return !kept(w) })
	if row := firstOf(t, w, "person"); row.Values.Get("pseudonym") != "Byeol" {
		t.Errorf("saved as %q", row.Values.Get("pseudonym"))
	}
}
