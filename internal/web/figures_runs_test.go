package web

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/estimate"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
)

// shownRuns is what a page says of the runs of latent classes.
type shownRuns struct {
	Light, Says string
	Bars        int    // in the picture
	Rows        int    // of its table that can be read, once it is opened
	Why         string // once it is opened
}

// readRuns opens both of what is behind a click, with the keyboard, and reads them.
func readRuns(y typist) shownRuns {
	y.t.Helper()
	for range 2 {
		y.tabTo(`section:has(#runs-t) details:not([open]) > summary`)
		y.press(kb.Enter)
	}
	raw := y.ask(`(() => {
		const s = document.getElementById("runs-t").closest("section"), seen = e => e.checkVisibility() && e.getBoundingClientRect().height > 0;
		return JSON.stringify({
			Light: s.querySelector(".light").textContent.trim(), Says: s.querySelector(".says").textContent, Bars: s.querySelectorAll("svg rect.c-tick").length,
			Rows: [...s.querySelectorAll("tbody tr")].filter(seen).length, Why: [...s.querySelectorAll("details li")].filter(seen).map(e => e.textContent).join(" ") });
	})()`)
	var out shownRuns
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		y.t.Fatal(err)
	}
	return out
}

func seeRuns(y typist, name, lang string) {
	y.t.Helper()
	y.ask(`document.getElementById("runs-t").closest("section").scrollIntoView()`)
	picture(y.t, y.ctx, name, lang, "light")
}

// A total with latent classes is made by keyboard. Its page shows whether the runs agree in one
// word, with a picture, its table and what the word rests on behind a click; computed again it
// is the same.
func TestATotalWithLatentClassesIsMadeByKeyboardAndShowsItsRuns(t *testing.T) {
	axe := axeScript(t)
	w := figuredWorkspace(t)
	ctx, srv, c := openDesk(t, w)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	said := map[string]bool{}
	for _, lang := range languages {
		y.do(setCookie(srv, "lang", lang))
		y.open(srv.URL + "/figures")
		y.tabTo(`form[action="/figures"] button`)
		y.press(kb.Enter)
		at := y.arrive(`^/figures/[^/?]+$`) // nothing is pressed any more: the page moves on by itself
		got := readRuns(y)
		if got.Bars < 8 || got.Rows != 5 || said[got.Light] || said[got.Says] || !regexp.MustCompile(`R-hat (0\.99|1\.0[01])`).MatchString(got.Why) {
			t.Errorf("%s: the page shows %+v", lang, got)
		}
		said[got.Light], said[got.Says] = true, true
		if *pictures != "" {
			seeRuns(y, "figure-runs", lang)
		}
		checkAccess(t, ctx, string(axe), "runs "+lang)
		for _, line := range c.take() {
			if !strings.Contains(line, "axe") {
				t.Errorf("%s: %s", lang, line)
			}
		}
		rec, err := id.Parse(strings.TrimPrefix(at, "/figures/"))
		if err != nil {
			t.Fatal(err)
		}
		old, now, err := w.RerunFigure(t.Context(), rec)
		if err != nil || string(old.Fit) != string(now.Fit) {
			t.Errorf("%s: computed again it is another figure (%v)", lang, err)
		}
	}
}

// Where the runs do not agree the method says so in its row, and the light is another, in every
// language: of a figure whose sampler did not settle.
func TestASamplerThatDidNotSettleSaysSoOnThePage(t *testing.T) {
	axe := axeScript(t)
	w := figuredWorkspace(t)
	rec := unsettled(t, w)
	ctx, srv, c := openDesk(t, w)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	for lang, words := range map[string][2]string{"en": {"The runs do not agree.", "separate runs give 400 and 1,200"}, "ko": {"따로 돌린 결과가 서로 맞지 않습니다.", "따로 돌린 결과가 400, 1,200로 다릅니다"}, "zh": {"各次运行不吻合。", "分别运行得出400和1,200"}} {
		y.do(setCookie(srv, "lang", lang))
		y.open(srv.URL + "/figures/" + rec)
		got := readRuns(y)
		if got.Light != "✕ "+words[0] || got.Bars != 4 || got.Rows != 5 || !strings.Contains(got.Why, "R-hat 1.400") {
			t.Errorf("%s: the page shows %+v", lang, got)
		}
		if forest := y.ask(`document.getElementById("forest-t").closest("section").querySelector("tbody").textContent`); !strings.Contains(forest, words[1]) {
			t.Errorf("%s: the row of the method says %q", lang, forest)
		}
		if *pictures != "" {
			seeRuns(y, "figure-runs-apart", lang)
		}
		checkAccess(t, ctx, string(axe), "runs apart "+lang)
		c.take()
	}
}

// unsettled keeps a figure as it is where the sampler did not settle.
func unsettled(t *testing.T, w *app.Workspace) string {
	t.Helper()
	made, err := id.Parse(aFigure(t, w, figure.AskTotal))
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.Figure(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range fit.Ensemble {
		if m.Method == "lcm" {
			fit.Ensemble[i] = estimate.Refuse("lcm", estimate.Because("not_settled", "The calculation did not settle: separate runs give %d and %d. No figure is given.", 400, 1200))
		}
	}
	fit.Detail.(map[string]any)["runs"] = figure.Runs{First: 400, Width: 100, Runs: [][]int{{40}, {40}, {40}, {0, 0, 0, 0, 0, 0, 0, 0, 40}}, RHat: 1.4, ESS: 12, Verdict: figure.RunsDisagree, Fitted: 1}
	if f.Fit, err = json.Marshal(fit); err != nil {
		t.Fatal(err)
	}
	f.Record = w.NewRecord()
	whole, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	_, problems, err := w.State(t.Context(), casebook.Statement{Record: f.Record, Kind: "estimate_run", Fields: kind.Values{"model": {kind.Of("total: ensemble")}, "diagnostics": {kind.Of(string(whole))}}}, "save")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return f.Record.String()
}
