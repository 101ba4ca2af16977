package web

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/vault"
)

// heard is a workspace with one person who consented, an interview and its passages, and a
// clock that the test moves.
type heard struct {
	*app.Workspace
	dir               string
	now               *moved
	person, interview id.ID
	units             []id.ID
}

// moved is a clock that stands still until it is moved. The desk reads ahead meanwhile.
type moved struct{ at atomic.Pointer[time.Time] }

func (m *moved) time() time.Time { return *m.at.Load() }

func (m *moved) to(t time.Time) { m.at.Store(&t) }

func (m *moved) on(d time.Duration) { m.to(m.time().Add(d)) }

func (h *heard) options() app.Options {
	return app.Options{Params: vault.LightParams, Name: "Demo", Now: h.now.time}
}

func (h *heard) path(rest string) string { return "/record/" + h.interview.String() + rest }

func state(t *testing.T, w *app.Workspace, kindName string, fields ...string) id.ID {
	t.Helper()
	rec := w.NewRecord()
	vs := kind.Values{}
	for i := 0; i < len(fields); i += 2 {
		name, lang, _ := strings.Cut(fields[i], ":")
		vs[name] = append(vs[name], kind.Value{Text: fields[i+1], Lang: lang})
	}
	_, problems, err := w.State(t.Context(), casebook.Statement{Record: rec, Kind: kindName, Fields: vs}, "save")
	if err != nil || len(problems) > 0 {
		t.Fatalf("%s: %v %v", kindName, problems, err)
	}
	return rec
}

func newHeard(t *testing.T) *heard {
	t.Helper()
	h := &heard{dir: filepath.Join(t.TempDir(), "w"), now: &moved{}}
	h.now.to(time.Now().Truncate(time.Second))
	w, err := app.Create(t.Context(), h.dir, []byte("demo"), h.options())
	if err != nil {
		t.Fatal(err)
	}
	h.Workspace = w
	t.Cleanup(func() { _ = h.Close() })
	h.person = state(t, w, "person", "pseudonym", "Namsan-7", "birth", "1975", "sex", "f")
	h.interview = state(t, w, "interview", "person", h.person.String(), "date", h.now.time().Format("2006-01-02"), "language", "ko")
	state(t, w, "consent", "person", h.person.String(), "purpose", "CO-01", "state", "CS-1", "date", h.now.time().Format("2006-01-02"), "language", "ko", "method", "oral", "text_version", "2026-01")
	for n, words := range [][2]string{{"그해 봄에 강을 건넜습니다.", "That spring I crossed the river."}, {"보위부에서 매일 맞았습니다.", "They beat me every day at the State Security."}, {"겨울에 풀려났습니다.", "I was released in winter."}} {
		h.units = append(h.units, state(t, w, "statement_unit", "interview", h.interview.String(), "order", []string{"1", "2", "3"}[n], "verbatim:ko", words[0], "translation:en", words[1], "basis", "BK-1"))
	}
	inc := w.NewRecord()
	_, problems, err := w.State(t.Context(), casebook.Statement{Record: inc, Kind: "incident", Source: h.person, Passage: casebook.Passage{Record: h.units[1]},
		Fields: kind.Values{"type": {kind.Of("MT02.1")}, "victims": {kind.Of(h.person.String())}, "date": {kind.Of("1999")}}}, "save")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return h
}

// ready answers the check before the interview.
func (h *heard) ready(t *testing.T) {
	t.Helper()
	vs := kind.Values{}
	for name, text := range map[string]string{"taken_before": "new", "interpreted": "no", "same_sex": "not_wished", "breaks_told": "yes", "referral_ready": "yes"} {
		vs[name] = []kind.Value{kind.Of(text)}
	}
	if problems, err := h.StatePlan(t.Context(), h.interview, vs); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
}

// R05, R06: from the moment a person refuses or withdraws, no page of the interview shows
// anything of it or takes anything down.
func TestR05ALockedFileShowsNoPageOfItsInterview(t *testing.T) {
	h := newHeard(t)
	h.ready(t)
	s := newSite(t, h.Workspace, testConfig())
	all := []string{"/interview", "/interview/plan", "/readback", "/calendar", "/transcript", "/code", "/intake", "/files"}
	for _, p := range all {
		s.get(h.path(p))
	}
	if code, _, _ := s.do("POST", "/record/"+h.person.String()+"/withdraw", url.Values{"reason": {"afraid"}}, nil); code != http.StatusOK {
		t.Fatalf("withdrawing: %d", code)
	}
	for _, p := range all {
		if code, body, _ := s.do("GET", h.path(p), nil, nil); code != http.StatusNotFound || strings.Contains(body, "강을") {
			t.Errorf("%s of a locked file: %d", p, code)
		}
	}
	for path, form := range map[string]url.Values{"/interview": {"turn": {"begin"}}, "/interview/plan": {"interpreted": {"no"}}, "/interview/refer": {"service": {"health"}},
		"/readback": {"passage": {h.units[0].String()}, "answer": {"declined"}}, "/calendar": {"type": {"move"}, "date": {"1999"}}} {
		if code, _, _ := s.do("POST", h.path(path), form, nil); code != http.StatusNotFound {
			t.Errorf("POST %s of a locked file: %d", path, code)
		}
	}
	s.get("/record/" + h.person.String() + "/consent")
}

// The need check and the interpreter check stand on the page, and no address, form or order
// of requests goes round them.
func TestTheChecksBeforeAnInterviewCannotBeWalkedAround(t *testing.T) {
	h := newHeard(t)
	s := newSite(t, h.Workspace, testConfig())
	if body := s.get("/record/" + h.interview.String()); !strings.Contains(body, h.path("/interview")) {
		t.Error("the record of the interview does not lead to its page")
	}
	body := s.get(h.path("/interview?phase=free_account"))
	for _, want := range []string{"whether this account was taken before", "an interpreter without a conflict", h.path("/interview/plan")} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, `value="phase_begin"`) {
		t.Error("the page offers a phase that may not begin")
	}
	begun := func() bool {
		now, err := h.Hearing(t.Context(), h.interview, "en")
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(now.Phases, func(l app.PhaseLine) bool { return l.Code == "free_account" && l.Mark == interview.Begun })
	}
	turn := url.Values{"turn": {"phase_begin"}, "phase": {"free_account"}}
	byHand := url.Values{"interview": {h.interview.String()}, "turn": {"phase_begin"}, "phase": {"free_account"}, "clock": {"2026-11-25T09:00:00Z"}}
	try := func(what string) {
		t.Helper()
		if code, body, _ := s.do("POST", h.path("/interview"), turn, nil); code != http.StatusUnprocessableEntity || !strings.Contains(alert(body), "Before this phase begins") {
			t.Errorf("%s: %d %s", what, code, alert(body))
		}
		if code, _, _ := s.do("POST", "/new/interview_step", byHand, nil); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: by the form of the kind: %d", what, code)
		}
		if code, _, _ := s.do("POST", h.path("/code?kind=interview_step&at="+h.units[0].String()), byHand, nil); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: by the coding page: %d", what, code)
		}
		if begun() {
			t.Fatalf("%s: it is begun", what)
		}
	}
	plan := url.Values{"taken_before": {"new"}, "interpreted": {"yes"}, "same_sex": {"not_wished"}, "breaks_told": {"yes"}, "referral_ready": {"yes"}, "break_minutes": {"30"},
		"same_village": {"yes"}, "related": {"no"}, "official": {"no"}, "other_side": {"no"}, "oath": {"yes"}, "dialect": {"yes"}, "agreed": {"yes"}}
	answer := func() {
		t.Helper()
		if code, body, _ := s.do("POST", h.path("/interview/plan"), plan, nil); code != http.StatusSeeOther {
			t.Fatalf("the plan: %d %s", code, alert(body))
		}
	}
	try("nothing was asked")
	answer()
	if body = s.get(h.path("/interview")); !strings.Contains(body, "This interpreter may not sit in: from the same village or faction") {
		t.Error("the conflict is not on the page")
	}
	try("an interpreter of the same village")
	plan.Set("same_village", "no")
	plan.Set("oath", "")
	answer()
	if body = s.get(h.path("/interview")); !strings.Contains(body, "no oath of confidentiality") {
		t.Error("what was not asked of the interpreter is not on the page")
	}
	try("an interpreter without an oath")
	plan.Set("oath", "yes")
	answer()
	earlier := state(t, h.Workspace, "interview", "person", h.person.String(), "date", "2004")
	if body = s.get(h.path("/interview/plan")); !strings.Contains(body, earlier.String()) {
		t.Error("the earlier interview is not on the page")
	}
	try("heard before, and the answer says not")
	plan.Set("taken_before", "taken")
	plan.Set("again_because", "call +82 10 1234 5678")
	if code, body, _ := s.do("POST", h.path("/interview/plan"), plan, nil); code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="30"`) {
		t.Errorf("R03: a telephone number in a reason: %d", code)
	}
	plan.Set("again_because", "a second return since then")
	answer()
	if code, body, _ := s.do("POST", h.path("/interview"), turn, nil); code != http.StatusSeeOther || !begun() {
		t.Errorf("all is in place: %d %s", code, alert(body))
	}
	if body = s.get(h.path("/interview/plan")); !strings.Contains(body, "a second return since then") {
		t.Error("the answers do not stand in the form")
	}
}

// The clock stands wherever somebody writes while the person talks, and a break there comes
// back to where it was asked for.
func TestTheBreakClockStandsWhereSomebodyWrites(t *testing.T) {
	h := newHeard(t)
	h.ready(t)
	s := newSite(t, h.Workspace, testConfig())
	pages := []string{"/intake", "/code", "/code?at=" + h.units[0].String() + "&kind=hiding_period"}
	for _, p := range pages {
		if strings.Contains(s.get(h.path(p)), "data-timer") {
			t.Errorf("%s shows a clock while nobody talks", p)
		}
	}
	if code, body, _ := s.do("POST", h.path("/interview"), url.Values{"turn": {"phase_begin"}, "phase": {"free_account"}}, nil); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, alert(body))
	}
	for _, p := range pages {
		body := s.get(h.path(p))
		_, after, ok := strings.Cut(body, `data-timer="talk"`)
		_, next, _ := strings.Cut(after, `name="next" value="`)
		next, _, _ = strings.Cut(next, `"`)
		if next = strings.ReplaceAll(next, "&amp;", "&"); !ok || next != h.path(p) {
			t.Errorf("%s: clock %v, back to %s", p, ok, next)
			continue
		}
		for _, turn := range []string{"break", "resume"} {
			if code, _, head := s.do("POST", h.path("/interview"), url.Values{"turn": {turn}, "next": {next}}, nil); code != http.StatusSeeOther || head.Get("Location") != h.path(p) {
				t.Errorf("%s on %s: %d to %s", turn, p, code, head.Get("Location"))
			}
		}
	}
	// the form beside the words has the calendar, and takes what it found
	coding := h.path("/code?kind=hiding_period&at=" + h.units[0].String())
	if body := s.get(coding); !strings.Contains(body, "/calendar?back=%2Frecord%2F") {
		t.Error("the coding page does not lead to the calendar")
	}
	if body := s.get(coding + "&put.period=1998-09%2F1999-02-16"); !strings.Contains(body, `name="period" value="1998-09/1999-02-16"`) {
		t.Error("the coding page does not take the date")
	}
}

// R29: the words are never shown without what the person put right in them.
func TestR29EveryPageOfTheWordsShowsWhatWasPutRight(t *testing.T) {
	h := newHeard(t)
	s := newSite(t, h.Workspace, testConfig())
	form := url.Values{"passage": {h.units[1].String()}, "in": {"ko"}, "by": {"IV-1"}, "answer": {"corrected"}, "correction": {"매일이 아니라 이틀에 한 번"}, "correction.lang": {"ko"}}
	if code, body, _ := s.do("POST", h.path("/readback"), form, nil); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, alert(body))
	}
	for _, p := range []string{h.path("/readback"), h.path("/transcript"), h.path("/code"), "/record/" + h.units[1].String()} {
		if body := s.get(p); !strings.Contains(body, "매일이 아니라 이틀에 한 번") || !strings.Contains(body, "보위부에서 매일 맞았습니다.") {
			t.Errorf("%s shows the words without the correction, or the correction without the words", p)
		}
	}
	form.Set("correction", "call +82 10 1234 5678 for more")
	code, body, _ := s.do("POST", h.path("/readback"), form, nil)
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "for more</textarea>") {
		t.Errorf("R03: a telephone number in a correction: %d", code)
	}
	row := firstOf(t, h.Workspace, "read_back")
	view, err := h.View(t.Context(), row.ID, "en")
	if err != nil {
		t.Fatal(err)
	}
	if code, _, _ = s.do("POST", "/record/"+row.ID.String()+"/retract", url.Values{"act": {view.Accounts[0].Ref}, "reason": {"x"}}, nil); code != http.StatusConflict {
		t.Errorf("a correction is taken back: %d", code)
	}
	h.ready(t)
	if code, _, _ = s.do("POST", h.path("/interview"), url.Values{"turn": {"phase_done"}, "phase": {"read_back"}}, nil); code != http.StatusUnprocessableEntity {
		t.Errorf("the read-back is done with two passages unread: %d", code)
	}
}

// R29: a search shows words of a testimony with what the person put right in them, in every
// language of the desk, as the transcript does; and nothing of it once the person withdrew.
func TestR29ASearchShowsWordsWithWhatWasPutRight(t *testing.T) {
	axe := axeScript(t)
	h := newHeard(t)
	for _, b := range []app.ReadBack{{Passage: h.units[0], Answer: app.Confirmed, Language: "ko", Reader: "IV-1"},
		{Passage: h.units[1], Answer: app.Corrected, Language: "ko", Reader: "IV-1", Correction: "이틀에 한 번이었습니다", In: "ko"}} {
		if problems, err := h.StateReadBack(t.Context(), h.interview, b); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	}
	ctx, srv, c := openDesk(t, h.Workspace)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	hits := func(words string) string {
		y.open(srv.URL + "/search?q=" + url.QueryEscape(words))
		return y.ask(`[...document.querySelectorAll(".passages > li")].map(l => (l.querySelector("mark")?.textContent ?? "") + ": " + (l.querySelector(".corrections h3")?.textContent ?? "nothing put right") + ", " + [...l.querySelectorAll(".corrections q")].map(q => q.lang + " " + q.textContent).join("; ")).join("\n")`)
	}
	for lang, said := range map[string]string{"en": "Put right by the person", "ko": "본인이 바로잡은 말", "zh": "本人的更正"} {
		y.do(setCookie(srv, "lang", lang))
		for _, words := range []string{"매일", "every day"} {
			got := hits(words)
			if want := strings.Fields(words)[0] + ": " + said + ", ko 이틀에 한 번이었습니다"; got != want {
				t.Errorf("%s: a search for %q shows %q, want %q", lang, words, got, want)
			}
		}
		if *pictures != "" {
			picture(t, ctx, "search-put-right", lang, "light")
		}
		for _, line := range c.take() {
			t.Errorf("%s: %s", lang, line)
		}
		checkAccess(t, ctx, string(axe), "words with what was put right "+lang)
		c.take() // axe itself may log
	}
	if got := hits("강을"); got != "강을: nothing put right, " {
		t.Errorf("a passage that was right as read: %q", got)
	}
	state(t, h.Workspace, "consent", "person", h.person.String(), "purpose", "CO-01", "state", "CS-3", "date", h.now.time().Format("2006-01-02"), "language", "ko", "method", "oral", "text_version", "2026-01")
	if got := hits("매일") + hits("이틀에"); got != "" {
		t.Errorf("of a locked file: %q", got)
	}
}

// R23: who opened the words or the life of a person is in the ledger, once a reading.
func TestR23ReadingBackAndTheCalendarAreInTheLedger(t *testing.T) {
	h := newHeard(t)
	s := newSite(t, h.Workspace, testConfig())
	count := func() int {
		log, err := h.WholeLedger(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(log)
	}
	before := count()
	s.get(h.path("/readback"))
	s.get(h.path("/readback?at=" + h.units[0].String()))
	s.get(h.path("/calendar"))
	s.get(h.path("/calendar?way=after&a=harvest&ay=1998"))
	if n := count() - before; n != 2 {
		t.Errorf("%d lines in the ledger, want 2", n)
	}
}

// What is hard to hear is behind a warning on the pages on which it is read.
func TestHardPassagesAreBehindAWarning(t *testing.T) {
	h := newHeard(t)
	s := newSite(t, h.Workspace, testConfig())
	behind := func(page, words string) bool {
		body := s.get(h.path(page))
		before, _, found := strings.Cut(body, words)
		if !found {
			t.Fatalf("%s does not hold the words", page)
		}
		return strings.LastIndex(before, `<details class="hard">`) > strings.LastIndex(before, "<h2")
	}
	for _, page := range []string{"/readback", "/transcript"} {
		if behind(page, "강을 건넜습니다") || !behind(page, "매일 맞았습니다") {
			t.Errorf("%s: the warning stands before the wrong words", page)
		}
	}
	for mark, want := range map[string]bool{"yes": true, "no": false} {
		if code, _, _ := s.do("POST", h.path("/readback"), url.Values{"passage": {h.units[2].String()}, "hard": {mark}}, nil); code != http.StatusSeeOther {
			t.Fatalf("marking: %d", code)
		}
		if behind("/readback", "풀려났습니다") != want || behind("/transcript", "풀려났습니다") != want {
			t.Errorf("marked %s: behind a warning %v", mark, !want)
		}
	}
	if body := s.get(h.path("/interview?phase=incidents")); !strings.Contains(body, "can be hard to tell and to hear") {
		t.Error("no warning before the incidents")
	}
}

var elsewhere = regexp.MustCompile(`href="[^"]*(elsewhere|javascript)|href="/lock|name="back"`)

func TestTheCalendarPageDatesAndRefuses(t *testing.T) {
	h := newHeard(t)
	s := newSite(t, h.Workspace, testConfig())
	at := "/record/" + h.person.String() + "/calendar"
	for query, want := range map[string]string{
		"way=between&a=harvest&ay=1998&b=lunar_new_year&by=1999": "<code>1998-09/1999-02-16</code>",
		"way=same&a=kim_il_sung":                                 "<code>1994-07~</code>",
		"way=before&a=kim_il_sung":                               "<code>1975/1994-07-08</code>",
		"way=between&a=harvest&ay=1998&b=spring&by=1998":         "leave no time",
		"way=after&a=harvest&ay=":                                "needs its year",
		"way=nonsense&a=kim_il_sung":                             "leave no time",
		"way=after&a=nothing":                                    "needs its year",
	} {
		if body := s.get(at + "?" + query); !strings.Contains(body, want) {
			t.Errorf("%s does not give %s", query, want)
		}
	}
	for _, back := range []string{"//elsewhere.example/new/incident", "https://elsewhere.example/new/x", "javascript:alert(1)", "/lock"} {
		if body := s.get(at + "?way=same&a=kim_il_sung&for=incident&back=" + url.QueryEscape(back)); elsewhere.MatchString(body) {
			t.Errorf("the page leads to %s", back)
		}
	}
	if code, body, _ := s.do("POST", at, url.Values{"type": {"move"}, "date": {"someday"}, "what": {"to the uncle"}}, nil); code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="to the uncle"`) {
		t.Errorf("a date that is none: %d", code)
	}
	for date, relation := range map[string]string{"1998-09/1999-02-16": "between", "autumn 1998": "said"} {
		if code, body, _ := s.do("POST", at, url.Values{"type": {"move"}, "date": {date}, "placed": {"1998-09/1999-02-16"}, "relation": {"between"}, "grounds": {"harvest 1998; Lunar New Year 1999"}, "what": {"moved " + date}}, nil); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, alert(body))
		}
		res := s.get(at)
		if !strings.Contains(res, "moved "+date) {
			t.Errorf("%s is not on the calendar", date)
		}
		found := false
		c, err := h.LifeCalendar(t.Context(), h.person, "en")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range c.Own {
			if a.Words != "moved "+date {
				continue
			}
			rec, err := id.Parse(a.Record)
			if err != nil {
				t.Fatal(err)
			}
			row, err := h.Index().Row(t.Context(), rec)
			found = err == nil && row.Values.Get("relation") == relation && (a.Grounds != "") == (relation == "between")
		}
		if !found {
			t.Errorf("%s: the basis of the date is not %s", date, relation)
		}
	}
}
