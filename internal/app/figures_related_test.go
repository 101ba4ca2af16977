package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/amparo/disclose"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
)

// life is what a person told, for the figures and the map.
type life struct {
	sex, outcome, place, month string
	heard, sent, held, sold    bool // held: of a return, with a length
	loose                      bool // a stay outside any return
	listed                     bool
}

// lives records people. Where split is given, what befell a person may stand under another record
// than the interview, and somebody called the two one person.
func lives(t *testing.T, w *app.Workspace, from int, split func() bool, people ...life) {
	t.Helper()
	for i, l := range people {
		n := from + i
		record := func(suffix string) id.ID {
			p := w.NewRecord()
			say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d%s", n, suffix), "birth", fmt.Sprintf("%d-%02d-%02d", 1901+n%60, 1+n%12, 28-n%27), "sex", l.sex)
			agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
			agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
			return p
		}
		p := record("")
		told := p
		if split != nil && split() {
			told = record("b")
			must(t, w.Link(t.Context(), p, told, casebook.Same, "one scar"))
		}
		if l.heard {
			say(t, w, w.NewRecord(), "interview", id.ID{}, "person", p.String(), "date", "2004-06-01")
		}
		if l.listed {
			say(t, w, w.NewRecord(), "list_capture", told, "person", told.String(), "list", "families")
		}
		if l.sold {
			say(t, w, w.NewRecord(), "exploitation", told, "person", told.String(), "type", "HH01")
		}
		var e id.ID
		if l.sent {
			e = w.NewRecord()
			fields := []string{"person", told.String(), "corridor", l.place, "period", l.month}
			if l.outcome != "" {
				fields = append(fields, "outcome", l.outcome)
			}
			say(t, w, e, "episode", told, fields...)
		}
		if l.held && l.sent {
			say(t, w, w.NewRecord(), "detention_stage", told, "person", told.String(), "episode", e.String(), "stage", "ST05", "duration", fmt.Sprintf("%d days", 12+3*n%60))
		}
		if l.loose {
			say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "stage", "ST05", "duration", "30 days")
		}
	}
}

func times(n int, l life) (out []life) {
	for range n {
		out = append(out, l)
	}
	return out
}

// R11: the relations between questions, which the attacker's program takes for granted, hold on the
// records: on invented worlds, and where an interview stands under one record of a person and
// what befell them under another.
func TestR11WhatQuestionsAreTakenToHaveInCommonTheyHaveInFact(t *testing.T) {
	holds := func(name string, w *app.Workspace, met map[string]bool) {
		stages := []string{"ST03", "ST05", "ST07"}
		n, err := w.InFact(t.Context(), stages...)
		must(t, err)
		for _, s := range stages {
			for _, r := range figure.RelatedQuestions(s) {
				part, ok := n[r[0]]
				whole, ok2 := n[r[1]]
				if !ok || !ok2 {
					continue
				}
				if met[r[0]+" in "+r[1]] = true; part > whole {
					t.Errorf("%s: %q counts %d people, %q, which is taken to hold them, %d", name, r[0], part, r[1], whole)
				}
			}
		}
	}
	met := map[string]bool{}
	for seed := range uint64(2) {
		w, _ := inventedBy(t, 300, 31+seed)
		holds(fmt.Sprintf("world %d", 31+seed), w, met)
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		often := func(p float64) bool { return r.Float64() < p }
		var all []life
		for range 90 {
			all = append(all, life{sex: []string{"f", "m"}[r.IntN(2)], outcome: []string{"OC-R01", "OC-R03", "OC-R07"}[r.IntN(3)], place: "KP-ONS", month: "2003-05",
				heard: often(0.8), sent: often(0.6), held: often(0.8), sold: often(0.5), loose: often(0.1), listed: often(0.4)})
		}
		w := create(t)
		lives(t, w, 0, func() bool { return often(0.4) }, all...)
		holds(fmt.Sprintf("drawn %d", seed), w, met)
		must(t, w.Close())
	}
	for _, r := range figure.RelatedQuestions("ST05") {
		if !met[r[0]+" in "+r[1]] {
			t.Errorf("%q in %q was never met: the test does not see it", r[0], r[1])
		}
	}
}

// figure makes a figure and says why it was refused.
func oneFigure(t *testing.T, w *app.Workspace, ask string) (*figure.Figure, string) {
	t.Helper()
	f := made(t, w, figure.Question{Ask: ask, Draws: 1, Limits: anyLinks()})
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal == nil {
		return f, ""
	}
	return f, fit.Refusal.Code
}

// in is what a kept figure shows of a group.
func in(t *testing.T, f *figure.Figure, name, value string) int64 {
	t.Helper()
	for _, c := range f.Released[name].Tables[0].Cells {
		if c.Key[0] == value && c.Count != nil {
			return *c.Count
		}
	}
	t.Fatalf("the figure shows no %s of %q", value, name)
	return 0
}

// R11: two figures of different questions, each harmless alone, tell by their difference of a few
// people: those sent back of whom no length is known, the men among those heard. The second is
// refused, whichever it is; where the difference is of many, both are given.
func TestR11TwoQuestionsDoNotTellWhoIsInOneAndNotInTheOther(t *testing.T) {
	sent := life{sex: "f", heard: true, sent: true, held: true, outcome: "OC-R01", place: "KP-ONS", month: "2003-05"}
	other, short, free, man := sent, sent, sent, sent
	other.outcome, short.held, free.sent, man.sex, man.held = "OC-R03", false, false, "m", false
	sold, soldMan := free, man
	sold.sold, soldMan.sent = true, false
	for _, tc := range []struct {
		a, aGroup, b, bGroup string
		apart                life
	}{{figure.AskReturned, "yes", figure.AskAfter, "", short}, {figure.AskReturned, "", figure.AskSold, "", soldMan}} {
		for _, few := range []int{3, 14} {
			build := func() *app.Workspace {
				w := create(t)
				t.Cleanup(func() { _ = w.Close() })
				people := slices.Concat(times(20, sent), times(18, other), times(15, sold), times(12, free), times(few, tc.apart))
				lives(t, w, 0, nil, people...)
				return w
			}
			for _, order := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
				w := build()
				first, code := oneFigure(t, w, order[0])
				if code != "" {
					t.Fatalf("%s is refused: %s", order[0], code)
				}
				second, code := oneFigure(t, w, order[1])
				if few < 10 {
					alone, refused := oneFigure(t, build(), order[1])
					if refused != "" {
						t.Fatalf("%s alone is refused: %s; the test shows nothing", order[1], refused)
					}
					a, b := first, alone
					if order[0] != tc.a {
						a, b = alone, first
					}
					if rest := in(t, a, tc.a, tc.aGroup) - in(t, b, tc.b, tc.bGroup); rest != int64(few) {
						t.Fatalf("the difference tells of %d people, not of %d: the test shows nothing", rest, few)
					}
					if code != figure.ReleasedElsewhere || len(second.Released) > 0 {
						t.Errorf("%s after %s tells of %d people: refused with %q", order[1], order[0], few, code)
					}
				} else if code != "" {
					t.Errorf("%s after %s leaves %d people over, and is refused: %s", order[1], order[0], few, code)
				}
				if _, code := oneFigure(t, w, order[0]); code != "" {
					t.Errorf("%s of the same people is refused: %s", order[0], code)
				}
			}
		}
	}
}

// R11: what the map shows of those sent back, and the share of those heard who were, leave a few
// over: who told of a return and was not heard. Whichever comes second is hidden or refused.
func TestR11AFigureAndTheMapDoNotTellWhoIsInOneAndNotInTheOther(t *testing.T) {
	sent := life{sex: "f", heard: true, sent: true, place: "KP-ONS", month: "2003-05"}
	free, silent, elsewhere := sent, sent, sent
	free.sent, silent.heard, elsewhere.place = false, false, "KP-HOE"
	for _, few := range []int{3, 14} {
		build := func() *app.Workspace {
			w := create(t)
			t.Cleanup(func() { _ = w.Close() })
			lives(t, w, 0, nil, slices.Concat(times(30, sent), times(22, elsewhere), times(25, free), times(few, silent))...)
			return w
		}
		count := func(w *app.Workspace) int64 {
			r, err := w.CountSpread(t.Context(), "episode", "test")
			must(t, err)
			if r != nil {
				return -1
			}
			s, err := w.Spread(t.Context(), "episode")
			must(t, err)
			return shownOf(s, "place", "", "")
		}
		w := build()
		if all := count(w); all != int64(52+few) {
			t.Fatalf("the map alone shows %d", all)
		}
		if _, code := oneFigure(t, w, figure.AskReturned); few < 10 && code != figure.ReleasedElsewhere || few > 9 && code != "" {
			t.Errorf("the map shows %d more: the share is refused with %q", few, code)
		}
		w = build()
		f, code := oneFigure(t, w, figure.AskReturned)
		if code != "" || in(t, f, figure.AskReturned, "yes") != 52 {
			t.Fatalf("the share alone is refused: %q", code)
		}
		if all := count(w); few < 10 && all >= 0 || few > 9 && all != int64(52+few) {
			t.Errorf("the share is of 52 sent back, and the map shows %d", all)
		}
	}
}

// toldBy are the small groups that the attacker's program finds from views of the map.
func toldBy(t *testing.T, releases []disclose.Release) (places, months []string) {
	t.Helper()
	found, err := disclose.Attack(releases, disclose.Range{Lower: 0, Upper: disclose.Unlimited})
	must(t, err)
	for _, f := range found {
		if f.Lower == 0 || f.Upper == nil || *f.Upper > 9 {
			continue
		}
		says := fmt.Sprintf("%v: %d to %d", f.Dims, f.Lower, *f.Upper)
		if f.Table == "place" {
			places = append(places, says)
		} else {
			months = append(months, says)
		}
	}
	return places, months
}

// R11: the map and the calendar, opened and counted again with somebody more in between, tell nothing
// of who that was; nor do two views of which each alone is harmless.
func TestR11TheMapAndTheCalendarDoNotTellWhoCameInBetween(t *testing.T) {
	build := func() *app.Workspace {
		w := create(t)
		t.Cleanup(func() { _ = w.Close() })
		for i, l := range []struct {
			place, month string
			people       int
		}{{"KP-ONS", "1998-11", 30}, {"KP-HOE", "1998-11", 20}, {"KP-ONS", "2003-05", 25}, {"KP-HOE", "2003-05", 22}} {
			for n := range l.people {
				crossed(t, w, 100*i+n, l.place, l.month, "CS-1")
			}
		}
		return w
	}
	w := build()
	first, refused := counted(t, w)
	if p, m := toldBy(t, first.Showed()); refused != "" || len(p)+len(m) > 0 {
		t.Fatalf("the first view alone: %q %v %v", refused, p, m)
	}
	shows := func(s *figure.Spread) string { return fmt.Sprint(s.Made, s.Places(), s.Showed()) }

	crossed(t, w, 1000, "KP-ONS", "2003-05", "CS-1")
	if again, err := w.Spread(t.Context(), "journey"); err != nil || shows(again) != shows(first) {
		t.Errorf("opened again with one person more it shows another: %v", err)
	}
	if again, refused := counted(t, w); refused != "few_since_view" || shows(again) != shows(first) {
		t.Errorf("counted again with one person more: %q, %d at Onsong", refused, shownOf(again, "place", "KP-ONS", ""))
	}

	// Enough people for a new view, a few of them at Hoeryong and in another month.
	more := func(w *app.Workspace) {
		for n := range 120 {
			crossed(t, w, 2000+n, "KP-ONS", "2003-05", "CS-1")
		}
		for n := range 3 {
			crossed(t, w, 3000+n, "KP-HOE", "1998-11", "CS-1")
		}
	}
	more(w)
	second, refused := counted(t, w)
	fresh := build()
	crossed(t, fresh, 1000, "KP-ONS", "2003-05", "CS-1")
	more(fresh)
	blind, _ := counted(t, fresh)
	if p, m := toldBy(t, blind.Showed()); len(p)+len(m) > 0 {
		t.Fatalf("the second view alone tells %v %v", p, m)
	}
	if p, m := toldBy(t, append(first.Showed(), blind.Showed()...)); len(p) == 0 || len(m) == 0 {
		t.Fatalf("the attack by difference finds %v in places and %v in months without the hold: the test shows nothing", p, m)
	}
	if p, m := toldBy(t, second.Showed()); refused != "" || len(second.Showed()) != 2 || len(p)+len(m) > 0 {
		t.Errorf("the two views tell %v and %v (%q)", p, m, refused)
	}
	if n := shownOf(second, "place", "", ""); n != 97+124 {
		t.Errorf("of all, %d are shown; nothing hinders that it is 221", n)
	}
	if c := second.Count("place", "KP-HOE", ""); c.Hidden || c.People != 42 || !c.Made.Equal(first.Made) {
		t.Errorf("Hoeryong is shown as %+v, want the 42 of the first view", c)
	}
}
