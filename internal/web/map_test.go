package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// aMap counts a map, and is its kind of event.
func aMap(t *testing.T, w *app.Workspace) string {
	t.Helper()
	for _, name := range []string{"detention_stage", "journey"} {
		if _, err := w.CountSpread(t.Context(), name, "test"); err != nil {
			t.Fatal(err)
		}
		if sp, err := w.Spread(t.Context(), name); err != nil {
			t.Fatal(err)
		} else if sp != nil {
			return name
		}
	}
	t.Fatal("no map of this world may be shown")
	return ""
}

// The map draws towns and counts and nothing else: no record, no line but coasts and
// borders, nothing from elsewhere; what it draws stands in the table.
func TestR03TheMapHoldsNoRecordAndNoWay(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	for _, q := range figure.SpreadQuestions {
		code, body, h := s.do("POST", "/map", url.Values{"of": {q.Kind}}, nil)
		if code == http.StatusSeeOther {
			body = s.get(h.Get("Location"))
		}
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

// R11: the page shows the same, to the byte, whoever is recorded after it was counted, and a count asked
// for again is refused in the reader's language, with what to do.
func TestR11TheMapPageIsTheSameWhoeverIsRecordedAfterIt(t *testing.T) {
	w := ownWorkspace(t, 100)
	s := newSite(t, w, testConfig())
	if body := s.get("/map?of=journey"); strings.Contains(body, `class="map"`) || strings.Contains(body, "<table") || !strings.Contains(body, "Not counted yet") {
		t.Fatal("a map is shown that nobody counted")
	}
	count := func() (int, string) {
		code, body, _ := s.do("POST", "/map", url.Values{"of": {"journey"}}, nil)
		return code, body
	}
	if code, body := count(); code != http.StatusSeeOther {
		t.Fatalf("counted: %d %s", code, body)
	}
	first := s.get("/map?of=journey")
	if strings.Count(first, `class="map"`) != 2 || !strings.Contains(first, "People counted") {
		t.Fatal("nothing is shown: the test shows nothing")
	}
	read, err := w.For("CO-03", "")
	if err != nil {
		t.Fatal(err)
	}
	crossings := func() (n int) {
		if err := read.Each(t.Context(), "journey", func(index.Row) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := crossings()
	state := func(rec id.ID, kindName string, vs kind.Values) {
		t.Helper()
		if _, problems, err := w.State(t.Context(), casebook.Statement{Record: rec, Kind: kindName, Fields: vs}, "save"); err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
	}
	p := w.NewRecord()
	state(p, "person", kind.Values{"pseudonym": {kind.Of("Hana")}})
	state(w.NewRecord(), "consent", kind.Values{"person": {kind.Of(p.String())}, "purpose": {kind.Of("CO-03")}, "state": {kind.Of("CS-1")}, "date": {kind.Of("2020-01-01")},
		"text_version": {kind.Of("1")}, "language": {kind.Of("ko")}, "method": {kind.Of("signed")}})
	state(w.NewRecord(), "journey", kind.Values{"person": {kind.Of(p.String())}, "from": {kind.Of("KP-ONS")}, "period": {kind.Of("1998-11")}})
	if crossings() != before+1 {
		t.Fatal("the person does not count: the test shows nothing")
	}
	if s.get("/map?of=journey") != first {
		t.Error("after one person more another map is shown")
	}
	main := func(body string) string { return body[strings.Index(body, `<p class="people">`):] }
	for lang, says := range map[string]string{"en": "Too few people came in", "ko": "너무 적습니다", "zh": "太少"} {
		_, body, _ := s.do("POST", "/map", url.Values{"of": {"journey"}}, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "lang", Value: lang}) })
		if !strings.Contains(body, says) {
			t.Errorf("%s: nothing says why it is not counted anew", lang)
		}
		if lang == "en" && main(body) != main(first) {
			t.Error("a count that is refused shows another map")
		}
	}
}

// Another event and period are chosen with keys alone.
func TestTheMapByKeyboard(t *testing.T) {
	ctx, srv, _ := openDesk(t, demoWorkspace(t))
	y := typist{t, ctx}
	y.open(srv.URL + "/map")
	y.do(chromedp.Focus(chromedp.CSS("select[name=of]")))
	y.leads(`^/map\?of=episode&in=1990`, kb.ArrowDown, kb.Tab, kb.ArrowDown, kb.Tab, kb.Enter)
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
