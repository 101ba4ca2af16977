package app_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/estimate/mse"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
)

// listed is a workspace of people of whom each is on the lists of a history, enough of
// them for a total. Consent covers counting and matching. They have
// no names, so that it is in doubt who is who.
func listed(t *testing.T) (w *app.Workspace, people []id.ID) {
	t.Helper()
	w = create(t)
	t.Cleanup(func() { _ = w.Close() })
	n := 0
	for _, h := range []struct {
		lists string
		count int
	}{{"a", 34}, {"b", 28}, {"c", 25}, {"ab", 14}, {"ac", 12}, {"bc", 13}, {"abc", 8}} {
		for range h.count {
			n++
			p := w.NewRecord()
			say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
			agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
			agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
			for _, l := range strings.Split(h.lists, "") {
				say(t, w, w.NewRecord(), "list_capture", p, "person", p.String(), "list", "list "+l)
			}
			people = append(people, p)
		}
	}
	return w, people
}

func made(t *testing.T, w *app.Workspace, q figure.Question) *figure.Figure {
	t.Helper()
	f, err := w.MakeFigure(t.Context(), q, "test")
	must(t, err)
	return f
}

func TestAFigureOfTheWorkspaceIsKeptAndComesOutTheSameToTheLastBit(t *testing.T) {
	w, people := listed(t)
	limits := mse.DefaultLimits()
	limits.Unresolved = 1 // these people have no names; links in doubt are another test
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 2, Limits: limits})
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal != nil || float64(fit.Lower) < float64(len(people))/2 || !(fit.Upper > fit.Lower) {
		t.Fatalf("the total is %v to %v: %v", fit.Lower, fit.Upper, fit.Refusal)
	}
	w = reopen(t, w)
	t.Cleanup(func() { _ = w.Close() })
	kept, err := w.Figure(t.Context(), f.Record)
	must(t, err)
	if kept.InputHash != f.InputHash || kept.Journal != f.Journal || kept.Seed != f.Seed || kept.Program != "test" || kept.Records != f.Records || string(kept.Fit) != string(f.Fit) {
		t.Error("what is kept is not what was made")
	}
	old, now, err := w.RerunFigure(t.Context(), f.Record)
	must(t, err)
	if string(old.Fit) != string(now.Fit) {
		t.Error("computed again it is another figure")
	}
	all, err := w.Figures(t.Context())
	must(t, err)
	if len(all) != 1 || all[0].Record != f.Record {
		t.Errorf("there are %d figures in the list", len(all))
	}
	if b, err := json.Marshal(kept); err != nil || strings.Contains(string(b), people[0].String()) {
		t.Errorf("the kept figure names a person's record (%v)", err)
	}
}

// R05: consent is read when the figure is made. Whoever withdraws from counting or from
// matching is in no table made afterwards, and none of their records is under it.
func TestR05AFigureCountsNobodyWhoDidNotAgreeToStatistics(t *testing.T) {
	for _, purpose := range []string{"CO-02", "CO-03"} {
		t.Run(purpose, func(t *testing.T) {
			w, people := listed(t)
			before := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1})
			gone := people[len(people)-1]
			if !slices.Contains(before.Under, gone) {
				t.Fatal("the person is not under the first figure: the test shows nothing")
			}
			agree(t, w, gone, purpose, "CS-3", "2004-06-01")
			after := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1})
			if slices.Contains(after.Under, gone) || len(after.Under) != len(before.Under)-4 || after.InputHash == before.InputHash {
				t.Errorf("%d records are under the figure, %d were before a person on three lists withdrew", len(after.Under), len(before.Under))
			}
			if _, _, err := w.RerunFigure(t.Context(), before.Record); fault.KindOf(err) != fault.Conflict {
				t.Errorf("the figure from before the withdrawal was computed again: %v", err)
			}
		})
	}
}

func TestHearsayAndCopiesMakeNoList(t *testing.T) {
	w, people := listed(t)
	before := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1})
	for i, p := range people[:60] {
		basis := []string{"BK-3", "BK-4"}[i%2]
		_, problems, err := w.State(t.Context(), casebook.Statement{Record: w.NewRecord(), Kind: "list_capture", Source: p, Basis: basis,
			Fields: kind.Values{"person": {kind.Of(p.String())}, "list": {kind.Of("rumours")}}}, "save")
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
	}
	origin, copied := w.NewRecord(), w.NewRecord()
	for _, s := range []id.ID{origin, copied} {
		say(t, w, s, "source", id.ID{}, "name", "an invented register")
	}
	say(t, w, w.NewRecord(), "source_dependency", id.ID{}, "a", copied.String(), "b", origin.String(), "kind", "quoted_from")
	for _, p := range people[:60] {
		say(t, w, w.NewRecord(), "list_capture", copied, "person", p.String(), "list", "the copy")
	}
	after := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1})
	if after.InputHash != before.InputHash {
		t.Error("hearsay or a copy changed the table")
	}
	for _, p := range people[:60] {
		say(t, w, w.NewRecord(), "list_capture", origin, "person", p.String(), "list", "the register")
	}
	if own := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1}); own.InputHash == before.InputHash {
		t.Error("a list of its own does not count: the test shows nothing")
	}
}

func TestLinksInDoubtAboveTheLimitGiveARefusal(t *testing.T) {
	w, _ := listed(t)
	fit, err := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 2}).Read()
	must(t, err)
	if fit.Refusal == nil || fit.Refusal.Code != mse.Unresolved {
		t.Errorf("refusal %+v, want %s", fit.Refusal, mse.Unresolved)
	}
}

func TestStaysAndSharesComeFromTheRecordsAndSmallOnesAreRefused(t *testing.T) {
	w, _ := invented(t, 300)
	for _, q := range []figure.Question{{Ask: figure.AskStay, Stage: "ST05"}, {Ask: figure.AskReturned}, {Ask: figure.AskSold}} {
		q.Draws = 2
		f := made(t, w, q)
		fit, err := f.Read()
		must(t, err)
		t.Logf("%s: %v to %v, %v; %d records", q.Ask, fit.Lower, fit.Upper, fit.Refusal, f.Records)
		if fit.Refusal != nil || !(fit.Lower < fit.Upper) || f.Records == 0 {
			t.Errorf("%s: %v to %v, refused %v", q.Ask, fit.Lower, fit.Upper, fit.Refusal)
		}
		if old, now, err := w.RerunFigure(t.Context(), f.Record); err != nil || string(old.Fit) != string(now.Fit) {
			t.Errorf("%s is not the same again: %v", q.Ask, err)
		}
	}
	few := create(t)
	t.Cleanup(func() { _ = few.Close() })
	for _, ask := range figure.Asks() {
		fit, err := made(t, few, figure.Question{Ask: ask, Draws: 1}).Read()
		must(t, err)
		if fit.Refusal == nil {
			t.Errorf("%s: an empty workspace gives a figure", ask)
		}
	}
}

func TestNoOverlapOfAFewPeopleIsShown(t *testing.T) {
	w, people := listed(t)
	for _, p := range people[:2] { // two people alone on a fourth list
		say(t, w, w.NewRecord(), "list_capture", p, "person", p.String(), "list", "list d")
	}
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1})
	o := f.Overlaps
	if o == nil || o.Refusal != nil {
		t.Fatalf("no overlaps: %+v", o)
	}
	hidden := 0
	for _, c := range o.Cells {
		if c.Count == nil {
			hidden++
			if c.Upper != nil && *c.Upper == c.Lower {
				t.Errorf("the hidden count of %v can be worked out: %d", c.On, c.Lower)
			}
		} else if *c.Count > 0 && *c.Count < 10 {
			t.Errorf("lists %v: %d is shown", c.On, *c.Count)
		}
	}
	if hidden == 0 {
		t.Error("nothing is hidden")
	}
	// Somebody more on the fourth list: the figure still shows what it showed, so that no
	// count comes out of the difference.
	say(t, w, w.NewRecord(), "list_capture", people[2], "person", people[2].String(), "list", "list d")
	again, err := w.Figure(t.Context(), f.Record)
	must(t, err)
	if !reflect.DeepEqual(again.Overlaps, o) {
		t.Errorf("the same figure shows %+v and then %+v", o, again.Overlaps)
	}
}

func TestLinksInDoubtAboveTheLimitRefuseStaysAndSharesToo(t *testing.T) {
	w, _ := invented(t, 300)
	limits := mse.DefaultLimits()
	limits.Unresolved = 1e-9
	for _, ask := range []string{figure.AskStay, figure.AskReturned} {
		f := made(t, w, figure.Question{Ask: ask, Draws: 2, Limits: limits})
		fit, err := f.Read()
		must(t, err)
		if fit.Refusal == nil || fit.Refusal.Code != mse.Unresolved || fit.InputHash == "" {
			t.Errorf("%s: refusal %+v, want %s", ask, fit.Refusal, mse.Unresolved)
		}
	}
}
