package interview_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

func TestTheTwelvePhasesAreWholeInThreeLanguages(t *testing.T) {
	ps := interview.Phases()
	if len(ps) != 12 || ps[2].Code != "free_account" {
		t.Fatalf("%d phases", len(ps))
	}
	for i, p := range ps {
		if p.Number != i+1 {
			t.Errorf("phase %d has number %d", i+1, p.Number)
		}
		for _, lang := range []string{"en", "ko", "zh"} {
			if p.Label[lang] == "" || p.Prompt[lang] == "" {
				t.Errorf("%s lacks words in %s", p.Code, lang)
			}
		}
		for _, k := range p.Kinds {
			if _, ok := kind.Builtin().Kind(k); !ok {
				t.Errorf("%s names the kind %s, which does not exist", p.Code, k)
			}
		}
		for _, word := range []string{"why didn't", "why did you not"} {
			if strings.Contains(strings.ToLower(p.Prompt["en"]), word) {
				t.Errorf("%s asks %q", p.Code, word)
			}
		}
	}
}

func TestNobodyIsHeardBeforeWhatProtectsIsInPlace(t *testing.T) {
	ready := interview.Plan{Consented: true, NeedChecked: true, Interpreted: true, Cleared: interview.Clear, SexAsked: true, BreakPlan: true, Referral: true, Child: true, BestInterests: true}
	if m := interview.Missing(ready); len(m) > 0 {
		t.Errorf("everything is in place, yet %v", m)
	}
	for name, tc := range map[string]struct {
		change func(*interview.Plan)
		want   interview.Requirement
	}{
		"no consent":              {func(p *interview.Plan) { p.Consented = false }, interview.Consent},
		"no need check":           {func(p *interview.Plan) { p.NeedChecked = false }, interview.NeedChecked},
		"taken already":           {func(p *interview.Plan) { p.NoNeed = true }, interview.NeedChecked},
		"interpreter not cleared": {func(p *interview.Plan) { p.Cleared = interview.Open }, interview.Interpreter},
		"sex not asked":           {func(p *interview.Plan) { p.SexAsked = false }, interview.SexAsked},
		"no breaks":               {func(p *interview.Plan) { p.BreakPlan = false }, interview.BreakPlan},
		"no referral":             {func(p *interview.Plan) { p.Referral = false }, interview.Referral},
		"R18: a child":            {func(p *interview.Plan) { p.BestInterests = false }, interview.BestForTheChild},
	} {
		p := ready
		tc.change(&p)
		if got := interview.Missing(p); !slices.Equal(got, []interview.Requirement{tc.want}) {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
	again := ready
	again.NoNeed, again.Reason = true, "the person wishes to add the second return"
	if m := interview.Missing(again); len(m) > 0 {
		t.Errorf("taken again for a reason: %v", m)
	}
}

func TestAnInterpreterIsNotClearedBySilence(t *testing.T) {
	yes, no := kind.Of("yes"), kind.Of("no")
	clear := interview.InterpreterCheck{SameVillage: no, Related: no, Official: no, OtherSide: no, Oath: yes, Dialect: yes, Agreed: yes}
	if r, c, o := interview.CheckInterpreter(clear); r != interview.Clear || len(c)+len(o) > 0 {
		t.Errorf("%s %v %v", r, c, o)
	}
	if r, _, o := interview.CheckInterpreter(interview.InterpreterCheck{}); r != interview.Open || len(o) != 7 {
		t.Errorf("nothing asked: %s %v", r, o)
	}
	for _, tc := range []struct {
		change func(*interview.InterpreterCheck)
		want   interview.Concern
	}{
		{func(c *interview.InterpreterCheck) { c.SameVillage = yes }, interview.SameVillage}, {func(c *interview.InterpreterCheck) { c.Related = yes }, interview.Relation},
		{func(c *interview.InterpreterCheck) { c.Official = yes }, interview.Official}, {func(c *interview.InterpreterCheck) { c.OtherSide = yes }, interview.OtherSide},
		{func(c *interview.InterpreterCheck) { c.Oath = no }, interview.NoOath}, {func(c *interview.InterpreterCheck) { c.Dialect = no }, interview.WrongDialect},
		{func(c *interview.InterpreterCheck) { c.Agreed = no }, interview.NotAgreed},
	} {
		c := clear
		tc.change(&c)
		r, conflicts, _ := interview.CheckInterpreter(c)
		if r != interview.Conflict || !slices.Equal(conflicts, []interview.Concern{tc.want}) || tc.want.Text("ko") == "" || tc.want.Text("zh") == "" {
			t.Errorf("%s: %s %v", tc.want, r, conflicts)
		}
	}
	c := clear
	c.Official = kind.Value{State: kind.Unknown}
	if r, _, o := interview.CheckInterpreter(c); r != interview.Open || !slices.Equal(o, []interview.Concern{interview.Official}) {
		t.Errorf("unknown: %s %v", r, o)
	}
}

func TestABreakIsDueByTheClock(t *testing.T) {
	t0 := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	at := func(min int) time.Time { return t0.Add(time.Duration(min) * time.Minute) }
	s := interview.Sitting{Events: []interview.Event{{At: at(0), What: interview.Begin}, {At: at(50), What: interview.Pause}, {At: at(55), What: interview.Pause},
		{At: at(60), What: interview.Resume}, {At: at(90), What: interview.Pause}, {At: at(95), What: interview.Resume}, {At: at(100), What: interview.Finish}, {At: at(110), What: interview.Resume}}}
	for _, tc := range []struct {
		min, talking, total, breaks int
		inBreak, over, due          bool
	}{
		{-5, 0, 0, 0, false, false, false}, {30, 30, 30, 0, false, false, false}, {45, 45, 45, 0, false, false, true}, {52, 0, 50, 1, true, false, false}, {70, 10, 60, 1, false, false, false},
		{92, 0, 80, 2, true, false, false}, {99, 4, 84, 2, false, false, false}, {120, 0, 85, 2, false, true, false},
	} {
		m := s.At(at(tc.min))
		if int(m.Talking.Minutes()) != tc.talking || int(m.Total.Minutes()) != tc.total || m.Breaks != tc.breaks || m.InBreak != tc.inBreak || m.Over != tc.over || m.BreakDue != tc.due {
			t.Errorf("after %d minutes: %+v", tc.min, m)
		}
		if (m.Talking > 0) != !m.NextDue.IsZero() {
			t.Errorf("after %d minutes the next break is due at %v", tc.min, m.NextDue)
		}
	}
	s.Every = 20 * time.Minute
	if m := s.At(at(25)); !m.BreakDue {
		t.Error("a plan of 20 minutes is not kept")
	}
}

// R29: what the person corrected is listed with what stood there, for ever, even when the
// correction is taken back.
func TestR29CorrectionsStayWithTheRecord(t *testing.T) {
	rec, dev := id.ID{1}, id.ID{9}
	ref := func(n uint64) journal.Ref { return journal.Ref{Device: dev, Number: n} }
	first, fix := ref(0), ref(1)
	acts := []casebook.Stated{
		{Ref: first, Act: &casebook.Act{Verb: casebook.State, At: 1, Record: rec, Kind: "incident", Fields: kind.Values{"type": {kind.Of("MT02.1")}, "date": {kind.Of("2001")}}}},
		{Ref: fix, Act: &casebook.Act{Verb: casebook.State, At: 2, Record: rec, Kind: "incident", Corrects: &first, Member: id.ID{7}, Fields: kind.Values{"type": {kind.Of("MT02.1")}, "date": {kind.Of("2002")}}}},
	}
	got := interview.Corrections(casebook.Fold(rec, acts, kind.Builtin()))
	if len(got) != 1 || got[0].Field != "date" || got[0].Was[0].Text != "2001" || got[0].Now[0].Text != "2002" || got[0].Member != (id.ID{7}) || got[0].Retracted {
		t.Errorf("%+v", got)
	}
	acts = append(acts, casebook.Stated{Ref: ref(2), Act: &casebook.Act{Verb: casebook.Retract, At: 3, Record: rec, Target: &fix}})
	if got = interview.Corrections(casebook.Fold(rec, acts, kind.Builtin())); len(got) != 1 || !got[0].Retracted {
		t.Errorf("after the correction was taken back: %+v", got)
	}
}
