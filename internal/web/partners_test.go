package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/names"
	"example.org/amparo/when"
)

// aPartner is an exchange of a workspace, for the tests that look at every page.
func aPartner(t *testing.T, w *app.Workspace) string {
	t.Helper()
	all, err := w.Partners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) > 0 {
		return all[0].ID.String()
	}
	x, err := w.StartPartner(t.Context(), "River Archive", "Lantern Desk", inAMonth(), 20)
	if err != nil {
		t.Fatal(err)
	}
	return x.ID.String()
}

func inAMonth() when.Date {
	y, m, d := time.Now().UTC().AddDate(0, 1, 0).Date()
	return when.On(y, int(m), d)
}

// heardBy is a workspace with one person who was heard and allows matching with a partner.
func heardBy(t *testing.T, name, partner string) *heard {
	h := newHeard(t)
	state(t, h.Workspace, "person_identity", "person", h.person.String(), "names", name)
	for _, c := range [][]string{{"CO-02"}, {"CO-10", "recipients", partner}} {
		state(t, h.Workspace, "consent", append([]string{"person", h.person.String(), "purpose", c[0], "state", "CS-1", "date", h.now.time().Format("2006-01-02"), "language", "ko", "method", "oral", "text_version", "2026-01"}, c[1:]...)...)
	}
	return h
}

// hand uploads a file by a form of an exchange's page.
func (s *site) hand(path string, content []byte) (int, string, http.Header) {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("file", "x.age")
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write(content) // a buffer does not fail
	_ = m.Close()
	return s.do("POST", path, url.Values{}, func(r *http.Request) {
		r.Body, r.ContentLength = readCloser{&b}, int64(b.Len())
		r.Header.Set("Content-Type", m.FormDataContentType())
	})
}

// made is the file that a step made, by the link on the page it leads to.
func (s *site) made(code int, body string, h http.Header) []byte {
	s.t.Helper()
	if code != http.StatusSeeOther {
		s.t.Fatalf("%d %s", code, alert(body))
	}
	eventually(s.t, "the answer is there", func() bool {
		if strings.HasSuffix(h.Get("Location"), "/answering") {
			if code, _, next := s.do("GET", h.Get("Location"), nil, nil); code == http.StatusSeeOther {
				h = next
			}
		}
		return !strings.HasSuffix(h.Get("Location"), "/answering")
	})
	page := s.get(strings.TrimSuffix(h.Get("Location"), "#made"))
	link := regexp.MustCompile(`/partners/[^"]*/file/[0-9a-f]+`).FindString(page)
	code, file, h := s.do("GET", link, nil, nil)
	if code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
		s.t.Fatalf("the file at %q: %d %v", link, code, h)
	}
	return []byte(file)
}

// Two desks go through an exchange by forms alone; wrong steps are refused on the page they
// were taken on.
func TestR27TwoDesksAskEachOther(t *testing.T) {
	ours, theirs := heardBy(t, "Kim Chol-su", "River Archive"), heardBy(t, "김철수", "Lantern Desk")
	a, b := newSite(t, ours.Workspace, testConfig()), newSite(t, theirs.Workspace, testConfig())
	begin := url.Values{"partner": {"River Archive"}, "own_name": {"Lantern Desk"}, "until": {inAMonth().String()}, "limit": {"3"}}
	bad := url.Values{"partner": {"River Archive"}, "own_name": {"Lantern Desk"}, "until": {"some day"}, "limit": {"3"}}
	if code, body, _ := a.do("POST", "/partners", bad, nil); code != http.StatusUnprocessableEntity || alert(body) == "" || !strings.Contains(body, `value="some day"`) {
		t.Errorf("no day: %d %s", code, alert(body))
	}
	_, _, h := a.do("POST", "/partners", begin, nil)
	at := h.Get("Location")
	card := a.get(at + "/card")
	if code, body, _ := b.do("POST", "/partners/join", url.Values{"partner": {"Lantern Desk"}, "own_name": {"River Archive"}, "card": {"nonsense"}}, nil); code != http.StatusUnprocessableEntity || alert(body) == "" {
		t.Errorf("no card: %d %s", code, alert(body))
	}
	_, _, h = b.do("POST", "/partners/join", url.Values{"partner": {"Lantern Desk"}, "own_name": {"River Archive"}, "card": {card}}, nil)
	bt := h.Get("Location")
	if code, _, _ := a.do("POST", at+"/card", url.Values{"card": {b.get(bt + "/card")}}, nil); code != http.StatusSeeOther {
		t.Fatalf("the card is not taken: %d", code)
	}
	letters := regexp.MustCompile(`<code>([0-9A-Za-z ]+)</code>`)
	if x, y := letters.FindString(a.get(at)), letters.FindString(b.get(bt)); x == "" || x != y {
		t.Errorf("the check letters are %q and %q", x, y)
	}
	ask := url.Values{"person": {ours.person.String()}}
	if code, body, _ := a.do("POST", at+"/ask", ask, nil); code != http.StatusUnprocessableEntity || alert(body) == "" {
		t.Errorf("asked before comparing: %d %s", code, alert(body))
	}
	a.do("POST", at+"/confirm", nil, nil)
	b.do("POST", bt+"/confirm", nil, nil)
	if !strings.Contains(a.get(ours.path("/interview/plan")), at+"/ask") {
		t.Error("the check before the interview does not offer the partner")
	}
	question := a.made(a.do("POST", at+"/ask", ask, nil))
	if code, body, _ := b.hand(bt+"/read", question); code != http.StatusUnprocessableEntity || alert(body) == "" {
		t.Errorf("a question read as an answer: %d %s", code, alert(body))
	}
	answer := b.made(b.hand(bt+"/answer", question))
	if code, body, _ := a.hand(at+"/read", answer); code != http.StatusSeeOther {
		t.Fatalf("the answer is not read: %d %s", code, alert(body))
	}
	page := a.get(at)
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(page)
	if code == "" || !strings.Contains(page, "possible match") || !strings.Contains(a.get(ours.path("/interview")), "possible match") || !strings.Contains(a.get(ours.path("/interview/plan")), code) {
		t.Errorf("the match is not shown where it is needed: %q", code)
	}
	if status, body, _ := b.do("POST", bt+"/code", url.Values{"code": {code}}, nil); status != http.StatusOK || !strings.Contains(body, "/record/"+theirs.person.String()) {
		t.Errorf("the code leads nowhere: %d %s", status, alert(body))
	}
	if status, body, _ := b.do("POST", bt+"/code", url.Values{"code": {"0000-0000"}}, nil); status != http.StatusUnprocessableEntity || alert(body) == "" {
		t.Errorf("a code of nobody: %d", status)
	}
	asked := regexp.MustCompile(`name="ask" value="([^"]+)"`).FindStringSubmatch(page)
	if asked == nil {
		t.Fatal("nothing asks for the call")
	}
	a.do("POST", at+"/called", url.Values{"ask": {asked[1]}, "called": {"same"}}, nil)
	if page := a.get(at); !strings.Contains(page, "the partner took this account") || strings.Contains(page, `name="ask"`) {
		t.Error("the call is not recorded")
	}
	a.do("POST", at+"/end", nil, nil)
	if page := a.get(at); !strings.Contains(page, "keys are destroyed") || strings.Contains(page, `type="file"`) {
		t.Error("the exchange did not end")
	}
	if code, _, _ := a.do("GET", at+"/card", nil, nil); code != http.StatusNotFound {
		t.Errorf("the card of an exchange that is over: %d", code)
	}
	if code, _, _ := a.do("GET", at+"/file/0123456789abcdef", nil, nil); code != http.StatusNotFound {
		t.Errorf("a file that was not made: %d", code)
	}
}

// R05: somebody who does not allow it is not asked about from the page either, and consent
// names its recipient on the page of consents.
func TestR05ThePageAsksAboutNobodyWithoutConsent(t *testing.T) {
	h := newHeard(t)
	s := newSite(t, h.Workspace, testConfig())
	at := "/partners/" + aPartner(t, h.Workspace)
	if code, body, _ := s.do("POST", at+"/ask", url.Values{"person": {h.person.String()}}, nil); code != http.StatusUnprocessableEntity || alert(body) == "" {
		t.Errorf("%d %s", code, alert(body))
	}
	form := url.Values{"state.CO-01": {"CS-1"}, "state.CO-10": {"CS-1"}, "recipients": {"River Archive; Northern Legal Aid;"}, "text_version": {"1"}, "language": {"ko"}, "method": {"oral"}, "date": {h.now.time().Format("2006-01-02")}}
	if code, body, _ := s.do("POST", "/record/"+h.person.String()+"/consent", form, nil); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, alert(body))
	}
	for to, want := range map[string]bool{"River Archive": true, "Northern Legal Aid": true, "Another": false, "": false} {
		if d, err := h.Decide(t.Context(), h.person, "CO-10", to); err != nil || d.Allowed != want {
			t.Errorf("CO-10 to %q: %+v %v", to, d, err)
		}
	}
	if d, err := h.Decide(t.Context(), h.person, "CO-01", ""); err != nil || !d.Allowed {
		t.Errorf("the recipient of CO-10 bound CO-01: %+v %v", d, err)
	}
}

// The first page after the last day destroys the keys, whoever looks at what.
func TestTheDeskEndsExchangesWhoseLastDayHasPassed(t *testing.T) {
	h := newHeard(t)
	rec, err := id.Parse(aPartner(t, h.Workspace))
	if err != nil {
		t.Fatal(err)
	}
	h.now.to(h.now.time().AddDate(0, 2, 0))
	s := newSite(t, h.Workspace, testConfig())
	s.get("/")
	s.desk.background.Wait()
	if x, err := h.PartnerAsItIs(t.Context(), rec); err != nil || x.State != app.PartnerOver || x.Ended == "" {
		t.Errorf("%+v %v", x, err)
	}
}

// An answer over many people shows how far it is, can be left and stopped, and a stopped one
// left nothing and counts for nothing.
func TestAnAnswerOverManyShowsHowFarItIs(t *testing.T) {
	ours, theirs := heardBy(t, "Kim Chol-su", "River Archive"), heardBy(t, "김철수", "Lantern Desk")
	many(t, theirs, 120)
	a, b := newSite(t, ours.Workspace, testConfig()), newSite(t, theirs.Workspace, testConfig())
	b.desk.answerings.wait = 0
	begin := url.Values{"partner": {"River Archive"}, "own_name": {"Lantern Desk"}, "until": {inAMonth().String()}, "limit": {"1"}}
	_, _, h := a.do("POST", "/partners", begin, nil)
	at := h.Get("Location")
	_, _, h = b.do("POST", "/partners/join", url.Values{"partner": {"Lantern Desk"}, "own_name": {"River Archive"}, "card": {a.get(at + "/card")}}, nil)
	bt := h.Get("Location")
	a.do("POST", at+"/card", url.Values{"card": {b.get(bt + "/card")}}, nil)
	a.do("POST", at+"/confirm", nil, nil)
	b.do("POST", bt+"/confirm", nil, nil)
	question := a.made(a.do("POST", at+"/ask", url.Values{"person": {ours.person.String()}}, nil))
	_, _, h = b.hand(bt+"/answer", question)
	if h.Get("Location") != bt+"/answering" {
		t.Fatalf("over 120 people it is made at once: %s", h.Get("Location"))
	}
	asJSON := func(r *http.Request) { r.Header.Set("Accept", "application/json") }
	if page := b.get(bt + "/answering"); !strings.Contains(page, "<progress") {
		t.Error("no progress is shown")
	}
	if _, body, _ := b.do("GET", bt+"/answering", nil, asJSON); !strings.Contains(body, `"of":`) {
		t.Errorf("how far it is: %s", body)
	}
	if code, _, _ := b.do("POST", bt+"/answering/stop", nil, nil); code != http.StatusSeeOther {
		t.Errorf("stopping: %d", code)
	}
	if code, _, h := b.do("GET", bt+"/answering", nil, nil); code != http.StatusSeeOther || h.Get("Location") != bt {
		t.Errorf("a stopped answer leads to %d %s", code, h.Get("Location"))
	}
	if log, err := theirs.WholeLedger(t.Context()); err != nil || len(log) > 0 {
		t.Errorf("a stopped answer left: %+v %v", log, err)
	}
	answer := b.made(b.hand(bt+"/answer", question)) // the one question of the exchange is not used up
	if code, body, _ := a.hand(at+"/read", answer); code != http.StatusSeeOther {
		t.Errorf("%d %s", code, alert(body))
	}
	code, body, _ := b.hand(bt+"/answer", question)
	eventually(t, "a second answer is refused", func() bool { // it is looked at behind the page
		if code != http.StatusUnprocessableEntity {
			code, body, _ = b.do("GET", bt+"/answering", nil, nil)
		}
		return code == http.StatusUnprocessableEntity
	})
	if alert(body) == "" {
		t.Errorf("answered twice: %d", code)
	}
}

// many adds people who were heard and allow matching with a partner, of whom so little is
// known that each is listed under many words.
func many(t *testing.T, h *heard, n int) {
	t.Helper()
	var all []casebook.Statement
	for i := range n {
		who := h.NewRecord()
		name := names.Romanise(string([]rune("김리박최정")[i%5])+string([]rune("철영명성광")[i/5%5])+string([]rune("수희숙호남")[i/25%5]), names.North)
		for k, s := range [][]string{
			{"person", "pseudonym", fmt.Sprint("P ", i), "sex", "x", "birth", fmt.Sprint(1950 + i%30)},
			{"person_identity", "person", who.String(), "names", name},
			{"interview", "person", who.String(), "date", "2003-04-02"},
			{"consent", "person", who.String(), "purpose", "CO-02", "state", "CS-1", "date", "2003", "language", "ko", "method", "oral", "text_version", "1"},
			{"consent", "person", who.String(), "purpose", "CO-10", "state", "CS-1", "date", "2003", "language", "ko", "method", "oral", "text_version", "1", "recipients", "Lantern Desk"},
		} {
			st := casebook.Statement{Record: h.NewRecord(), Kind: s[0], Fields: kind.Values{}}
			if k == 0 {
				st.Record = who
			}
			for j := 1; j < len(s); j += 2 {
				st.Fields[s[j]] = []kind.Value{kind.Of(s[j+1])}
			}
			all = append(all, st)
		}
	}
	if _, err := h.StateAll(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

// saved waits for a file to be saved, and moves it to where no other is.
func (y typist) saved(dir, name string) string {
	y.t.Helper()
	file, to := filepath.Join(dir, name), filepath.Join(y.t.TempDir(), name)
	y.eventually(name+" is saved", func() bool {
		b, err := os.ReadFile(file)
		_, loading := os.Stat(file + ".crdownload")
		return err == nil && len(b) > 0 && loading != nil
	})
	if err := os.Rename(file, to); err != nil {
		y.t.Fatal(err)
	}
	return to
}

// A whole exchange by keys alone, between two desks, in each language: cards, letters,
// question, answer, the call, the end; nothing that axe finds.
func TestAnExchangeWithAPartnerByKeyboard(t *testing.T) {
	axe := string(axeScript(t))
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			ours, theirs := heardBy(t, "金哲洙", "River Archive"), heardBy(t, "김철수", "Lantern Desk")
			ctx, srv, _ := openDesk(t, ours.Workspace)
			other := newSite(t, theirs.Workspace, testConfig()).URL
			dir := t.TempDir()
			y := typist{t, ctx}
			y.do(setCookie(srv, "lang", lang), call(downloads.SetDownloadBehavior, downloads.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir}))
			y.open(srv.URL + "/")
			y.tabTo(`a[href="/partners"]`)
			y.press(kb.Enter)
			y.until("the partners", `location.pathname === "/partners"`)
			checkAccess(t, ctx, axe, "partners "+lang)
			y.fill(`form[action="/partners"]`, "partner", "River Archive", "own_name", "Lantern Desk", "until", inAMonth().String())
			y.until("an exchange", `location.pathname.startsWith("/partners/")`)
			at := y.ask("location.href")
			y.tabTo(`a[href$="/card"]`)
			y.press(kb.Enter)
			card, _ := os.ReadFile(y.saved(dir, "card.txt"))
			y.open(other + "/partners")
			y.fill(`form[action="/partners/join"]`, "partner", "Lantern Desk", "own_name", "River Archive", "card", string(card))
			y.until("joined", `location.pathname.startsWith("/partners/") && document.querySelector(".letters") !== null`)
			bt, letters := y.ask("location.href"), y.ask(`document.querySelector(".letters").textContent`)
			checkAccess(t, ctx, axe, "letters "+lang)
			y.tabTo(`a[href$="/card"]`)
			y.press(kb.Enter)
			card, _ = os.ReadFile(y.saved(dir, "card.txt"))
			y.tabTo(`form[action$="/confirm"] button`)
			y.press(kb.Enter)
			y.until("confirmed", `document.querySelector("form[action$='/answer']") !== null`)
			y.open(at)
			y.fill(`form[action$="/card"]`, "card", string(card))
			y.until("the letters", `document.querySelector(".letters")?.textContent === `+fmt.Sprintf("%q", letters))
			y.tabTo(`form[action$="/confirm"] button`)
			y.press(kb.Enter)
			y.until("confirmed", `document.querySelector("form[action$='/answer']") !== null`)
			checkAccess(t, ctx, axe, "an exchange that is ready "+lang)
			y.open(srv.URL + ours.path("/interview/plan"))
			y.tabTo(`form[action$="/ask"] button`)
			y.press(kb.Enter)
			y.until("a question", `document.querySelector("#made") !== null`)
			checkAccess(t, ctx, axe, "a question "+lang)
			y.tabTo(`#made a`)
			y.press(kb.Enter)
			question := y.saved(dir, "question.age")
			y.open(bt)
			y.upload(`form[action$="/answer"]`, question)
			y.until("an answer", `document.querySelector("#made") !== null`)
			y.tabTo(`#made a`)
			y.press(kb.Enter)
			answer := y.saved(dir, "answer.age")
			y.open(at)
			y.upload(`form[action$="/read"]`, answer)
			y.until("a match", `document.querySelector("[name=called]") !== null`)
			checkAccess(t, ctx, axe, "a match "+lang)
			code := y.ask(`document.querySelector(".inquiry code").textContent`)
			y.open(srv.URL + ours.path("/interview/plan"))
			checkAccess(t, ctx, axe, "the check with a match "+lang)
			y.open(bt)
			y.fill(`form[action$="/code"]`, "code", code)
			y.until("the person", `document.querySelector("main [role=status] a[href*='`+theirs.person.String()+`']") !== null`)
			checkAccess(t, ctx, axe, "a code "+lang)
			y.open(at)
			y.tabTo("[name=called]")
			y.choose("same")
			y.tabTo(`form[action$="/called"] button`)
			y.press(kb.Enter)
			y.until("the call is recorded", `document.querySelector(".inquiry") !== null && document.querySelector("[name=called]") === null`)
			y.tabTo("details.undo summary")
			y.press(kb.Enter)
			y.tabTo(`form[action$="/end"] button`)
			y.press(kb.Enter)
			y.until("it is over", `document.querySelector("form[action$='/end']") === null && document.querySelector("main p.mark") !== null`)
			checkAccess(t, ctx, axe, "an exchange that is over "+lang)
			exchange, err := id.Parse(at[strings.LastIndex(at, "/")+1:])
			if err != nil {
				t.Fatal(err)
			}
			asks, err := ours.PartnerAsksIn(t.Context(), exchange)
			if err != nil || len(asks) != 1 || asks[0].Result != app.PartnerPossible || asks[0].Called != "same" {
				t.Errorf("recorded is %+v %v", asks, err)
			}
		})
	}
}
