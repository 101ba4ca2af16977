package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

const (
	longUnits = 800
	unitWords = 50 // 40,000 words in all, and their translation
)

// longTestimony is a workspace with an interview of 40,000 words.
func longTestimony(t *testing.T) (*app.Workspace, id.ID) {
	t.Helper()
	w := ownWorkspace(t, 5)
	interview := w.NewRecord()
	all := []casebook.Statement{{Record: interview, Kind: "interview", Fields: kind.Values{"date": {kind.Of("2004-05")}, "person": {kind.Of(firstOf(t, w, "person").ID.String())}}}}
	spoken, translated := strings.Repeat("그때 강을 건넜습니다 ", unitWords/3+1), strings.Repeat("then we crossed ", unitWords/3+1)
	for n := range longUnits {
		all = append(all, casebook.Statement{Record: w.NewRecord(), Kind: "statement_unit", Fields: kind.Values{"interview": {kind.Of(interview.String())}, "order": {kind.Of(fmt.Sprint(n + 1))},
			"basis": {kind.Of("BK-1")}, "verbatim": {{Text: spoken, Lang: "ko"}}, "translation": {{Text: translated, Lang: "en"}}}})
	}
	if _, err := w.StateAll(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return w, interview
}

// A testimony of 40,000 words is read from its beginning to its end in pages each of which
// is light, and every passage is on one of them.
func TestALongTestimonyIsReadInLightPages(t *testing.T) {
	w, interview := longTestimony(t)
	s := newSite(t, w, testConfig())
	assets := 0
	for name := range contentTypes {
		assets += len(s.get("/static/" + name))
	}
	for _, path := range []string{"/record/" + interview.String() + "/transcript", "/record/" + interview.String() + "/code", "/record/" + interview.String() + "/readback?at=-"} {
		units, heaviest := 0, 0
		for range longUnits {
			body := s.get(path)
			units += strings.Count(body, `class="unit`)
			heaviest = max(heaviest, len(body)+assets)
			link := `rel="next" href="`
			at := strings.Index(body, link)
			if at < 0 {
				link = `data-next>`
				if at = strings.Index(body, link); at >= 0 {
					at = strings.LastIndex(body[:at], `href="`)
					link = `href="`
				}
			}
			if at < 0 {
				break
			}
			path, _, _ = strings.Cut(body[at+len(link):], `"`)
			path = strings.ReplaceAll(path, "&amp;", "&")
		}
		if units != longUnits {
			t.Errorf("%d passages are on the pages, want %d", units, longUnits)
		}
		if heaviest > maxPage {
			t.Errorf("a page weighs %d bytes with its assets, more than %d", heaviest, maxPage)
		}
		t.Logf("the heaviest page weighs %d bytes", heaviest)
	}
}

// longestTask is the longest pause of the page since the observer was set, in milliseconds:
// Chromium reports those of 50 ms and more.
const longestTask = `Math.max(0, ...(window.pauses ?? []))`

// Scrolling through a page of the testimony and selecting words in it, by keys, makes no
// pause over 50 ms. The machine may be busy with other things: one of five attempts must
// be free of pauses, because a pause of the page's own making would be in all of them.
func TestALongTestimonyScrollsAndSelectsWithoutAPause(t *testing.T) {
	w, interview := longTestimony(t)
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	var seen []string
	for range 5 {
		y.open(srv.URL + "/record/" + interview.String() + "/code")
		y.ask(`(window.pauses = [], new PerformanceObserver(l => window.pauses.push(...l.getEntries().map(e => e.duration))).observe({ type: "longtask" }))`)
		for range 39 {
			y.do(chromedp.KeyEvent("j"), chromedp.KeyEvent(kb.ArrowRight))
		}
		y.ask(`(scrollTo(0, 0), scrollTo(0, document.body.scrollHeight), getSelection().selectAllChildren(document.querySelector("[data-words]") ?? document.body))`)
		time.Sleep(300 * time.Millisecond) // the observer reports late, and there may be nothing to report
		if y.ask(`scrollY > 1000 && getSelection().toString().length > 5000`) != "true" {
			t.Fatal("nothing was scrolled or selected")
		}
		ms := y.ask(longestTask)
		if seen = append(seen, ms); ms == "0" {
			t.Logf("no pause of 50 ms or more, after attempts with pauses of %v ms", seen[:len(seen)-1])
			y.ask(`setTimeout(() => { const end = performance.now() + 120; while (performance.now() < end); })`)
			y.until("a pause of 120 ms is reported: else the test proves nothing", longestTask+" >= 100")
			return
		}
	}
	t.Errorf("every attempt had a pause: %v ms", seen)
}
