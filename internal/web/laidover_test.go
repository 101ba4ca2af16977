package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// toldTwice is a workspace in which a person and her mother tell one chain differently.
type toldTwice struct {
	w                    *app.Workspace
	person, mother, stay id.ID
}

func tellTwice(t *testing.T) toldTwice {
	t.Helper()
	w := ownWorkspace(t, 5)
	c := toldTwice{w, w.NewRecord(), w.NewRecord(), w.NewRecord()}
	state := func(rec id.ID, kindName string, source, passage id.ID, basis string, pairs ...string) {
		t.Helper()
		k, _ := w.Schema().Kind(kindName)
		vs := kind.Values{}
		for i := 0; i < len(pairs); i += 2 {
			f, _ := k.Field(pairs[i])
			v, err := w.Schema().ParseValue(f, pairs[i+1], "ko")
			if err != nil {
				t.Fatal(err)
			}
			vs[pairs[i]] = append(vs[pairs[i]], v)
		}
		s := casebook.Statement{Record: rec, Kind: kindName, Fields: vs, Source: source, Basis: basis}
		if !passage.IsZero() {
			s.Passage = casebook.Passage{Record: passage, To: 9}
		}
		if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	}
	none := id.ID{}
	state(c.person, "person", none, none, "", "pseudonym", "Sora")
	state(c.mother, "person", none, none, "", "pseudonym", "Haneul")
	state(w.NewRecord(), "relationship", none, none, "", "person", c.person.String(), "type", "RL-PAR", "other", c.mother.String())
	units := map[id.ID]id.ID{}
	for who, words := range map[id.ID]string{c.person: "보위부에 다섯 달", c.mother: "한 달이라고 들었다"} {
		in := w.NewRecord()
		units[who] = w.NewRecord()
		state(in, "interview", none, none, "", "person", who.String(), "date", "2003-05-06")
		state(units[who], "statement_unit", none, none, "", "interview", in.String(), "order", "1", "verbatim", words)
	}
	state(c.stay, "detention_stage", c.person, units[c.person], "BK-1", "person", c.person.String(), "stage", "ST05", "in", "2001-03", "out", "2001-08", "duration", "5 months", "facility_type", "FT-SSD-K", "agency", "AG-SSD")
	state(c.stay, "detention_stage", c.mother, units[c.mother], "BK-3", "stage", "ST05", "in", "2001-06", "duration", "1 month", "agency", "AG-MPS")
	state(w.NewRecord(), "fate", c.mother, units[c.mother], "BK-4", "person", c.person.String(), "state", "presumed", "outcome", "OC-R07")
	state(w.NewRecord(), "fate", c.person, units[c.person], "BK-1", "person", c.person.String(), "state", "known", "outcome", "OC-R11")
	return c
}

func TestTheChainPageSaysWhatContradicts(t *testing.T) {
	c := tellTwice(t)
	s := newSite(t, c.w, testConfig())
	at := "/record/" + c.person.String() + "/chain"
	page := s.get(at)
	for _, want := range []string{"A (Sora) says March 2001; B (Haneul) says June 2001", "own account", "Parent", "Experienced", "at least 62 days lie between", "≠ 1, 2, 3", `class="chain laid"`, "Death in detention", "Escaped again"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "다섯 달") {
		t.Error("words are shown that nobody asked for")
	}
	page = s.get(at + "?at=2")
	for _, want := range []string{"보위부에 다섯 달", "한 달이라고 들었", "Take what A says"} {
		if !strings.Contains(page, want) {
			t.Errorf("the opened contradiction does not show %q", want)
		}
	}
	for _, lang := range []string{"ko", "zh"} {
		code, body, _ := s.do("GET", at+"?at=1", nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "lang", Value: lang}) })
		if code != http.StatusOK || strings.Contains(body, "says March") || !strings.Contains(body, map[string]string{"ko": "말로는", "zh": "A (Sora)说"}[lang]) {
			t.Errorf("%s: %d", lang, code)
		}
	}
	// a wrong form comes back with its problems and what was typed
	code, body, _ := s.do("POST", at, url.Values{"edit": {"detention_stage"}, "person": {c.person.String()}, "stage": {"ST07"}, "in": {"someday"}}, nil)
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "someday") || !strings.Contains(body, `role="alert"`) {
		t.Errorf("a date that is none: %d", code)
	}
	if code, _, _ = s.do("POST", at, url.Values{"edit": {"person_identity"}, "person": {c.person.String()}, "names": {"x"}}, nil); code != http.StatusNotFound {
		t.Errorf("another kind by this page: %d", code)
	}
}

// A locked file has no chain, and nobody's word on it.
func TestR05TheChainOfALockedFileIsNotThere(t *testing.T) {
	c := tellTwice(t)
	s := newSite(t, c.w, testConfig())
	at := "/record/" + c.person.String() + "/chain"
	refuse := func(who id.ID) {
		t.Helper()
		if code, body, _ := s.do("POST", "/new/consent", url.Values{"person": {who.String()}, "purpose": {"CO-01"}, "state": {"CS-2"}, "date": {"2004-02-03"}, "language": {"ko"}, "method": {"oral"}, "text_version": {"1"}}, nil); code != http.StatusSeeOther {
			t.Fatalf("refusing: %d %s", code, alert(body))
		}
	}
	if page := s.get(at); !strings.Contains(page, "Haneul") {
		t.Fatal("the mother's account is not there to begin with")
	}
	refuse(c.mother)
	if page := s.get(at); strings.Contains(page, "Haneul") || strings.Contains(page, "Death in detention") {
		t.Error("the account of somebody who refused is still laid over the others")
	}
	refuse(c.person)
	if code, body, _ := s.do("GET", at, nil, nil); code != http.StatusNotFound || strings.Contains(body, "Sora") {
		t.Errorf("the chain of a locked file: %d", code)
	}
}

// With keys alone: to a contradiction, to its two passages, a side taken with a reason, an
// account of facility and agency added beside, a question, a disposition and a fate.
func TestAChainIsReadAndToldByKeyboard(t *testing.T) {
	c := tellTwice(t)
	axe := axeScript(t)
	ctx, srv, _ := openDesk(t, c.w)
	page := "/record/" + c.person.String() + "/chain"
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	y.open(srv.URL + page)
	y.press("n", "n")
	if at := y.focus(); !strings.Contains(at, "≠ 2") {
		t.Fatalf("two times n leads to %q", at)
	}
	y.leads(`at=2`, kb.Enter)
	if text := y.text(".sides"); !strings.Contains(text, "다섯 달") || !strings.Contains(text, "한 달") {
		t.Fatalf("one key away from the contradiction stands %q", text)
	}
	checkAccess(t, ctx, string(axe), "an opened contradiction")
	y.tabTo("[name=reason]")
	y.leads(`at=2`, "she counted roll calls", kb.Enter)
	if text := y.text("#at .taken"); !strings.Contains(text, "she counted roll calls") || !strings.Contains(text, "Demo") {
		t.Errorf("who took it and why: %q", text)
	}
	linked := func(kindName string) int {
		rows, err := c.w.Index().Linked(t.Context(), c.person, kindName, "person")
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	tell := func(key, kindName string, answers ...string) {
		t.Helper()
		before := linked(kindName)
		y.leads("edit="+kindName, key)
		y.until(kindName+" begins with its source", `document.activeElement.name === "source"`)
		checkAccess(t, ctx, string(axe), "the form of "+kindName)
		for i := 0; i < len(answers); i += 2 {
			y.tabTo("[name=" + answers[i] + "]")
			y.press(answers[i+1])
		}
		y.tabTo("button:not([name])")
		y.leads(`\?done=saved$`, kb.Enter)
		if linked(kindName) != before+1 {
			y.fatal("no %s was recorded", kindName)
		}
	}
	tell("q", "question_asked", "question", "Did you")
	tell("o", "disposition", "outcome", "Labour", "length", "6 months")
	tell("f", "fate", "state", "known")
	tell("s", "detention_stage", "stage", "MPS", "facility_type", "Holding", "in", "2001-09")
	// a further account of the first row: another agency, beside what is there
	y.step("j", fmt.Sprintf(`e.matches("[href*='/record/%s']")`, c.stay))
	y.leads("record="+c.stay.String(), "e")
	y.tabTo("[name=agency]")
	y.press("Border")
	y.tabTo("button:not([name])")
	y.leads(`\?done=saved$`, kb.Enter)
	y.eventually("three answers on the agency stand beside each other", func() bool {
		r, err := c.w.Index().Fold(t.Context(), c.stay)
		if err != nil {
			t.Fatal(err)
		}
		return len(r.Field("agency").Claims) == 3
	})
	checkAccess(t, ctx, string(axe), "the chain after it was told")
}
