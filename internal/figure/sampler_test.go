package figure

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/lcm"
)

// Runs that do not agree are shown where they are, of the draw of who is who on which they agree
// least; the refusal names them in tens and has no count in it.
func TestRunsThatDoNotAgreeAreShownAndRefuseInRoundNumbers(t *testing.T) {
	var p mse.Plan
	p.Limits = mse.DefaultLimits()
	s := latentPlan(&p, twoTables(), 2, func(string, int, int) {})
	for _, at := range [][2]int{{57, 61}, {57, 153}} {
		detail := lcm.Posterior{Medians: []float64{float64(at[0]), float64(at[1])}}
		for i := range 200 {
			detail.Draws = append(detail.Draws, lcm.Draw{People: at[i/100] + i%7})
		}
		f := estimate.Refuse(mse.LCM, estimate.Refusal{Code: notSettled, Text: "separate runs give 57 and 153", Instead: "At least the 43 people on the lists."})
		f.Detail, f.Diagnostics = detail, &estimate.Diagnostics{RHat: estimate.Number(float64(at[1]) / 50), ESSBulk: 310, ESSTail: 127, Chains: 2, Draws: 3000}
		s.note(&f)
		if at[1] == 153 && (f.Refusal.Text != "The calculation did not settle: separate runs give 50 and 160. No figure is given." || f.Refusal.Instead != "") {
			t.Errorf("%+v", f.Refusal)
		}
	}
	r := s.runs()
	if r == nil || r.Verdict != RunsDisagree || r.Fitted != 2 || r.RHat != 3.06 || r.ESS != 120 || r.Slow {
		t.Fatalf("%+v", r)
	}
	if r.First != 50 || r.Width != 10 || len(r.Runs) != 2 || r.Runs[0][0]+r.Runs[0][1] != shownDraws || r.Runs[1][10]+r.Runs[1][9] != shownDraws || len(r.Runs[0]) != 11 {
		t.Errorf("%+v", r)
	}
}

// Runs that stand still have no R-hat. They are the worst there are, whatever comes after them.
func TestRunsThatStandStillAreTheWorst(t *testing.T) {
	p := mse.Plan{Limits: mse.DefaultLimits()}
	s := latentPlan(&p, twoTables(), 2, func(string, int, int) {})
	for _, still := range []bool{true, false} {
		f := estimate.Fit{Method: mse.LCM, Detail: lcm.Posterior{Medians: []float64{100, 100}, Draws: make([]lcm.Draw, 100)}, Diagnostics: &estimate.Diagnostics{RHat: 1, ESSBulk: 500, ESSTail: 500, Chains: 2}}
		if still {
			f.Diagnostics.RHat, f.Diagnostics.ESSTail = estimate.Number(math.NaN()), estimate.Number(math.NaN())
		}
		s.note(&f)
	}
	if r := s.runs(); r.Verdict != RunsDisagree || r.ESS != 0 || !math.IsInf(float64(r.RHat), 1) {
		t.Errorf("%+v", r)
	}
}

// A run that takes long is the last: the plan is told that there is enough.
func TestASlowRunIsTheLast(t *testing.T) {
	for name, c := range map[string]struct {
		draws    int
		tempered bool
		enough   bool
	}{"quick": {3600, false, false}, "long": {4 * 7373, false, true}, "tempered": {3600, true, true}} {
		p := mse.Plan{Limits: mse.DefaultLimits()}
		s := latentPlan(&p, twoTables(), 8, func(string, int, int) {})
		f := estimate.Fit{Method: mse.LCM, Detail: lcm.Posterior{Medians: []float64{100, 100, 100, 100}, Tempered: c.tempered, Draws: make([]lcm.Draw, 1000)},
			Diagnostics: &estimate.Diagnostics{RHat: 1, ESSBulk: 500, ESSTail: 500, Chains: 4, Draws: c.draws}}
		s.note(&f)
		if got := p.LatentEnough(); got != c.enough || s.runs().Slow != c.enough {
			t.Errorf("%s: enough %v, said %v; want %v", name, got, s.runs().Slow, c.enough)
		}
	}
}

// The verdict follows from the numbers that are shown, and no run is better for a larger R-hat
// or for fewer draws.
func TestTheVerdictOfRunsFollowsTheirNumbers(t *testing.T) {
	l := mse.DefaultLimits()
	rank := map[string]int{RunsAgree: 0, RunsHardly: 1, RunsDisagree: 2}
	rapid.Check(t, func(t *rapid.T) {
		rhat, ess := rapid.Float64Range(0.99, 1.2).Draw(t, "rhat"), rapid.Float64Range(0, 2000).Draw(t, "ess")
		v := rank[verdictOf(rhat, ess, l)]
		if rank[verdictOf(rhat+0.02, ess, l)] < v || rank[verdictOf(rhat, ess/2, l)] < v {
			t.Fatalf("R-hat %v with %v draws is better when it is worse", rhat, ess)
		}
	})
	for _, x := range [][2]float64{{math.NaN(), 1000}, {1, math.NaN()}, {math.Inf(1), 1000}} {
		if v := verdictOf(x[0], x[1], l); v != RunsDisagree {
			t.Errorf("%v: %s", x, v)
		}
	}
}

// twoTables are the lists of two draws of who is who.
func twoTables() []hist.Table {
	var out []hist.Table
	for more := range 2 {
		t := hist.Table{Lists: []string{"a", "b", "c"}}
		for h, n := range []int{60 + more, 55, 20, 50, 18, 15, 6} {
			t.Cells = append(t.Cells, hist.Cell{History: hist.History(h + 1), Count: n})
		}
		out = append(out, t)
	}
	return out
}

// Draws of who is who that give the same lists share a fit: it would be the same to the last bit,
// and take as long again.
func TestDrawsWithTheSameListsShareAFit(t *testing.T) {
	tables := twoTables()
	p := mse.Plan{Limits: mse.DefaultLimits()}
	told := 0
	s := latentPlan(&p, []hist.Table{tables[0], tables[1], tables[0]}, 3, func(string, int, int) { told++ })
	if s.options.Draws != 500 {
		t.Errorf("two fits make %d effective draws each", s.options.Draws)
	}
	var fits []estimate.Fit
	var steps []int
	for _, x := range []hist.Table{tables[0], tables[1], tables[0]} {
		told = 0
		f, err := p.LatentClass(t.Context(), x, 0.95, 3)
		if err != nil {
			t.Fatal(err)
		}
		fits, steps = append(fits, f), append(steps, told)
	}
	if s.fitted != 3 || fits[0].Median != fits[2].Median || steps[2] != 1 {
		t.Errorf("%d fits, %v and %v, told %v", s.fitted, fits[0].Median, fits[2].Median, steps)
	}
	again, err := mse.LatentClasses(s.options)(t.Context(), tables[0], 0.95, 3)
	if err != nil || again.Median != fits[2].Median || again.Lower != fits[2].Lower || again.Upper != fits[2].Upper {
		t.Errorf("fitted anew it is %v to %v, shared %v to %v (%v)", again.Lower, again.Upper, fits[2].Lower, fits[2].Upper, err)
	}
}
