package app_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
)

// onManyLists is onLists for more people than are quick to state one by one, born on days so
// far apart that nobody is taken for another.
func onManyLists(t *testing.T, counts map[string]int) *app.Workspace {
	t.Helper()
	w := create(t)
	t.Cleanup(func() { _ = w.Close() })
	pop := w.Populate()
	state := func(rec id.ID, kindName string, source id.ID, fields ...string) {
		t.Helper()
		k, _ := w.Schema().Kind(kindName)
		vs := kind.Values{}
		for i := 0; i < len(fields); i += 2 {
			f, _ := k.Field(fields[i])
			v, err := w.Schema().ParseValue(f, fields[i+1], "en")
			must(t, err)
			vs[f.Name] = []kind.Value{v}
		}
		must(t, pop.State(t.Context(), casebook.Statement{Record: rec, Kind: kindName, Source: source, Fields: vs}, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)))
	}
	n := 0
	for _, h := range sortedKeys(counts) {
		for range counts[h] {
			n++
			p := w.NewRecord()
			state(p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", time.Date(1900, 1, 1+131*n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), "sex", []string{"f", "m"}[n%2])
			for _, purpose := range []string{"CO-02", "CO-03"} {
				state(w.NewRecord(), "consent", id.ID{}, "person", p.String(), "purpose", purpose, "state", "CS-1", "date", "2004-05-01", "language", "ko", "method", "oral", "text_version", "2004-1")
			}
			for _, l := range strings.Split(h, "") {
				state(w.NewRecord(), "list_capture", p, "person", p.String(), "list", "list "+l)
			}
		}
	}
	must(t, pop.Flush(t.Context()))
	return w
}

var fourLists = map[string]int{"a": 50, "b": 48, "c": 46, "d": 44, "ab": 9, "ac": 9, "ad": 8, "bc": 9, "bd": 8, "cd": 7, "abc": 2, "abd": 2, "bcd": 2}

// latentMember is what latent classes say in a figure, with how many draws of who is who they
// were fitted to.
func latentMember(t *testing.T, f *figure.Figure) (estimate.Fit, int) {
	t.Helper()
	fit, err := f.Read()
	must(t, err)
	at := slices.IndexFunc(fit.Ensemble, func(m estimate.Fit) bool { return m.Method == mse.LCM })
	if at < 0 {
		return estimate.Fit{}, 0
	}
	raw, err := json.Marshal(fit.Ensemble[at].Detail)
	must(t, err)
	var d mse.Mixed
	must(t, json.Unmarshal(raw, &d))
	return fit.Ensemble[at], d.Draws
}

// The ensemble at the desk is the one whose coverage was counted.
func TestATotalHasTheMethodsOfTheCalibratedEnsemble(t *testing.T) {
	var table struct {
		Rows []struct{ Question, Method string }
	}
	b, err := os.ReadFile("../../docs/calibration/table.json")
	must(t, err)
	must(t, json.Unmarshal(b, &table))
	calibrated := map[string]bool{}
	for _, r := range table.Rows {
		if r.Question == "total" && r.Method != mse.Method {
			calibrated[r.Method] = true
		}
	}
	w := onManyLists(t, fourLists)
	fit, err := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()}).Read()
	must(t, err)
	for _, m := range fit.Ensemble {
		if !calibrated[m.Method] {
			t.Errorf("%s is not in the calibration", m.Method)
		}
		delete(calibrated, m.Method)
	}
	if len(calibrated) > 0 {
		t.Errorf("left out at the desk: %v", calibrated)
	}
}

// A total with latent classes comes out the same to the last bit, the runs of the sampler with
// it, after the workspace was closed; it says to how many draws they were fitted.
func TestATotalWithLatentClassesAndTheirRunsComesOutTheSame(t *testing.T) {
	w := onManyLists(t, fourLists)
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 3, Latent: 2, Limits: anyLinks()})
	r := detail[figure.TotalDetail](t, f).Runs
	if r == nil || len(r.Runs) != 4 || r.Fitted != 2 || r.Verdict == figure.RunsDisagree || !(r.RHat >= 0.99 && r.RHat <= 1.05) || !(r.ESS >= 400) {
		t.Fatalf("the runs are %+v", r)
	}
	if m, draws := latentMember(t, f); m.Refusal != nil || !(m.Lower < m.Upper) || draws != 2 {
		t.Errorf("latent classes say %v to %v (%v) of %d draws", m.Lower, m.Upper, m.Refusal, draws)
	}
	fit, err := f.Read()
	must(t, err)
	if fit.Options["latent_linkage_draws"] != 2. || fit.Options["linkage_draws"] != 3. || !slices.ContainsFunc(fit.Warnings, func(w estimate.Warning) bool { return w.Code == "latent_some" }) {
		t.Errorf("it is not said that there are fewer draws: %v, %v", fit.Options, fit.Warnings)
	}
	w = reopen(t, w)
	t.Cleanup(func() { _ = w.Close() })
	old, now, err := w.RerunFigure(t.Context(), f.Record)
	must(t, err)
	if string(old.Fit) != string(now.Fit) || string(old.Fit) != string(f.Fit) {
		t.Error("computed again it is another figure")
	}
}

// Without a word, every draw of who is who has latent classes, up to eight.
func TestLatentClassesAreFittedToUpToEightDraws(t *testing.T) {
	w := onManyLists(t, fourLists)
	for asked, want := range map[int]int{2: 2, 11: 8} {
		f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: asked, Limits: anyLinks()})
		if _, draws := latentMember(t, f); draws != want || f.Question.Latent != want {
			t.Errorf("of %d draws %d are fitted, and kept as %d; want %d", asked, draws, f.Question.Latent, want)
		}
	}
	if _, err := w.MakeFigure(t.Context(), figure.Question{Ask: figure.AskTotal, Draws: 2, Latent: 3}, "test"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("more than there are draws: %v", err)
	}
}

// A figure that was kept before there were latent classes at the desk has none when it is
// computed again.
func TestAFigureThatWasKeptWithoutLatentClassesHasNone(t *testing.T) {
	w := onManyLists(t, fourLists)
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 2, Latent: -1, Limits: anyLinks()})
	if q, err := json.Marshal(f.Question); err != nil || strings.Contains(string(q), "latent") || strings.Contains(string(f.Fit), "lcm") || strings.Contains(string(f.Fit), "latent") {
		t.Errorf("there is more in it than in the figures of before: %s (%v)", q, err)
	}
	old, now, err := w.RerunFigure(t.Context(), f.Record)
	must(t, err)
	if string(old.Fit) != string(now.Fit) {
		t.Error("computed again it is another figure")
	}
}

// What is kept of the runs is small, on a round axis, and of few draws; none of it is a number
// of people to the last digit.
func TestR11TheRunsOfASamplerSingleNobodyOut(t *testing.T) {
	given := made(t, onManyLists(t, fourLists), figure.Question{Ask: figure.AskTotal, Draws: 2, Limits: anyLinks()})
	for name, f := range map[string]*figure.Figure{"given": given, "without an end": endless(t)} {
		r := detail[figure.TotalDetail](t, f).Runs
		if r == nil {
			t.Fatalf("%s: there are no runs", name)
		}
		b, err := json.Marshal(r)
		must(t, err)
		t.Logf("%s: %d bytes of %d: %s", name, len(b), len(f.Fit), b)
		if len(b) > 1000 {
			t.Errorf("%s: the runs take %d bytes", name, len(b))
		}
		if math.Mod(r.Width, 10) != 0 || math.Mod(r.First, r.Width) != 0 {
			t.Errorf("%s: the stretches begin at %v and are %v wide", name, r.First, r.Width)
		}
		for _, run := range r.Runs {
			if n := sum(run); n == 0 || n > 20 || len(run) > 15 {
				t.Errorf("%s: a run shows %d draws in %d stretches", name, n, len(run))
			}
		}
		m, _ := latentMember(t, f)
		if m.InputHash != "" || m.Seed != 0 || m.Diagnostics != nil || m.Refusal != nil && m.Refusal.Instead != "" {
			t.Errorf("%s: kept of the sampler: %+v", name, m)
		}
		for _, x := range []estimate.Number{m.Point, m.Lower, m.Upper} {
			if !math.IsNaN(float64(x)) && math.Mod(float64(x), 10) != 0 {
				t.Errorf("%s: %v has more than two digits", name, x)
			}
		}
	}
}

// What is drawn of a total hangs on a seed that only who may read the records can find: from the
// same counts and the same seed as it is kept come other draws where the records are others.
// Without that, whoever knows the other counts could try hidden ones until all comes out.
func TestR11WhatIsDrawnOfATotalCannotBeTriedOut(t *testing.T) {
	seed := uint64(7)
	var kept []figure.TotalDetail
	for range 2 {
		f := made(t, onManyLists(t, fourLists), figure.Question{Ask: figure.AskTotal, Draws: 1, Seed: &seed, Limits: anyLinks()})
		kept = append(kept, detail[figure.TotalDetail](t, f))
	}
	if reflect.DeepEqual(kept[0].Runs.Runs, kept[1].Runs.Runs) || reflect.DeepEqual(kept[0].Posterior.Bins, kept[1].Posterior.Bins) {
		t.Error("the same counts with the same seed give the same draws, whatever the records")
	}
	for _, d := range kept {
		n := 0
		for _, b := range d.Posterior.Bins {
			n += b.Share
		}
		if n != 100 || d.Posterior.Draws != 100 || len(d.Posterior.Bins) > 15 {
			t.Errorf("%d of %d draws in %d stretches", n, d.Posterior.Draws, len(d.Posterior.Bins))
		}
	}
}

// endless is a total of lists on which latent classes find no upper end.
func endless(t *testing.T) *figure.Figure {
	t.Helper()
	return made(t, onManyLists(t, map[string]int{"a": 60, "b": 55, "c": 50, "ab": 1, "abc": 30}), figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()})
}

func sum(ns []int) (n int) {
	for _, x := range ns {
		n += x
	}
	return n
}

// A sampler without an upper end refuses for itself, with its words and its lower bound, and
// so does the total; its runs are shown all the same.
func TestASamplerThatRefusesIsAMemberThatRefuses(t *testing.T) {
	f := endless(t)
	m, _ := latentMember(t, f)
	if m.Refusal == nil || m.Refusal.Code != mse.Unbounded || !(m.Lower > 500 && m.Lower < 3000) || !strings.Contains(m.Refusal.Text, fmt.Sprintf("at least %d", int(m.Lower))) {
		t.Errorf("latent classes say %v, %+v", m.Lower, m.Refusal)
	}
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal == nil || fit.Refusal.Code != mse.Unbounded || !slices.ContainsFunc(fit.Warnings, func(w estimate.Warning) bool { return w.Code == "member_refused" && w.Args[0] == mse.LCM }) {
		t.Errorf("the total is refused for %v, with %v", fit.Refusal, fit.Warnings)
	}
	if detail[figure.TotalDetail](t, f).Runs == nil {
		t.Error("the runs are not shown")
	}
}
