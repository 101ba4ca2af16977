package survival

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/bounds"
	"example.org/amparo/fault"
)

func TestSurvivorsCannotSayHowManyDied(t *testing.T) {
	f, err := RefuseRisk(bounds.Fates{}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if f.Refusal == nil || f.Refusal.Code != "survivors_only" || !math.IsNaN(float64(f.Point)) {
		t.Errorf("fit %+v", f)
	}
	// 40 of 100 died, 53 unknown: 40 % to 93 %, half is passed unless 43 of 53 live.
	f, err = RefuseRisk(bounds.Fates{X: 40, Unknown: 53, N: 100}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lower", float64(f.Lower), 0.40, 1e-12)
	near(t, "upper", float64(f.Upper), 0.93, 1e-12)
	d := f.Detail.(RiskBounds)
	near(t, "tipping", float64(d.Tipping), 10.0/53, 1e-12)
	if !strings.Contains(d.Sentence, "81.1%") || !math.IsNaN(float64(f.Point)) {
		t.Errorf("%q, point %v", d.Sentence, f.Point)
	}
}

func TestEverySampleNamesItsTrap(t *testing.T) {
	for s, want := range map[Sample]string{Survivors: "survivor_sampling", Inside: "length_bias", Ended: "right_truncation"} {
		if w := s.Warnings(); len(w) != 1 || w[0].Code != want {
			t.Errorf("%s: %v", s, w)
		}
	}
	if len(Cohort.Warnings()) != 0 {
		t.Error("a cohort has no trap of its own")
	}
}

// Stays of 1 and of 4 in equal number among entrants: found inside, 4 is seen four times
// as often. Weighting by 1/t brings the mean back to 2.5.
func TestLengthWeightsUndoLengthBias(t *testing.T) {
	obs := []Observation{{Time: 1, Event: true}}
	for range 4 {
		obs = append(obs, Observation{Time: 4, Event: true})
	}
	f, err := Estimate(obs, Question{Sample: Inside})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", f.Detail.(*Durations).Groups[0].RMST.Value, 2.5, 1e-12)
	if _, err := LengthWeights([]Observation{{Time: 3}}); err == nil {
		t.Error("a stay that has not ended was given a length")
	}
}

// Simulated: stays exponential with mean 100, all started within 300 days before the
// asking, only ended ones known. The conditional distribution is recovered; the plain one
// is biased short.
func TestReverseTimeRecoversTheConditionalDistribution(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var in []EndedStay
	short := 0.0
	for len(in) < 20000 {
		e := EndedStay{Time: r.ExpFloat64() * 100, Limit: r.Float64() * 300}
		if e.Time <= e.Limit {
			in = append(in, e)
			if e.Time <= 100 {
				short++
			}
		}
	}
	got, err := RightTruncated(in)
	if err != nil {
		t.Fatal(err)
	}
	p := 0.0
	for _, s := range got {
		if s.Time <= 100 {
			p = s.P
		}
	}
	want := (1 - math.Exp(-1)) / (1 - math.Exp(-got[len(got)-1].Time/100))
	near(t, "P(≤100)", p, want, 0.02)
	if naive := short / 20000; naive < want+0.05 {
		t.Errorf("the plain share %g is not biased; the test says nothing", naive)
	}
}

func TestTableByHandOfRightTruncation(t *testing.T) {
	// Longest first: at 3, of those ≤ 3 that could be 3 long (limits 3, 5; not 2): 1 of 2.
	// At 2: of the stays 1, 2 with limits ≥ 2: both, 1 of 2. So F(2) = ½, F(1) = ¼.
	got, err := RightTruncated([]EndedStay{{Time: 1, Limit: 2}, {Time: 2, Limit: 5}, {Time: 3, Limit: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.25, 0.5, 1} {
		near(t, "P", got[i].P, want, 1e-15)
	}
	if _, err := RightTruncated([]EndedStay{{Time: 3, Limit: 2}}); err == nil {
		t.Error("a stay longer than could be seen was taken")
	}
}

func TestImputedDatesGiveOneResultForOneSeed(t *testing.T) {
	in := windows(200)
	a, err := EstimateWindows(in, Question{}, 20, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := EstimateWindows(in, Question{}, 20, rand.New(rand.NewPCG(1, 2)))
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err1 != nil || err2 != nil || string(x) != string(y) {
		t.Errorf("two results from one seed: %v %v", err1, err2)
	}
	d := a.Detail.(*Imputations)
	lo, hi := float64(d.Uniform.Shortest.Median().Value), float64(d.Uniform.Longest.Median().Value)
	if m := float64(a.Median); !(lo <= m && m <= hi) || !(float64(a.Lower) < m && m < float64(a.Upper)) {
		t.Errorf("median %g [%g, %g], extremes %g to %g", m, a.Lower, a.Upper, lo, hi)
	}
	// True median: 100·ln 2 = 69.3.
	if !a.Interval().Contains(100 * math.Ln2) {
		t.Errorf("the interval %v misses 69.3", a.Interval())
	}
}

// windows makes n stays, exponential with mean 100, whose dates are known to 30 days at
// the start and 20 at the end, followed for 250 days.
func windows(n int) []Window {
	r := rand.New(rand.NewPCG(3, 4))
	var in []Window
	for range n {
		start, stay := r.Float64()*365, r.ExpFloat64()*100
		u := r.Float64() * 30
		w := Window{StartLo: start - u, StartHi: start - u + 30}
		if stay > 250 {
			w.EndLo, w.EndHi = start+250, math.Inf(1)
		} else {
			v := r.Float64() * 20
			w.EndLo, w.EndHi = start+stay-v, start+stay-v+20
		}
		in = append(in, w)
	}
	return in
}

func TestExactDatesNeedNoImputation(t *testing.T) {
	in := []Window{{EndLo: 5, EndHi: 5}, {EndLo: 7, EndHi: 7}, {StartLo: 1, StartHi: 1, EndLo: 9, EndHi: math.Inf(1)}}
	im, err := Imputed(in, 5, Uniform, Options{}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "S(5)", im.Pooled[0].Survival, 2.0/3, 1e-12)
	want := im.Shortest.At(5)
	near(t, "lower", float64(im.Pooled[0].Lower), float64(want.Lower), 1e-12)
	near(t, "upper", float64(im.Pooled[0].Upper), float64(want.Upper), 1e-12)
}

func TestFitOfIntervalsHasNoPointInsideAnInterval(t *testing.T) {
	in := []Interval{{Left: 1, Right: 4}, {Left: 5, Right: 9}, {Left: 6, Right: 12}, {Left: 10, Right: math.Inf(1)}, {Left: 2, Right: 3}}
	f, err := EstimateIntervals(in, Question{Times: []float64{4.5}}, 100, rand.New(rand.NewPCG(5, 6)))
	if err != nil {
		t.Fatal(err)
	}
	g := f.Detail.(*Bracketed).Groups[0]
	if !math.IsNaN(float64(f.Point)) || g.Median.Left != 6 || g.Median.Right != 9 {
		t.Errorf("point %v, median %+v", f.Point, g.Median)
	}
	near(t, "S(4.5)", g.AtTimes[0].Lower, 0.6, 1e-9)
	if !(f.Lower <= 6 && f.Upper >= 9) {
		t.Errorf("interval %v to %v does not hold the median's own", f.Lower, f.Upper)
	}
}

func TestFitSaysWhatItDoesNotKnow(t *testing.T) {
	f, err := Estimate([]Observation{{Time: 3}, {Time: 5}, {Time: 5}}, Question{})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, w := range f.Warnings {
		codes = append(codes, w.Code)
	}
	if got := strings.Join(codes, " "); got != "none_ended median_not_reached" {
		t.Errorf("warnings %q", got)
	}
	b, err := json.Marshal(f)
	if err != nil || !strings.Contains(string(b), `"point":null`) {
		t.Errorf("%s %v", b, err)
	}
}

func TestGroupsAreComparedEachWithEach(t *testing.T) {
	var obs []Observation
	for i, g := range []string{"a", "b", "c"} {
		for k := range 6 {
			obs = append(obs, Observation{Time: float64(1 + i + 2*k), Event: true, Group: g})
		}
	}
	f, err := Estimate(obs, Question{Tau: 6})
	if err != nil {
		t.Fatal(err)
	}
	d := f.Detail.(*Durations)
	if len(d.Groups) != 4 || d.LogRank == nil || d.LogRank.DF != 2 || len(d.Contrasts) != 3 {
		t.Errorf("%d groups, test %+v, %d contrasts", len(d.Groups), d.LogRank, len(d.Contrasts))
	}
	if _, err := Estimate(obs, Question{Options: Options{Level: 2}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("level 2: %v", err)
	}
}

// Ten returned: 3 detained, 2 died, 4 unknown, 1 at liberty. Detained lies between 3 and
// 8 of 10: 4 unknown and 1 not known to the end.
func TestUnknownFatesWidenTheBounds(t *testing.T) {
	var in []Outcome
	for i, c := range []string{"detained", "detained", "detained", "died", "died", "unknown", "unknown", "unknown", "unknown", ""} {
		in = append(in, Outcome{Time: float64(i + 1), Cause: c})
	}
	f, err := EstimateOutcomes(in, OutcomeQuestion{Cause: "detained", Unknown: "unknown", Horizon: 5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "P(detained by 5)", float64(f.Point), 0.3, 1e-12)
	b := f.Detail.(*Outcomes).Groups[0].Bounds
	if len(b) != 2 || b[0].Outcome != "detained" {
		t.Fatalf("bounds %+v", b)
	}
	near(t, "lower", float64(b[0].Interval.Lower), 0.3, 1e-12)
	near(t, "upper", float64(b[0].Interval.Upper), 0.8, 1e-12)
	refused, err := EstimateOutcomes(in, OutcomeQuestion{Question: Question{Sample: Survivors}, Cause: "died"})
	if err != nil || refused.Refusal == nil || refused.Refusal.Text != survivorsOnly {
		t.Errorf("survivors asked for death: %+v %v", refused, err)
	}
	if _, err := EstimateOutcomes(in, OutcomeQuestion{Cause: "vanished"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an outcome nobody has: %v", err)
	}
}

func TestStagesAfterReturnAreReadOff(t *testing.T) {
	f, err := EstimateStates([]Spell{
		{Person: "a", From: "returned", To: "detained", Enter: 0, Leave: 1},
		{Person: "a", From: "detained", To: "camp", Enter: 1, Leave: 3},
		{Person: "a", From: "camp", Enter: 3, Leave: 9},
		{Person: "b", From: "returned", Enter: 0, Leave: 9},
	}, "", "camp", 4, Question{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "P(camp at 4)", float64(f.Point), 0.5, 1e-12)
}

// Whatever the rows, a fit can be written down: no value that JSON cannot carry.
func TestEveryFitCanBeWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var obs []Observation
		var in []Interval
		var out []Outcome
		for range rapid.IntRange(1, 8).Draw(t, "n") {
			o := drawn(t)
			o.Group = []string{"a", "b", "c"}[rapid.IntRange(0, 2).Draw(t, "group")]
			v := Interval{Left: o.Time, Right: o.Time + float64(rapid.IntRange(0, 3).Draw(t, "width")), Group: o.Group}
			if !o.Event {
				v.Right = math.Inf(1)
			}
			c := Outcome{Time: o.Time, Entry: o.Entry, Late: o.Late, Group: o.Group}
			if o.Event {
				c.Cause = []string{"x", "y"}[rapid.IntRange(0, 1).Draw(t, "cause")]
			}
			obs, in, out = append(obs, o), append(in, v), append(out, c)
		}
		q := Question{Times: []float64{0, 5}}
		for _, fit := range []func() (estimate.Fit, error){
			func() (estimate.Fit, error) { return Estimate(obs, q) },
			func() (estimate.Fit, error) { return EstimateIntervals(in, q, 20, rand.New(rand.NewPCG(1, 1))) },
			func() (estimate.Fit, error) { return EstimateOutcomes(out, OutcomeQuestion{Question: q}) },
		} {
			f, err := fit()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := json.Marshal(f); err != nil {
				t.Fatal(err)
			}
		}
	})
}
