package web

import (
	"context"
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
func longestTask(t *testing.T, ctx context.Context) float64 {
	t.Helper()
	ms, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`Math.max(0, ...(window.pauses ?? []))`))
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// reportsPauses makes a pause and looks that it is seen: else the test above proves nothing.
func reportsPauses(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`setTimeout(() => { const end = performance.now() + 120; while (performance.now() < end); }), true`)); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if longestTask(t, ctx) >= 100 {
			return
		}
		time.Sleep(50 * time.Millisecond) // the observer reports late
	}
	t.Error("a pause of 120 ms was not reported")
}

// Scrolling through a page of the testimony and selecting words in it, by keys, makes no
// pause over 50 ms. The machine may be busy with other things: one of five attempts must
// be free of pauses, because a pause of the page's own making would be in all of them.
func TestALongTestimonyScrollsAndSelectsWithoutAPause(t *testing.T) {
	w, interview := longTestimony(t)
	ctx, srv, _ := openDesk(t, w)
	var seen []float64
	for range 5 {
		if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+"/record/"+interview.String()+"/code"), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
			t.Fatal(err)
		}
		complete(t, ctx)
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`{ window.pauses = []; new PerformanceObserver(l => window.pauses.push(...l.getEntries().map(e => e.duration))).observe({ type: "longtask" }); true }`)); err != nil {
			t.Fatal(err)
		}
		for range 39 {
			if err := chromedp.Do(ctx, chromedp.KeyEvent("j"), chromedp.KeyEvent(kb.ArrowRight)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`scrollTo(0, 0); scrollTo(0, document.body.scrollHeight); getSelection().selectAllChildren(document.querySelector("[data-words]") ?? document.body); true`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // the observer reports late
		at, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`scrollY > 1000 && getSelection().toString().length > 5000`))
		if err != nil || !at {
			t.Fatalf("nothing was scrolled or selected: %v", err)
		}
		ms := longestTask(t, ctx)
		if seen = append(seen, ms); ms == 0 {
			t.Logf("no pause of 50 ms or more, after attempts with pauses of %v ms", seen[:len(seen)-1])
			reportsPauses(t, ctx)
			return
		}
	}
	t.Errorf("every attempt had a pause: %v ms", seen)
}
