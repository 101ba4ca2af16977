package web

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/internal/app"
)

// The map draws towns and counts and nothing else: no record, no line but coasts and
// borders, nothing from elsewhere; what it draws stands in the table.
func TestR03TheMapHoldsNoRecordAndNoWay(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	for _, q := range app.SpreadQuestions {
		body := s.get("/map?of=" + q.Kind)
		main := body[strings.Index(body, "<main"):]
		if strings.Contains(main, "/record/") || strings.Contains(main, "<line") || strings.Contains(main, "<polyline") || strings.Contains(main, "<image") {
			t.Errorf("%s: a record, a way or a picture is on the map", q.Kind)
		}
		if q.Kind != "journey" && strings.Contains(main, `class="wrong"`) {
			continue // too few people in this world: the page says so and shows nothing
		}
		if strings.Count(main, "<path") != 2 || strings.Count(main, "<svg") != 2 || !strings.Contains(main, "<table") {
			t.Errorf("%s: %d paths, %d drawings", q.Kind, strings.Count(main, "<path"), strings.Count(main, "<svg"))
		}
	}
	if code, _, _ := s.do("GET", "/map?of=hiding_period", nil, nil); code != 404 {
		t.Errorf("a map of hiding places: %d", code)
	}
}

// Another event and period are chosen with keys alone.
func TestTheMapByKeyboard(t *testing.T) {
	ctx, srv, _ := openDesk(t, demoWorkspace(t))
	if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+"/map"), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
		t.Fatal(err)
	}
	complete(t, ctx)
	if err := chromedp.Do(ctx, chromedp.Focus(chromedp.CSS("select[name=of]")), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	at := ""
	for range 200 {
		at, _ = chromedp.Run(ctx, chromedp.Location()) // while pages change there may be none
		if strings.Contains(at, "/map?of=episode&in=1990") {
			return
		}
		time.Sleep(50 * time.Millisecond) // the page is on its way
	}
	t.Errorf("at %q, want another event and period", strings.TrimPrefix(at, srv.URL))
}

// maxPage is what a page may weigh with everything it loads, in bytes: it must open on an
// old laptop from a slow stick.
const maxPage = 150_000

func TestEveryPageWithItsAssetsStaysLight(t *testing.T) {
	w := demoWorkspace(t)
	s := newSite(t, w, testConfig())
	assets := 0
	for name := range contentTypes {
		assets += len(s.get("/static/" + name))
	}
	cases := pages(t, w)
	for _, k := range w.Schema().Kinds() {
		cases = append(cases, pageCase{k.Name, "/list/" + k.Name}, pageCase{k.Name, "/new/" + k.Name})
	}
	heaviest, name := 0, ""
	for _, p := range cases {
		n := assets + len(s.get(p.path))
		if n > heaviest {
			heaviest, name = n, p.path
		}
		if n > maxPage {
			t.Errorf("%s weighs %d bytes with all it loads, more than %d", p.path, n, maxPage)
		}
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(name, "/"), "?")
	t.Logf("the heaviest page weighs %d bytes, %d of them script, style and icon: %s", heaviest, assets, strings.Split(kind, "/")[0])
}
