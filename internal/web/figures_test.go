package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/amparo/estimate/mse"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/vault"
)

// aFigure makes a figure in the workspace and returns the id of its record.
func aFigure(t *testing.T, w *app.Workspace, ask string) string {
	t.Helper()
	limits := mse.DefaultLimits()
	limits.Unresolved, limits.Hull = 1, 100 // in the invented people nobody has decided anything, and all pictures are to be seen
	f, err := w.MakeFigure(t.Context(), figure.Question{Ask: ask, Draws: 2, Limits: limits}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return f.Record.String()
}

// stated records what people told into a workspace, many at a time.
type stated struct {
	w   *app.Workspace
	pop *app.Populator
	err error
}

func (s *stated) say(kindName string, source id.ID, fields ...string) id.ID {
	rec := s.w.NewRecord()
	k, ok := s.w.Schema().Kind(kindName)
	vs := kind.Values{}
	for i := 0; ok && s.err == nil && i < len(fields); i += 2 {
		f, found := k.Field(fields[i])
		if !found {
			s.err = fmt.Errorf("no field %s.%s", kindName, fields[i])
			break
		}
		v, err := s.w.Schema().ParseValue(f, fields[i+1], "en")
		s.err = err
		vs[f.Name] = append(vs[f.Name], v)
	}
	if s.err == nil {
		s.err = s.pop.State(context.Background(), casebook.Statement{Record: rec, Kind: kindName, Source: source, Fields: vs}, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC))
	}
	return rec
}

// figuredWorkspace is a workspace of which every picture can be drawn: people on four lists,
// and many of them sent back, held, and heard. All of them are invented.
func figuredWorkspace(t *testing.T) *app.Workspace {
	t.Helper()
	return figuredIn(t, filepath.Join(t.TempDir(), "w"))
}

// history is how many people are on exactly some lists.
type history struct {
	lists string
	count int
}

func figuredIn(t *testing.T, dir string, more ...history) *app.Workspace {
	t.Helper()
	w, err := app.Create(context.Background(), dir, []byte("demo"), app.Options{Params: vault.LightParams, Name: "Figures"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s := &stated{w: w, pop: w.Populate()}
	names := map[rune]string{'a': "church", 'b': "relief", 'c': "lawyers", 'd': "families", 'e': "clinic", 'f': "school"}
	n := 0
	for _, h := range append([]history{{"a", 60}, {"b", 54}, {"c", 50}, {"d", 46}, {"ab", 14}, {"ac", 13}, {"ad", 12}, {"bc", 12}, {"bd", 11}, {"cd", 11}, {"abc", 5}, {"abd", 4}, {"bcd", 3}}, more...) {
		for range h.count {
			n++
			p := s.say("person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
			for _, purpose := range []string{"CO-02", "CO-03"} {
				s.say("consent", id.ID{}, "person", p.String(), "purpose", purpose, "state", "CS-1", "date", "2004-05-01", "language", "ko", "method", "oral", "text_version", "2004-1")
			}
			for _, l := range h.lists {
				s.say("list_capture", p, "person", p.String(), "list", names[l])
			}
			s.say("interview", id.ID{}, "person", p.String(), "date", "2004-06-01")
			if n%5 > 2 {
				continue
			}
			e := s.say("episode", p, "person", p.String(), "period", "2003", "outcome", []string{"OC-R01", "OC-R02", "OC-R03", "OC-R04", "OC-R10"}[n%7%5])
			for k, stage := range []string{"ST03", "ST05", "ST07", "ST09"} {
				if k == 0 || n%(k+2) != 1 { // each told of one: a few who did not would stand between two figures
					s.say("detention_stage", p, "person", p.String(), "episode", e.String(), "stage", stage, "duration", fmt.Sprintf("%d days", (3+n%23)*(1+3*k)))
				}
			}
		}
	}
	if s.err == nil {
		s.err = s.pop.Flush(context.Background())
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	return w
}

// Every figure with all its pictures, in every language: a sentence and a table under each,
// nothing on the console, no finding of axe, and pages small enough for a slow line.
func TestFiguresWithAllTheirPictures(t *testing.T) {
	axe := axeScript(t)
	w := figuredWorkspace(t)
	ctx, srv, c := openDesk(t, w)
	wanted := map[string][]string{
		figure.AskTotal: {"forest", "runs", "posterior", "tie", "without", "hidden"}, figure.AskStay: {"stay", "stages"}, figure.AskReturned: {"selection"}, figure.AskAfter: {"after"},
	}
	for _, ask := range []string{figure.AskTotal, figure.AskStay, figure.AskReturned, figure.AskAfter} {
		path := "/figures/" + aFigure(t, w, ask)
		said := map[string]bool{}
		for _, lang := range languages {
			if err := chromedp.Do(ctx, setCookie(srv, "lang", lang), chromedp.EmulateViewport(1366, 768), chromedp.Navigate(srv.URL+path), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
				t.Fatal(err)
			}
			if *pictures != "" {
				picture(t, ctx, "figure-"+ask+"-drawn", lang, "light")
			}
			for _, id := range wanted[ask] {
				says, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(() => { const s = document.getElementById("`+id+`-t")?.closest("section"); return s?.querySelector("table tbody tr") ? s.querySelector(".says").textContent : "" })()`))
				if err != nil || says == "" || said[says] {
					t.Errorf("%s %s: the picture %s says %q (%v)", ask, lang, id, says, err)
				}
				said[says] = true
			}
			size, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`[performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")].reduce((n, e) => n + e.decodedBodySize, 0)`))
			if err != nil || size < 20_000 || size > 150_000 {
				t.Errorf("%s %s: the page weighs %v bytes with all it loads (%v)", ask, lang, size, err)
			}
			for _, line := range c.take() {
				t.Errorf("%s %s: %s", ask, lang, line)
			}
			checkAccess(t, ctx, string(axe), ask+" "+lang)
			c.take()
		}
	}
}

// A day later one person more was heard: the page refuses the share and says why and what to
// do, in every language.
func TestAFigureThatWouldTellByItsDifferenceIsRefusedWithWords(t *testing.T) {
	axe := axeScript(t)
	w := figuredWorkspace(t)
	aFigure(t, w, figure.AskReturned)
	s := &stated{w: w, pop: w.Populate()}
	p := s.say("person", id.ID{}, "pseudonym", "P999", "birth", "1901-02-03", "sex", "f")
	for _, purpose := range []string{"CO-02", "CO-03"} {
		s.say("consent", id.ID{}, "person", p.String(), "purpose", purpose, "state", "CS-1", "date", "2004-05-01", "language", "ko", "method", "oral", "text_version", "2004-1")
	}
	s.say("interview", id.ID{}, "person", p.String(), "date", "2004-06-01")
	s.say("episode", p, "person", p.String(), "period", "2003")
	if s.err == nil {
		s.err = s.pop.Flush(t.Context())
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	ctx, srv, c := openDesk(t, w)
	path := "/figures/" + aFigure(t, w, figure.AskReturned)
	for lang, words := range map[string][2]string{"en": {"The difference between the two would tell", "wait until ten more"}, "ko": {"두 수치의 차이로", "열 명 이상이 더"}, "zh": {"两者之差", "十人或更多人"}} {
		if err := chromedp.Do(ctx, setCookie(srv, "lang", lang), chromedp.Navigate(srv.URL+path), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
			t.Fatal(err)
		}
		said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector(".figure.refused")?.textContent ?? ""`))
		if err != nil || !strings.Contains(said, words[0]) || !strings.Contains(said, words[1]) {
			t.Errorf("%s: %q (%v)", lang, said, err)
		}
		if pictures, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`document.querySelectorAll("main svg").length`)); err != nil || pictures != 0 {
			t.Errorf("%s: there are pictures of what is refused (%v)", lang, err)
		}
		checkAccess(t, ctx, string(axe), "refused "+lang)
		c.take()
	}
}

func TestAFigureIsMadeOnThePageAndARefusalIsAsClear(t *testing.T) {
	w := ownWorkspace(t, 250)
	s := newSite(t, w, testConfig())
	given, refused := 0, 0
	for _, ask := range figure.Asks() {
		page := s.get(s.figureMade(ask))
		switch no := strings.Contains(page, "No figure."); {
		case no && strings.Contains(page, "What to do:"):
			refused++
		case !no && strings.Contains(page, "etween "):
			given++
		default:
			t.Errorf("%s: the page says neither a figure nor what to do", ask)
		}
	}
	if given == 0 || refused == 0 {
		t.Errorf("%d figures and %d refusals: the test shows only one of them", given, refused)
	}
	if list := s.get("/figures"); strings.Count(list, `href="/figures/`) != given+refused || strings.Count(list, "No figure.") != refused {
		t.Error("the list does not show all of them")
	}
	if code, _, _ := s.do("POST", "/figures", url.Values{"ask": {"nonsense"}}, nil); code != http.StatusBadRequest {
		t.Errorf("an unknown question: %d", code)
	}
}
