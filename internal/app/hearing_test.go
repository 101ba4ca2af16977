package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
)

// hands is a workspace whose clock the test moves.
type hands struct {
	*app.Workspace
	now *time.Time
}

func (h hands) pass(d time.Duration) { *h.now = h.now.Add(d) }

func withClock(t testing.TB) hands {
	t.Helper()
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	opt := quick
	opt.Now = func() time.Time { return now }
	w, err := app.Create(t.Context(), filepath.Join(t.TempDir(), "w"), pass, opt)
	if err != nil {
		t.Fatal(err)
	}
	return hands{w, &now}
}

// answers is a check before an interview in which everything is in place.
func answers(more ...string) kind.Values {
	vs := kind.Values{}
	for _, pair := range [][2]string{{"taken_before", "new"}, {"interpreted", "no"}, {"same_sex", "not_wished"}, {"breaks_told", "yes"}, {"referral_ready", "yes"}} {
		vs[pair[0]] = []kind.Value{kind.Of(pair[1])}
	}
	for i := 0; i < len(more); i += 2 {
		vs[more[i]] = []kind.Value{kind.Of(more[i+1])}
	}
	return vs
}

func plan(t testing.TB, w *app.Workspace, rec id.ID, vs kind.Values) {
	t.Helper()
	problems, err := w.StatePlan(t.Context(), rec, vs)
	if err != nil || len(problems) > 0 {
		t.Fatalf("the plan is not taken: %v %v", problems, err)
	}
}

func hearing(t testing.TB, w *app.Workspace, rec id.ID) *app.Hearing {
	t.Helper()
	h, err := w.Hearing(t.Context(), rec, "en")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func phase(t testing.TB, h *app.Hearing, code string) app.PhaseLine {
	t.Helper()
	i := slices.IndexFunc(h.Phases, func(l app.PhaseLine) bool { return l.Code == code })
	if i < 0 {
		t.Fatalf("no phase %s", code)
	}
	return h.Phases[i]
}

func note(t testing.TB, w *app.Workspace, rec id.ID, turn app.Turn) {
	t.Helper()
	problems, err := w.Note(t.Context(), rec, turn)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%+v is not taken: %v %v", turn, problems, err)
	}
}

// A step is refused whether the page asks for it or somebody states it by hand, and what
// follows from other records is read at that moment.
func TestR05APhaseDoesNotBeginBeforeWhatProtectsIsInPlace(t *testing.T) {
	w := withClock(t)
	defer w.Close()
	p := testimony(t, w.Workspace, "Hana", "김철수", "보위부에서 맞았다")
	begin := app.Turn{What: interview.PhaseBegin, Phase: "free_account"}
	refused := func(what string) {
		t.Helper()
		if problems, err := w.Note(t.Context(), p.interview, begin); err != nil || len(problems) == 0 {
			t.Errorf("%s: the phase begins (%v)", what, err)
		}
		by := casebook.Statement{Record: w.NewRecord(), Kind: "interview_step", Fields: kind.Values{"interview": {kind.Of(p.interview.String())}, "turn": {kind.Of("phase_begin")},
			"phase": {kind.Of("free_account")}, "clock": {kind.Of("2026-11-25T09:00:00Z")}}}
		if _, problems, err := w.State(t.Context(), by, "save"); err != nil || len(problems) == 0 {
			t.Errorf("%s: by hand the phase begins (%v)", what, err)
		}
		if phase(t, hearing(t, w.Workspace, p.interview), "free_account").Mark != "" {
			t.Errorf("%s: the phase is begun", what)
		}
	}
	refused("nothing was asked")
	plan(t, w.Workspace, p.interview, answers())
	refused("no consent")
	agree(t, w.Workspace, p.person, "CO-01", "CS-1", "2026-11-25")
	for _, field := range []string{"taken_before", "interpreted", "same_sex", "breaks_told", "referral_ready"} {
		vs := answers()
		delete(vs, field)
		plan(t, w.Workspace, p.interview, vs)
		refused(field + " was not asked")
	}
	plan(t, w.Workspace, p.interview, answers("breaks_told", "no"))
	refused("breaks were not told")
	plan(t, w.Workspace, p.interview, answers())
	note(t, w.Workspace, p.interview, begin)
	if h := hearing(t, w.Workspace, p.interview); phase(t, h, "free_account").Mark != interview.Begun || h.Moment.Over || len(h.Clock.Events) != 1 {
		t.Errorf("it is begun and the clock runs: %+v", h.Moment)
	}
	agree(t, w.Workspace, p.person, "CO-01", "CS-3", "2026-11-25")
	if _, err := w.Hearing(t.Context(), p.interview, "en"); err == nil {
		t.Error("the interview of a locked file is shown")
	}
	if _, err := w.Note(t.Context(), p.interview, app.Turn{What: interview.PhaseDone, Phase: "free_account"}); err == nil {
		t.Error("a step of a locked file is recorded")
	}
	if _, err := w.LifeCalendar(t.Context(), p.interview, "en"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the life calendar of a locked file: %v", err)
	}
}

func TestAnAccountThatWasTakenIsHeardAgainForAReasonOnly(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	second := w.NewRecord()
	say(t, w, second, "interview", id.ID{}, "person", p.person.String(), "date", "2004-01-07")
	missing := func(rec id.ID) []interview.Requirement { return phase(t, hearing(t, w, rec), "free_account").Missing }
	plan(t, w, p.interview, answers())
	if m := missing(p.interview); len(m) > 0 {
		t.Errorf("the first interview lacks %v", m)
	}
	plan(t, w, second, answers()) // says that it was not taken before: the first interview is here
	if m := missing(second); !slices.Equal(m, []interview.Requirement{interview.NeedChecked}) {
		t.Errorf("the second lacks %v", m)
	}
	if h := hearing(t, w, second); len(h.Earlier) != 1 || h.Earlier[0].ID != p.interview.String() {
		t.Errorf("earlier interviews: %v", h.Earlier)
	}
	plan(t, w, second, answers("taken_before", "taken"))
	if m := missing(second); len(m) != 1 {
		t.Errorf("taken before, without a reason: %v", m)
	}
	plan(t, w, second, answers("taken_before", "taken", "again_because", "the person wishes to add the second return"))
	if m := missing(second); len(m) > 0 {
		t.Errorf("with a reason: %v", m)
	}
	plan(t, w, second, answers("taken_before", "unclear")) // the reason does not stay behind
	if m := missing(second); len(m) != 1 {
		t.Errorf("an old reason stays: %v", m)
	}
	twin := w.NewRecord() // the same person under another record
	say(t, w, twin, "person", id.ID{}, "pseudonym", "Duri")
	third := w.NewRecord()
	say(t, w, third, "interview", id.ID{}, "person", twin.String(), "date", "2005")
	must(t, w.Link(t.Context(), twin, p.person, casebook.Same, "one story"))
	if h := hearing(t, w, third); len(h.Earlier) != 2 {
		t.Errorf("interviews under another record: %v", h.Earlier)
	}
}

func TestAnInterpreterWithAConflictIsSeenAndHoldsUpTheInterview(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	clear := []string{"interpreted", "yes", "same_village", "no", "related", "no", "official", "no", "other_side", "no", "oath", "yes", "dialect", "yes", "agreed", "yes"}
	plan(t, w, p.interview, answers(clear...))
	if h := hearing(t, w, p.interview); h.Clearance != interview.Clear || len(phase(t, h, "incidents").Missing) > 0 {
		t.Errorf("a clear interpreter: %s, %v", h.Clearance, phase(t, h, "incidents").Missing)
	}
	for i := 2; i < len(clear); i += 2 {
		vs := answers(clear...)
		vs[clear[i]] = []kind.Value{kind.Of(map[string]string{"yes": "no", "no": "yes"}[clear[i+1]])}
		plan(t, w, p.interview, vs)
		h := hearing(t, w, p.interview)
		if h.Clearance != interview.Conflict || len(h.Conflicts) != 1 || !slices.Contains(phase(t, h, "introduction").Missing, interview.Interpreter) {
			t.Errorf("%s: %s %v", clear[i], h.Clearance, h.Conflicts)
		}
		vs[clear[i]] = []kind.Value{{State: kind.Unknown}}
		plan(t, w, p.interview, vs)
		if h = hearing(t, w, p.interview); h.Clearance != interview.Open || len(h.Unasked) != 1 || !slices.Contains(phase(t, h, "incidents").Missing, interview.Interpreter) {
			t.Errorf("%s unknown: %s %v", clear[i], h.Clearance, h.Unasked)
		}
	}
	rec, err := w.PlanRecord(p.interview)
	must(t, err)
	plan(t, w, p.interview, answers(clear...))
	say(t, w, rec, "interview_plan", id.ID{}, "interview", p.interview.String(), "same_village", "yes") // a second account disagrees
	if h := hearing(t, w, p.interview); h.Clearance == interview.Clear {
		t.Error("an interpreter on whom accounts disagree is cleared")
	}
}

// R18: nobody who is or may be a child is heard without a best-interests record.
func TestR18AChildIsNotHeardWithoutBestInterests(t *testing.T) {
	w := withClock(t)
	defer w.Close()
	for birth, child := range map[string]bool{"2012": true, "2008": true, "2007": false, "200X": true, "1970": false} {
		person, rec := w.NewRecord(), w.NewRecord()
		say(t, w.Workspace, person, "person", id.ID{}, "pseudonym", "P"+birth, "birth", birth)
		say(t, w.Workspace, rec, "interview", id.ID{}, "person", person.String(), "date", "2026-11-25")
		plan(t, w.Workspace, rec, answers())
		if got := slices.Contains(phase(t, hearing(t, w.Workspace, rec), "wishes").Missing, interview.BestForTheChild); got != child {
			t.Errorf("born %s: asks for best interests %v, want %v", birth, got, child)
		}
		say(t, w.Workspace, w.NewRecord(), "bip", id.ID{}, "person", person.String(), "date", "2026-11-24")
		if m := phase(t, hearing(t, w.Workspace, rec), "wishes").Missing; len(m) > 0 {
			t.Errorf("born %s, with a best-interests record: %v", birth, m)
		}
	}
}

// R19: who wishes an interviewer of the same sex is heard by one, or on another day.
func TestR19AWishForTheSameSexIsKept(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	for wish, want := range map[string][]interview.Requirement{"not_wished": nil, "given": nil, "not_given": {interview.SameSex}} {
		plan(t, w, p.interview, answers("same_sex", wish))
		if m := phase(t, hearing(t, w, p.interview), "health").Missing; !slices.Equal(m, want) {
			t.Errorf("%s: %v", wish, m)
		}
	}
}

func TestPhasesAreSkippedForAReasonAndResumedAfterReopening(t *testing.T) {
	w := create(t)
	p := testimony(t, w, "Hana", "김철수", "x")
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	plan(t, w, p.interview, answers("break_minutes", "20"))
	if problems, err := w.Note(t.Context(), p.interview, app.Turn{What: interview.PhaseSkip, Phase: "health"}); err != nil || len(problems) != 1 || problems[0].Field != "reason" {
		t.Errorf("skipped without a reason: %v %v", problems, err)
	}
	if problems, err := w.Note(t.Context(), p.interview, app.Turn{What: interview.PhaseSkip, Phase: "health", Reason: "other", Words: "call +82 10 1234 5678"}); err != nil || len(problems) == 0 {
		t.Errorf("R03: a telephone number in a reason is taken (%v)", err)
	}
	note(t, w, p.interview, app.Turn{What: interview.PhaseSkip, Phase: "health", Reason: "declined", Words: "tired"})
	note(t, w, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "wishes"}) // in any order
	note(t, w, p.interview, app.Turn{What: interview.PhaseDone, Phase: "wishes"})
	note(t, w, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "incidents"})
	for _, how := range []string{"reopened", "rebuilt"} {
		if how == "reopened" {
			w = reopen(t, w)
		} else {
			must(t, w.Rebuild(t.Context(), nil))
		}
		h := hearing(t, w, p.interview)
		if l := phase(t, h, "health"); l.Mark != interview.Skipped || l.Reason != "declined" || l.Words != "tired" || l.Member != "Tester" {
			t.Errorf("%s: %+v", how, l)
		}
		if l := phase(t, h, "wishes"); l.Mark != interview.Done || l.Begun.IsZero() || l.Settled.IsZero() {
			t.Errorf("%s: %+v", how, l)
		}
		if l := phase(t, h, "incidents"); l.Mark != interview.Begun {
			t.Errorf("%s: %+v", how, l)
		}
		if h.Clock.Every != 20*time.Minute || len(h.Clock.Events) != 1 {
			t.Errorf("%s: the clock %+v", how, h.Clock)
		}
	}
	l := phase(t, hearing(t, w, p.interview), "wishes") // a step taken by mistake is taken back like any account
	r, err := w.Index().Fold(t.Context(), l.Record)
	must(t, err)
	must(t, w.Retract(t.Context(), l.Record, r.Accounts[0].Ref, "it was not done"))
	if l = phase(t, hearing(t, w, p.interview), "wishes"); l.Mark != interview.Begun {
		t.Errorf("after taking back: %+v", l)
	}
	must(t, w.Close())
}

func TestTheBreakClockCountsAndNoticesThatTheDeskWasClosed(t *testing.T) {
	w := withClock(t)
	defer w.Close()
	p := testimony(t, w.Workspace, "Hana", "김철수", "x")
	agree(t, w.Workspace, p.person, "CO-01", "CS-1", "2003")
	plan(t, w.Workspace, p.interview, answers())
	moment := func() interview.Moment { return hearing(t, w.Workspace, p.interview).Moment }
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "preparation"})
	if len(hearing(t, w.Workspace, p.interview).Clock.Events) > 0 {
		t.Error("the clock runs while nobody talks")
	}
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "introduction"})
	w.pass(50 * time.Minute)
	if m := moment(); !m.BreakDue || m.Talking != 50*time.Minute {
		t.Errorf("after 50 minutes: %+v", m)
	}
	note(t, w.Workspace, p.interview, app.Turn{What: interview.Pause})
	w.pass(10 * time.Minute)
	if m := moment(); !m.InBreak || m.BreakDue || m.Breaks != 1 {
		t.Errorf("in the break: %+v", m)
	}
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "free_account"}) // begins to talk again
	w.pass(5 * time.Minute)
	if m := moment(); m.InBreak || m.Talking != 5*time.Minute || m.Total != 55*time.Minute {
		t.Errorf("after the break: %+v", m)
	}
	w.pass(10 * time.Hour) // the battery died
	if m := moment(); !m.Stale() {
		t.Errorf("ten hours later: %+v", m)
	}
	note(t, w.Workspace, p.interview, app.Turn{What: interview.Resume})
	w.pass(time.Minute)
	if m := moment(); m.Stale() || m.Breaks != 2 || m.Total != 51*time.Minute {
		t.Errorf("going on the next day: %+v", m) // 50 and 1: the five before the battery died have no end that anybody noted
	}
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseSkip, Phase: "read_back", Reason: "another_day"})
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseDone, Phase: "closing"})
	if m := moment(); !m.Over {
		t.Errorf("after the closing: %+v", m)
	}
	row, err := w.Index().Row(t.Context(), p.interview) // the interview says how it went
	must(t, err)
	if row.Contested || row.Values.Get("breaks") != "2" || row.Values.Get("read_back") != "no" || row.Values.Get("conflict_check") != "" {
		t.Errorf("the interview says %v", row.Values)
	}
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "closing"})
	note(t, w.Workspace, p.interview, app.Turn{What: interview.PhaseDone, Phase: "closing"})
	if row, err = w.Index().Row(t.Context(), p.interview); err != nil || row.Contested {
		t.Errorf("after a second closing accounts disagree: %v %v", row.Values, err)
	}
}

func TestAReferralIsRecordedWithWhatThePersonSaid(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	if problems, err := w.Refer(t.Context(), p.interview, "", "accepted"); err != nil || len(problems) == 0 {
		t.Errorf("a referral to nothing: %v %v", problems, err)
	}
	problems, err := w.Refer(t.Context(), p.interview, "psychosocial", "accepted")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	h := hearing(t, w, p.interview)
	if len(h.Referred) != 1 {
		t.Fatalf("referred: %v", h.Referred)
	}
	rec, err := id.Parse(h.Referred[0].ID)
	must(t, err)
	row, err := w.Index().Row(t.Context(), rec)
	must(t, err)
	say(t, w, w.NewRecord(), "need", id.ID{}, "person", p.person.String(), "type", "psychosocial")
	say(t, w, w.NewRecord(), "need", id.ID{}, "person", p.person.String(), "type", "papers")
	if h = hearing(t, w, p.interview); !slices.Equal(h.Unmet, []string{"papers"}) || !h.CanRefer {
		t.Errorf("needs that nobody referred: %v", h.Unmet)
	}
	if row.Values.Get("answer") != "accepted" || row.Values.Get("person") != p.person.String() || row.Values.Get("date") == "" {
		t.Errorf("%v", row.Values)
	}
}

// Two devices note turns of one interview apart; after they met, both hold all of them, and
// answers to the check on which they disagree answer nothing.
func TestTwoDevicesHoldOneInterview(t *testing.T) {
	owner := create(t)
	defer owner.Close()
	stick := filepath.Join(t.TempDir(), "usb")
	p := testimony(t, owner, "Hana", "김철수", "x")
	agree(t, owner, p.person, "CO-01", "CS-1", "2003")
	other := join(t, owner, stick, "general")
	defer other.Close()
	plan(t, owner, p.interview, answers())
	exchange(t, stick, owner)
	exchange(t, stick, other)
	note(t, owner, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "free_account"})
	note(t, other, p.interview, app.Turn{What: interview.PhaseSkip, Phase: "documents", Reason: "not_relevant"})
	plan(t, owner, p.interview, answers("break_minutes", "30"))
	plan(t, other, p.interview, answers("breaks_told", "no"))
	for range 2 {
		exchange(t, stick, owner)
		exchange(t, stick, other)
	}
	for name, w := range map[string]*app.Workspace{"one": owner, "the other": other} {
		h := hearing(t, w, p.interview)
		if phase(t, h, "free_account").Mark != interview.Begun || phase(t, h, "documents").Mark != interview.Skipped || len(h.Clock.Events) != 1 {
			t.Errorf("%s: %+v", name, h.Phases)
		}
		if h.Plan.BreakPlan || !slices.Equal(phase(t, h, "incidents").Missing, []interview.Requirement{interview.BreakPlan}) {
			t.Errorf("%s: what they disagree on is in place: %v", name, phase(t, h, "incidents").Missing)
		}
		if list, err := w.Ongoing(t.Context(), "en"); err != nil || len(list) != 1 || list[0].ID != p.interview.String() {
			t.Errorf("%s: interviews that go on: %v %v", name, list, err)
		}
	}
	if h := hearing(t, other, p.interview); h.CanRefer {
		t.Error("who holds no key of referrals can refer")
	}
	note(t, owner, p.interview, app.Turn{What: interview.PhaseSkip, Phase: "read_back", Reason: "declined"})
	note(t, owner, p.interview, app.Turn{What: interview.PhaseDone, Phase: "closing"})
	if list, err := owner.Ongoing(t.Context(), "en"); err != nil || len(list) != 0 {
		t.Errorf("a closed interview goes on: %v %v", list, err)
	}
}

// Two devices answered the check before they met: it holds nothing up for good. Whoever answers
// it again knows both, and that answer is the one, on either device, however often.
func TestTheCheckIsAnsweredAgainAfterTwoDevicesAnsweredIt(t *testing.T) {
	owner := create(t)
	defer owner.Close()
	stick := filepath.Join(t.TempDir(), "usb")
	p := testimony(t, owner, "Hana", "김철수", "x")
	agree(t, owner, p.person, "CO-01", "CS-1", "2003")
	other := join(t, owner, stick, "general")
	devices := []*app.Workspace{owner, other}
	meet := func() { exchange(t, stick, owner, other, owner) }
	ready := func(what string, want bool) {
		t.Helper()
		for i, w := range devices {
			h := hearing(t, w, p.interview)
			if h.Plan.BreakPlan != want || h.Plan.Referral != want || want != (len(phase(t, h, "free_account").Missing) == 0) {
				t.Errorf("%s: device %d has %+v in place, missing %v; want %v", what, i, h.Plan, phase(t, h, "free_account").Missing, want)
			}
		}
	}
	for round := range 3 {
		plan(t, owner, p.interview, answers("breaks_told", "no", "referral_ready", "no"))
		plan(t, other, p.interview, answers())
		meet()
		ready("before anybody answered again", false)
		by := devices[round%2]
		plan(t, by, p.interview, answers())
		meet()
		ready("answered again", true)
		plan(t, by, p.interview, answers("breaks_told", "no", "referral_ready", "no"))
		meet()
		ready("answered otherwise", false)
	}
	plan(t, other, p.interview, answers())
	meet()
	ready("answered again", true)
	note(t, owner, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "free_account"})
}

// A form that is sent twice, at once or with an answer changed, holds up nothing either.
func TestACheckThatIsSentTwiceIsOne(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	rec, err := w.PlanRecord(p.interview)
	must(t, err)
	var sent sync.WaitGroup
	for _, a := range []string{"no", "yes", "no", "yes"} {
		sent.Go(func() {
			if problems, err := w.StatePlan(t.Context(), p.interview, answers("breaks_told", a)); err != nil || len(problems) > 0 {
				t.Error(problems, err)
			}
		})
	}
	sent.Wait()
	standing := func() (n int) {
		f, err := w.Index().Fold(t.Context(), rec)
		must(t, err)
		for _, a := range f.Accounts {
			if a.CorrectedBy == nil {
				n++
			}
		}
		return n
	}
	if n := standing(); n != 1 {
		t.Errorf("%d answers stand beside each other", n)
	}
	// two that an earlier version let stand, which did not look at both
	for _, a := range []string{"no", "yes"} {
		_, err := w.StateAll(t.Context(), []casebook.Statement{{Record: rec, Kind: "interview_plan", Fields: kind.Values{"interview": {kind.Of(p.interview.String())}, "breaks_told": {kind.Of(a)}}}})
		must(t, err)
	}
	if h := hearing(t, w, p.interview); h.Plan.BreakPlan {
		t.Error("answers that disagree are an answer")
	}
	for range 2 {
		plan(t, w, p.interview, answers())
		if h := hearing(t, w, p.interview); !h.Plan.BreakPlan {
			t.Error("the interview stays held up")
		}
	}
	if n := standing(); n != 3 {
		t.Errorf("%d accounts stand, want one for each of three that stood", n)
	}
}

// childHears makes the child note the turns of an interview instead.
const childHears = "AMPARO_TEST_HEARS"

// hearUntilStopped notes breaks of an interview, over and over, and prints each when it is
// recorded.
func hearUntilStopped(ctx context.Context, w *app.Workspace, text string) error {
	rec, err := id.Parse(text)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		for _, what := range []interview.Turn{interview.Pause, interview.Resume} {
			if _, err := w.Note(ctx, rec, app.Turn{What: what}); err != nil {
				return err
			}
			fmt.Println(rec)
		}
	}
}

// What was noted of an interview is there after the process was killed.
func TestTheStepsOfAnInterviewSurviveKill(t *testing.T) {
	w := create(t)
	dir := w.Dir()
	p := testimony(t, w, "Hana", "김철수", "x")
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	plan(t, w, p.interview, answers())
	note(t, w, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "free_account"})
	must(t, w.Close())
	before := 1
	for _, after := range []time.Duration{120 * time.Millisecond, 250 * time.Millisecond} {
		noted, last := child(t, dir, after, childHears+"="+p.interview.String())
		for range 10 { // a slow machine gets more time
			if len(noted) > 0 {
				break
			}
			after *= 2
			noted, last = child(t, dir, after, childHears+"="+p.interview.String())
		}
		if len(noted) == 0 {
			t.Fatalf("nothing was noted: %s", last)
		}
		again, err := app.Open(t.Context(), dir, pass, quick)
		must(t, err)
		h := hearing(t, again, p.interview)
		events := len(h.Clock.Events)
		if events < before+len(noted) || phase(t, h, "free_account").Mark != interview.Begun {
			t.Errorf("%d turns are there; %d were, and %d more were acknowledged", events, before, len(noted))
		}
		before = events
		must(t, again.Close())
	}
}

func TestOnlyAnInterviewIsHeard(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	for _, rec := range []id.ID{p.person, p.unit, {9}} {
		if _, err := w.Hearing(t.Context(), rec, "en"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
	}
	for _, bad := range []app.Turn{{What: interview.PhaseBegin}, {What: interview.Pause, Phase: "health"}, {What: interview.PhaseDone, Phase: "nothing"}, {What: "nonsense"}} {
		if problems, err := w.Note(t.Context(), p.interview, bad); err != nil || len(problems) == 0 {
			t.Errorf("%+v is taken (%v)", bad, err)
		}
	}
}
