package app_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/disclose"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
)

// everyList is a table of three lists in which every combination has ten people or more.
var everyList = map[string]int{"a": 34, "b": 28, "c": 25, "ab": 15, "ac": 13, "bc": 14, "abc": 12}

// joins puts people on the lists of a history.
func joins(t *testing.T, w *app.Workspace, history string, people int) {
	t.Helper()
	for n := range people {
		p := w.NewRecord()
		say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("Q%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1901+n, 1+n%12, 28-n%9), "sex", "f")
		agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
		agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
		for _, l := range strings.Split(history, "") {
			say(t, w, w.NewRecord(), "list_capture", p, "person", p.String(), "list", "list "+l)
		}
	}
}

// workedOut are the groups of people of whom the attacker's program finds from the releases that
// they are some and fewer than ten.
func workedOut(t *testing.T, releases ...disclose.Release) []string {
	t.Helper()
	found, err := disclose.Attack(releases, disclose.Range{Lower: 0, Upper: disclose.Unlimited})
	must(t, err)
	var out []string
	for _, f := range found {
		if f.Lower > 0 && f.Upper != nil && *f.Upper < 10 {
			out = append(out, fmt.Sprintf("%v: %d to %d (difference %v)", f.Dims, f.Lower, *f.Upper, f.Difference))
		}
	}
	return out
}

func listsOf(t *testing.T, f *figure.Figure) disclose.Release {
	t.Helper()
	r, ok := f.Released["lists"]
	if !ok {
		t.Fatalf("the figure shows no lists: %+v", f.Overlaps)
	}
	return r
}

// R11: two tables of two days, each harmless alone, tell by their difference that three people
// came to stand on two lists together. The attack is the attacker's own program, which is given
// nothing but what was shown. It succeeds where the second table is made as if nothing had
// been shown, and finds nothing where it is held against the first.
func TestR11ASecondFigureDoesNotTellWhoCameInBetween(t *testing.T) {
	w := onLists(t, everyList)
	one := listsOf(t, made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()}))
	joins(t, w, "ab", 3)
	second := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()})

	fresh := onLists(t, everyList) // the same people, of whom nothing was shown yet
	joins(t, fresh, "ab", 3)
	unaudited := listsOf(t, made(t, fresh, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()}))

	if got := workedOut(t, one); len(got) > 0 {
		t.Fatalf("the first table alone tells %v: the test shows nothing", got)
	}
	if got := workedOut(t, unaudited); len(got) > 0 {
		t.Fatalf("the second table alone tells %v: the test shows nothing", got)
	}
	if got := workedOut(t, one, unaudited); len(got) == 0 {
		t.Fatal("the attack by difference finds nothing without the audit: the test shows nothing")
	}
	if fit, err := second.Read(); err != nil || fit.Refusal == nil || fit.Refusal.Code != figure.ReleasedBefore || len(fit.Ensemble) > 0 {
		t.Errorf("the range of a total moves with three people, and is given (%v)", err)
	}
	audited, ok := second.Released["lists"]
	if ok {
		if got := workedOut(t, one, audited); len(got) > 0 {
			t.Errorf("the difference of two days tells %v", got)
		}
	} else if second.Overlaps.Refusal == nil || second.Overlaps.Refusal.Code != figure.ReleasedBefore {
		t.Errorf("nothing is shown, and nothing says why: %+v", second.Overlaps)
	}
	t.Logf("second table: %d cells, shown %v", len(second.Overlaps.Cells), ok)
	if ok && !second.Overlaps.Changed {
		t.Error("counts are hidden for an earlier figure, and the figure does not say so")
	}
	old, now, err := w.RerunFigure(t.Context(), second.Record)
	if err != nil || string(old.Fit) != string(now.Fit) || fmt.Sprint(old.Overlaps) == "" {
		t.Errorf("held against the same figures it is not the same again: %v", err)
	}
}

// R11: a share of one more person is refused with words; with ten more of each answer it is given.
func TestR11AShareOfAFewMorePeopleIsRefused(t *testing.T) {
	w := create(t)
	t.Cleanup(func() { _ = w.Close() })
	n := 0
	hear := func(people int, sent bool) {
		for range people {
			n++
			p := w.NewRecord()
			say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
			agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
			agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
			say(t, w, w.NewRecord(), "interview", id.ID{}, "person", p.String(), "date", "2004-06-01")
			if sent {
				say(t, w, w.NewRecord(), "episode", p, "person", p.String(), "period", "2003")
			}
		}
	}
	share := func() (*figure.Figure, string) {
		f := made(t, w, figure.Question{Ask: figure.AskReturned, Draws: 1, Limits: anyLinks()})
		fit, err := f.Read()
		must(t, err)
		if fit.Refusal != nil {
			return f, fit.Refusal.Code
		}
		return f, ""
	}
	hear(30, true)
	hear(30, false)
	first, code := share()
	if code != "" {
		t.Fatal(code)
	}
	if _, code := share(); code != "" {
		t.Errorf("of the same people it is refused: %s", code)
	}
	hear(1, true)
	second, code := share()
	if code != figure.ReleasedBefore || len(second.Released) > 0 || strings.Contains(string(second.Fit), "described") {
		t.Errorf("one person more: refused with %q", code)
	}
	hear(24, true)
	hear(24, false)
	third, code := share()
	if code != "" {
		t.Fatalf("with many more people: %q", code)
	}
	if got := workedOut(t, first.Released["returned"], third.Released["returned"]); len(got) > 0 {
		t.Errorf("the difference tells %v", got)
	}
}

// R11: durations: of one person more, or one who told otherwise, nothing new is drawn.
func TestR11TheCurveOfAFewMorePeopleIsRefused(t *testing.T) {
	w := returned(t, 60, 0)
	q := figure.Question{Ask: figure.AskStay, Draws: 1, Limits: anyLinks()}
	first := made(t, w, q)
	if d := detail[figure.StayDetail](t, first); len(d.AtRisk) < 2 || len(d.Stages) == 0 {
		t.Fatalf("%+v", d)
	}
	again := made(t, w, q)
	if a, b := fmt.Sprint(detail[figure.StayDetail](t, first).AtRisk), fmt.Sprint(detail[figure.StayDetail](t, again).AtRisk); a != b {
		t.Errorf("of the same people: %s, then %s", a, b)
	}
	p := w.NewRecord()
	say(t, w, p, "person", id.ID{}, "pseudonym", "P999", "birth", "1901-02-03", "sex", "f")
	agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
	agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
	e := w.NewRecord()
	say(t, w, e, "episode", p, "person", p.String(), "period", "2003")
	say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "episode", e.String(), "stage", "ST05", "duration", "300 days")
	f := made(t, w, q)
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal == nil || fit.Refusal.Code != figure.ReleasedBefore || strings.Contains(string(f.Fit), "masses") {
		t.Errorf("one person more: %+v", fit.Refusal)
	}
}

// R11: what a figure showed cannot be taken back, and so not be forgotten by those that follow.
func TestR11WhatAFigureShowedStaysOnRecord(t *testing.T) {
	w := onLists(t, everyList)
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()})
	r, err := w.History(t.Context(), f.Record)
	must(t, err)
	if err := w.Retract(t.Context(), f.Record, r.History[0].Ref, "a second thought"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("taken back: %v", err)
	}
	if _, problems, err := w.State(t.Context(), casebook.Statement{Record: f.Record, Kind: "estimate_run", Corrects: &r.History[0].Ref,
		Fields: kind.Values{"model": {kind.Of("another")}, "diagnostics": {kind.Of("nothing")}}}, "save"); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	joins(t, w, "ab", 3)
	second := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()})
	if a, ok := second.Released["lists"]; ok {
		if got := workedOut(t, f.Released["lists"], a); len(got) > 0 {
			t.Errorf("after a correction of its record the figure is forgotten, and the difference tells %v", got)
		}
	}
	if !slices.Contains(second.Against, f.Record) {
		t.Error("the second figure was not held against the first")
	}
}

// R11: a figure that was begun before another was kept is held against it all the same.
func TestR11FiguresMadeAtTheSameTimeAreHeldAgainstEachOther(t *testing.T) {
	w := onLists(t, everyList)
	q := figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()}
	var between *figure.Figure
	slow, err := w.MakeFigureTelling(t.Context(), q, "test", func(what string, _, _ int) {
		if between == nil && what == figure.StepMethods { // its people were read; now three more come, and another figure is faster
			between = &figure.Figure{}
			joins(t, w, "ab", 3)
			between = made(t, w, q)
		}
	})
	must(t, err)
	if len(between.Released) == 0 || !slices.Contains(slow.Against, between.Record) {
		t.Fatal("the slow figure was not held against the one kept before it")
	}
	if a, ok := slow.Released["lists"]; ok {
		if got := workedOut(t, between.Released["lists"], a); len(got) > 0 {
			t.Errorf("the two tell %v", got)
		}
	}
}

// What cannot be held against everything shown before is not shown, and says so.
func TestTooManyEarlierTablesGiveNoFurtherOne(t *testing.T) {
	w := onLists(t, map[string]int{"a": 30, "b": 30})
	q := figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()}
	for day := range 12 {
		f := made(t, w, q)
		o := f.Overlaps
		if o.Refusal != nil {
			if day < 3 || o.Refusal.Code != "too_many_releases" || len(f.Released) > 0 {
				t.Errorf("day %d: %+v", day, o.Refusal)
			}
			return
		}
		joins(t, w, "ab", 11+day)
	}
	t.Error("twelve different tables are shown")
}

// R11: the range of the dead is in whole percents only where every count behind it is shown. Five died
// of 45, 18 fates are unknown: with the total and one count the end of a fine range gives the five.
func TestR11TheRangeOfTheDeadDoesNotGiveAHiddenCount(t *testing.T) {
	q := figure.Question{Ask: figure.AskAfter, Draws: 1, Limits: anyLinks()}
	share := func(f *figure.Figure) (low, high float64) {
		var fit struct {
			Ensemble []struct{ Detail figure.DeathBounds }
		}
		must(t, json.Unmarshal(f.Fit, &fit))
		return float64(fit.Ensemble[0].Detail.Share.Lower), float64(fit.Ensemble[0].Detail.Share.Upper)
	}
	f := made(t, sentBack(t, map[string]int{"OC-R01": 24, "OC-R03": 24}, 5, 18, 22), q)
	if low, high := share(f); low != 0 || high > 0.75 || math.Round(10*high)/10 != high {
		t.Errorf("five of about 45 died: from %v to %v, want steps of ten percent", low, high)
	}
	if _, ok := f.Released["dead"]; ok || f.Sizes["dead"] != 40 {
		t.Errorf("of a range with a small count are kept %+v, about %d people", f.Released["dead"], f.Sizes["dead"])
	}
	f = made(t, sentBack(t, map[string]int{"OC-R01": 24, "OC-R03": 24}, 12, 18, 15), q)
	if low, high := share(f); low < 0.24 || high > 0.69 || math.Round(10*high)/10 == high || len(f.Released["dead"].Tables) == 0 {
		t.Errorf("twelve of about 45 died: from %v to %v, want whole percents", low, high)
	}
}
