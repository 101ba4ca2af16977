package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/interview"
)

// write goes to the correction. The browser's own keyboard writes no "w" where the page took
// the key; the test's does, so the box is emptied.
func (y typist) write() {
	y.t.Helper()
	y.press("w")
	y.until("the correction", `document.activeElement.name === "correction"`)
	y.ask(`document.activeElement.value = ""`)
}

// A whole interview by keys alone, on a small screen, in each language: the checks before it,
// phases in any order, a break, a referral, the read-back with a correction, and the end.
func TestAWholeInterviewByKeyboard(t *testing.T) {
	axe := axeScript(t)
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			h := newHeard(t)
			ctx, srv, c := openDesk(t, h.Workspace)
			y := typist{t, ctx}
			y.do(chromedp.EmulateViewport(1366, 768), setCookie(srv, "lang", lang))
			y.open(srv.URL + "/record/" + h.interview.String())
			y.tabTo(`main a[href$="/interview"]`)
			y.press(kb.Enter)
			y.until("the interview opens", `location.pathname.endsWith("/interview")`)
			checkAccess(t, ctx, string(axe), "an interview that is not ready "+lang)
			y.press("s") // the preparation needs nothing
			y.until("it is begun", `document.querySelector(".phases .m-begun") !== null`)
			y.press("a")
			y.until("the plan opens", `location.pathname.endsWith("/interview/plan")`)
			checkAccess(t, ctx, string(axe), "the plan "+lang)
			for _, a := range [][2]string{{"taken_before", "new"}, {"interpreted", "no"}, {"same_sex", "not_wished"}, {"breaks_told", "yes"}} {
				y.tabTo("[name=" + a[0] + "]")
				y.choose(a[1])
			}
			y.tabTo("[name=break_minutes]")
			y.press("40")
			y.tabTo("[name=referral_ready]")
			y.choose("yes")
			y.tabTo("form.plan button")
			y.press(kb.Enter)
			y.until("all is in place", `location.pathname.endsWith("/interview") && document.querySelector(".before:not([open])") !== null`)
			y.press("f") // prepared: the introduction comes next
			y.until("the next phase", `new URLSearchParams(location.search).get("phase") === "introduction"`)
			y.press("s")
			y.until("the clock runs", `document.querySelector("[data-timer=talk]") !== null`)
			y.press("b")
			y.until("a break", `document.querySelector("[data-timer=break]") !== null`)
			y.press("b")
			y.until("the talk goes on", `document.querySelector("[data-timer=talk]") !== null`)
			y.press("f")
			y.until("the next phase", `new URLSearchParams(location.search).get("phase") === "free_account"`)
			y.press("x") // skipped, with a reason
			y.until("the reasons open", `document.activeElement.name === "reason"`)
			y.choose("another_day")
			y.press(kb.Tab, "tired", kb.Enter)
			y.until("the next phase", `new URLSearchParams(location.search).get("phase") === "periods"`)
			y.tabTo("[name=service]") // somebody is overwhelmed
			y.choose("psychosocial")
			y.tabTo(".distress button")
			y.press(kb.Enter)
			y.until("the referral is recorded", `location.search.includes("done=referred")`)
			if lang == "en" {
				checkAccess(t, ctx, string(axe), "an interview that goes on")
			}
			y.tabTo(`.phases a[href$="phase=read_back"]`) // in any order
			y.press(kb.Enter)
			y.until("the read-back", `new URLSearchParams(location.search).get("phase") === "read_back"`)
			y.press("s")
			y.until("it is begun", `document.querySelector(".phase .m-begun") !== null`)
			y.tabTo(`.phase a[href$="/readback"]`)
			y.press(kb.Enter)
			y.until("the words", `location.pathname.endsWith("/readback")`)
			readBackByKeys(t, y, h)
			checkAccess(t, ctx, string(axe), "the read-back "+lang)
			y.tabTo(`.sum a[href$="phase=read_back"]`)
			y.press(kb.Enter)
			y.until("back at the interview", `location.pathname.endsWith("/interview")`)
			y.press("f")
			y.until("the closing", `new URLSearchParams(location.search).get("phase") === "closing"`)
			y.press("s")
			y.until("it is begun", `document.querySelector(".phase .m-begun") !== null`)
			y.press("f")
			y.until("the talk has ended", `document.querySelector(".timer") !== null && document.querySelector("[data-timer]") === null`)
			whatWasHeard(t, h)
			for _, line := range c.take() {
				if !strings.HasPrefix(line, "console") { // axe logs
					t.Error(line)
				}
			}
		})
	}
}

// readBackByKeys reads three passages: one right, one behind a warning and put right, one not
// wished.
func readBackByKeys(t *testing.T, y typist, h *heard) {
	t.Helper()
	y.tabTo("[name=by]")
	y.press("IV-1", kb.Enter)
	y.until("who reads is said", `document.querySelector("form.answer") !== null`)
	at := func(n int) string {
		return fmt.Sprintf(`document.querySelector(".unit.on")?.id === "u-%s"`, h.units[n])
	}
	y.until("the first passage", at(0))
	y.press("y")
	y.until("the second passage", at(1))
	if y.ask(`document.querySelector(".unit.on details.hard").open`) != "false" {
		t.Error("hard words stand there without a warning")
	}
	y.press("o")
	y.until("the words open", `document.querySelector(".unit.on details.hard").open`)
	y.write()
	y.press("이틀에 한 번이었습니다")
	y.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	y.until("the third passage", at(2))
	y.press("n")
	y.until("nothing remains", `document.querySelector(".sum .yes") !== null`)
}

// whatWasHeard looks at what the keys have recorded.
func whatWasHeard(t *testing.T, h *heard) {
	t.Helper()
	now, err := h.Hearing(t.Context(), h.interview, "en")
	if err != nil {
		t.Fatal(err)
	}
	marks := map[string]interview.Mark{}
	for _, l := range now.Phases {
		marks[l.Code] = l.Mark
		if l.Code == "free_account" && (l.Reason != "another_day" || l.Words != "tired") {
			t.Errorf("skipped because of %q %q", l.Reason, l.Words)
		}
	}
	for code, want := range map[string]interview.Mark{"preparation": interview.Done, "introduction": interview.Done, "free_account": interview.Skipped, "periods": "", "read_back": interview.Done, "closing": interview.Done} {
		if marks[code] != want {
			t.Errorf("%s is %q, want %q", code, marks[code], want)
		}
	}
	if m := now.Moment; !m.Over || m.Breaks != 1 || now.Clock.Every != 40*time.Minute || len(now.Referred) != 1 {
		t.Errorf("the clock %+v, %d referrals", m, len(now.Referred))
	}
	sum := now.ReadBack
	if sum.Counts[app.Confirmed] != 1 || sum.Counts[app.Corrected] != 1 || sum.Counts[app.Declined] != 1 || !slices.Equal(sum.Readers, []string{"IV-1"}) || !slices.Equal(sum.Languages, []string{"ko"}) {
		t.Errorf("read back: %+v", sum)
	}
	units, _, err := h.Passages(t.Context(), h.interview, 0, 10)
	if err != nil || len(units[1].Corrections) != 1 || units[1].Corrections[0].Text != "이틀에 한 번이었습니다" || units[1].Words != "보위부에서 매일 맞았습니다." {
		t.Errorf("the correction: %+v %v", units, err)
	}
}

// The interview goes on where it was after the desk was locked and opened again, with what
// was typed into a correction.
func TestAnInterviewIsThereAgainAfterALock(t *testing.T) {
	h := newHeard(t)
	h.ready(t)
	for _, turn := range []app.Turn{{What: interview.PhaseBegin, Phase: "incidents"}, {What: interview.Pause}} {
		if problems, err := h.Note(t.Context(), h.interview, turn); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	}
	at := h.path("/readback?at=" + h.units[0].String() + "&in=ko&by=IV-1")
	ctx, srv, _ := openDesk(t, h.Workspace)
	y := typist{t, ctx}
	y.open(srv.URL + at)
	y.listens()
	y.write()
	y.press("봄이 아니라")
	kept := func() bool {
		all, err := h.UnsavedForms(t.Context())
		return err == nil && slices.ContainsFunc(all, func(u app.Unsaved) bool { return strings.HasPrefix(u.Form, h.path("/readback")) })
	}
	y.eventually("what was typed is kept", kept)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h.now.on(7 * time.Minute)
	w, err := app.Open(t.Context(), h.dir, []byte("demo"), h.options())
	if err != nil {
		t.Fatal(err)
	}
	h.Workspace = w
	ctx, srv, _ = openDesk(t, w)
	y = typist{t, ctx}
	y.open(srv.URL + "/") // the desk leads back to it
	y.tabTo(`main a[href$="/interview"]`)
	y.press(kb.Enter)
	y.until("the interview", `location.pathname.endsWith("/interview")`)
	if got := y.ask(`document.querySelector(".phase .m-begun") !== null && document.querySelector("[aria-current=step]").href.includes("incidents") && document.querySelector("[data-timer=break] b").textContent`); got != "7" {
		t.Errorf("after the lock: %q minutes of the break in the phase that was begun", got)
	}
	y.open(srv.URL + at)
	y.until("what was typed is back", `document.querySelector("[name=correction]")?.value === "봄이 아니라"`)
	y.listens()
	y.tabTo("[name=correction]")
	y.press(kb.End, " 가을")
	y.tabTo("[value=corrected]")
	y.press(kb.Enter)
	y.until("the next passage", fmt.Sprintf(`document.querySelector(".unit.on")?.id === "u-%s"`, h.units[1]))
	units, _, err := w.Passages(t.Context(), h.interview, 0, 1)
	if err != nil || len(units[0].Corrections) != 1 || units[0].Corrections[0].Text != "봄이 아니라 가을" {
		t.Errorf("%+v %v", units, err)
	}
	if kept() {
		t.Error("what was saved is still kept")
	}
}

// The clock counts on the page without the network and reminds without a sound; with script
// off the page says the same when it is opened.
func TestTheBreakClockRemindsCalmly(t *testing.T) {
	h := newHeard(t)
	h.ready(t)
	if problems, err := h.Note(t.Context(), h.interview, app.Turn{What: interview.PhaseBegin, Phase: "incidents"}); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	h.now.on(44*time.Minute + 58*time.Second)
	ctx, srv, c := openDesk(t, h.Workspace)
	y := typist{t, ctx}
	y.open(srv.URL + h.path("/interview"))
	reminder := `document.querySelector(".reminder").textContent.trim()`
	if got := y.ask(`document.querySelector("[data-minutes]").textContent`); got != "44" || y.ask(reminder) != "" {
		t.Errorf("before the time: %s minutes, %q", got, y.ask(reminder))
	}
	if err := srv.Listener.Close(); err != nil { // from here on nobody answers
		t.Fatal(err)
	}
	srv.CloseClientConnections()
	y.until("the reminder", `(document.dispatchEvent(new Event("visibilitychange")), document.querySelector("[data-minutes]").textContent === "45" && `+reminder+`.startsWith("45 minutes"))`)
	if n := y.ask(`document.querySelectorAll("audio, video, dialog[open]").length`); n != "0" {
		t.Errorf("%s things that make a noise or stand in the way", n)
	}
	for _, line := range c.take() {
		t.Error(line)
	}
	h.now.on(time.Minute)
	s := newSite(t, h.Workspace, testConfig())
	for _, p := range []string{"/interview", "/readback", "/calendar"} {
		if body := s.get(h.path(p)); !strings.Contains(body, `role="status" data-due="45 minutes have passed: a good moment to offer a break.">45 minutes have passed`) {
			t.Errorf("%s does not remind by itself", p)
		}
	}
	h.now.on(9 * time.Hour)
	if body := s.get(h.path("/interview")); !strings.Contains(body, "The clock was not stopped.") || strings.Contains(body, "data-timer") {
		t.Error("ten hours of talk are believed")
	}
}

// From a form that asks for a date to the life calendar and back, by keys: the interval is in
// the form, with what was typed before.
func TestTheLifeCalendarFillsTheFormThatAsked(t *testing.T) {
	h := newHeard(t)
	ctx, srv, _ := openDesk(t, h.Workspace)
	y := typist{t, ctx}
	y.open(srv.URL + "/new/hiding_period?person=" + h.person.String())
	y.listens()
	y.tabTo("[name=children]")
	y.press("2")
	y.until("it is kept", `document.querySelector("[data-keep]").dataset.kept === "yes"`)
	y.open(srv.URL + "/new/hiding_period?person=" + h.person.String())
	y.tabTo(`a[href*="/calendar?"]`)
	y.press(kb.Enter)
	y.until("the calendar", `location.pathname.endsWith("/calendar")`)
	y.tabTo("[name=a]")
	y.choose("harvest")
	y.tabTo("[name=ay]")
	y.press("1998")
	y.tabTo("[name=b]")
	y.choose("lunar_new_year")
	y.tabTo("[name=by]")
	y.press("1999", kb.Enter)
	y.until("the time is found", `document.querySelector(".placed code")?.textContent === "1998-09/1999-02-16"`)
	y.tabTo(`.into a[href*="put.period"]`)
	y.press(kb.Enter)
	y.until("back in the form", `location.pathname === "/new/hiding_period" && document.querySelector("[name=period]").value === "1998-09/1999-02-16" && document.querySelector("[name=children]").value === "2"`)
	y.tabTo("[name=period]")
	y.press(kb.Enter)
	y.until("it is recorded", `location.search.includes("done=saved")`)
	row := firstOf(t, h.Workspace, "hiding_period")
	if row.Values.Get("period") != "1998-09/1999-02-16" || row.Values.Get("children") != "2" {
		t.Errorf("%v", row.Values)
	}
	if all, err := h.UnsavedForms(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("still kept: %v %v", all, err)
	}
}
