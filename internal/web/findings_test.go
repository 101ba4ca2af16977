package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
)

// aType is a type of act of which several incidents may be laid beside each other.
func aType(t *testing.T, w *app.Workspace) (code string, incidents []id.ID) {
	t.Helper()
	res, err := w.Candidates(t.Context(), index.Query{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string][]id.ID{}
	for _, r := range res.Rows {
		c := r.Values.Get("type")
		by[c] = append(by[c], r.ID)
		if len(by[c]) > len(by[code]) || len(by[c]) == len(by[code]) && c < code {
			code = c
		}
	}
	if len(by[code]) < 3 {
		t.Fatal("no three incidents of one type may be compared")
	}
	return code, by[code]
}

// aFinding is a pattern finding in the shared workspace, made once.
func aFinding(t *testing.T, w *app.Workspace) string {
	t.Helper()
	list, _, err := w.Findings(t.Context(), "en")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		return list[0].ID.String()
	}
	code, incidents := aType(t, w)
	rec, problems, err := w.MakeFinding(t.Context(), app.NewFinding{Type: code, Facility: "FT-SSD-K", Period: "1998/2004", Incidents: incidents[:3]})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return rec.String()
}

func TestAFindingIsMadeOfChosenIncidents(t *testing.T) {
	w := ownWorkspace(t, 60)
	s := newSite(t, w, testConfig())
	code, incidents := aType(t, w)
	page := s.get("/patterns?type=" + code)
	if !strings.Contains(page, incidents[0].String()) || !strings.Contains(page, "No finding was made yet") {
		t.Error("the incidents are not offered")
	}
	form := url.Values{"type": {code}, "period": {"someday"}, "incident": {incidents[0].String()}}
	status, body, _ := s.do("POST", "/patterns", form, nil)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "someday") || !strings.Contains(body, `role="alert"`) {
		t.Errorf("a period that is none: %d", status)
	}
	form.Set("period", "1998-2004")
	if status, _, _ = s.do("POST", "/patterns", url.Values{"type": {code}, "incident": {firstOf(t, w, "person").ID.String()}}, nil); status != http.StatusNotFound {
		t.Errorf("a person as an incident: %d", status)
	}
	status, body, h := s.do("POST", "/patterns", form, nil)
	if status != http.StatusSeeOther {
		t.Fatalf("making: %d %s", status, alert(body))
	}
	at, _, _ := strings.Cut(h.Get("Location"), "?")
	page = s.get(at)
	for _, want := range []string{"1 incident, ", "two incidents, of two persons", "/patterns?", incidents[0].String()} {
		if !strings.Contains(page, want) {
			t.Errorf("the finding's page does not say %q", want)
		}
	}
	rec := strings.TrimSuffix(strings.TrimPrefix(at, "/record/"), "/verification")
	if status, _, h = s.do("POST", "/patterns", url.Values{"to": {rec}, "type": {code}, "all": {"1"}}, nil); status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), at) {
		t.Fatalf("adding: %d", status)
	}
	if page = s.get(at); strings.Contains(page, "1 incident, ") || !strings.Contains(page, incidents[1].String()) {
		t.Error("the incidents were not added")
	}
	if page = s.get("/record/" + rec); !strings.Contains(page, at) {
		t.Error("the record does not lead to its verification")
	}
	if page = s.get("/list/pattern"); !strings.Contains(page, `href="/patterns"`) {
		t.Error("the list does not lead to the making of one")
	}
}

// With keys alone: the incidents are asked for and chosen, a level is argued with other
// explanations and contrary material, the page says what is missing, and a member signs.
func TestAFindingIsMadeArguedAndSignedByKeyboard(t *testing.T) {
	w := ownWorkspace(t, 60)
	axe := axeScript(t)
	code, _ := aType(t, w)
	voc, _ := w.Schema().Vocabulary("mistreatment_types")
	term, _ := voc.Term(code)
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	y.open(srv.URL + "/list/pattern")
	y.tabTo(`a[href^="/patterns"]`)
	y.leads(`^/patterns$`, kb.Enter)
	y.tabTo("[name=type]")
	y.press(term.Label.In("en"))
	y.tabTo("[name=period]")
	y.leads(`type=`+regexp.QuoteMeta(code)+`.*period=`, "1995-2010", kb.Enter)
	checkAccess(t, ctx, string(axe), "incidents to choose")
	y.tabTo("[name=incident]")
	y.press(" ")
	y.tabTo("a")
	y.tabTo("[name=incident]")
	y.press(" ")
	if chosen := y.ask(`document.querySelectorAll("[name=incident]:checked").length`); chosen != "2" {
		t.Fatalf("%s incidents are ticked, want 2", chosen)
	}
	y.step(kb.Tab, `e.textContent.includes("Record the finding")`)
	y.leads(`/verification\?done=saved`, kb.Enter)
	y.tabTo("[name=level]")
	y.press("VS-4")
	for _, f := range [][2]string{{"reasons", "two tellers of two cells"}, {"alternatives", "one cruel guard of that year"}, {"contrary", "the denial of 2004"}} {
		y.tabTo("[name=" + f[0] + "]")
		y.press(f[1])
	}
	y.step(kb.Tab, `e.textContent.includes("Record the argument")`)
	y.leads(`done=argued`, kb.Enter)
	if text := y.text(".argument"); !strings.Contains(text, "one cruel guard") || !strings.Contains(text, "the denial of 2004") || !strings.Contains(text, "the sign-off of two members") {
		t.Errorf("the argument says %q", text)
	}
	checkAccess(t, ctx, string(axe), "a finding that was argued")
	y.tabTo("[name=reason]")
	y.leads(`done=signed`, "read both interviews", kb.Enter)
	list, _, err := w.Findings(t.Context(), "en")
	if err != nil || len(list) != 1 || list[0].Level != "VS-0" || list[0].Incidents == 0 {
		t.Fatalf("after one signature: %+v %v", list, err)
	}
	if text := y.text(".argument"); !strings.Contains(text, "read both interviews") {
		t.Errorf("the signature is not shown: %q", text)
	}
}
