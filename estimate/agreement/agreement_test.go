package agreement_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/agreement"
)

var none = math.NaN()

// The worked example of Krippendorff (2011), Computing Krippendorff's Alpha-Reliability,
// section C: four observers, twelve units, missing values.
var worked = agreement.Ratings{Values: [][]float64{
	{1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none},
	{1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3},
	{none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none},
	{1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none},
}}

func near(got estimate.Number, want, by float64) bool { return math.Abs(float64(got)-want) <= by }

func TestAlphaOfThePublishedExample(t *testing.T) {
	for scale, want := range map[agreement.Scale]float64{agreement.Nominal: 0.743, agreement.Ordinal: 0.815, agreement.Interval: 0.849, agreement.Ratio: 0.797} {
		f, err := agreement.Alpha(worked, agreement.Options{Scale: scale})
		if err != nil || !near(f.Point, want, 0.0005) {
			t.Errorf("%s: %.4f, want %.3f (%v)", scale, float64(f.Point), want, err)
		}
		c := f.Detail.(agreement.Counts)
		if c.Units != 11 || c.Values != 40 {
			t.Errorf("%s rests on %d units and %d values, want 11 and 40: the twelfth was coded once", scale, c.Units, c.Values)
		}
	}
}

// Krippendorff (2011), sections A and B.
func TestAlphaOfTwoObservers(t *testing.T) {
	binary := agreement.Ratings{Values: [][]float64{{0, 1, 0, 0, 0, 0, 0, 0, 1, 0}, {1, 1, 1, 0, 0, 1, 0, 0, 0, 0}}}
	f, err := agreement.Alpha(binary, agreement.Options{})
	if err != nil || !near(f.Point, 0.095, 0.0005) {
		t.Errorf("binary: %.4f, want 0.095 (%v)", float64(f.Point), err)
	}
	row := func(s string) (out []float64) {
		for _, c := range s {
			out = append(out, float64(c))
		}
		return out
	}
	five := agreement.Ratings{Values: [][]float64{row("aabbdcccedda"), row("babbbccceddd")}}
	f, err = agreement.Alpha(five, agreement.Options{})
	if err != nil || !near(f.Point, 0.692, 0.0005) {
		t.Errorf("nominal: %.4f, want 0.692 (%v)", float64(f.Point), err)
	}
}

// table spreads a table of counts into ratings.
func table(counts [][]int) agreement.Ratings {
	r := agreement.Ratings{Values: make([][]float64, 2)}
	for i, row := range counts {
		for j, n := range row {
			for range n {
				r.Values[0], r.Values[1] = append(r.Values[0], float64(i)), append(r.Values[1], float64(j))
			}
		}
	}
	return r
}

// Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table 18.1: 100
// subjects, two raters. Agreement 0.75+0.04+0.10 = 0.89, by chance 0.8*0.8 + 0.1*0.05 +
// 0.1*0.15 = 0.66, kappa = 0.23/0.34 = 0.6765; standard error 0.088 by the formula.
func TestKappaOfAPublishedTable(t *testing.T) {
	f, err := agreement.Kappa(table([][]int{{75, 1, 4}, {5, 4, 1}, {0, 0, 10}}), agreement.Unweighted, agreement.Options{})
	c := f.Detail.(agreement.Counts)
	if err != nil || !near(f.Point, 0.6765, 5e-5) || math.Abs(c.Observed-0.89) > 1e-9 || math.Abs(c.Expected-0.66) > 1e-9 {
		t.Errorf("%v %+v %v", f.Point, c, err)
	}
	if math.Abs(c.StdErr-0.0877) > 5e-4 {
		t.Errorf("standard error %.4f, want 0.088", c.StdErr)
	}
	if !f.Interval().Contains(0.6765) || math.Abs(float64(f.Upper-f.Lower)-2*1.96*c.StdErr) > 0.08 {
		t.Errorf("the bootstrap interval %v is not near that of the standard error", f.Interval())
	}
}

// Worked by hand: 20 of 50 both yes, 15 both no, 5 and 10 apart: agreement 0.7, by chance
// 0.5*0.6 + 0.5*0.4 = 0.5, kappa 0.4. With two values weights change nothing.
func TestKappaOfTwoValues(t *testing.T) {
	for _, w := range []agreement.Weights{agreement.Unweighted, agreement.Linear, agreement.Quadratic} {
		f, err := agreement.Kappa(table([][]int{{20, 5}, {10, 15}}), w, agreement.Options{})
		if err != nil || !near(f.Point, 0.4, 1e-9) {
			t.Errorf("%q: %v, %v", w, f.Point, err)
		}
	}
}

// Worked by hand for three ranks, one unit in each cell of the first row: {1,1,1},{0,1,0},
// {0,0,1}. Quadratic: observed 1 - (0.25+1)/5 = 0.75; expected 1 - sum of w: rows .6 .2 .2,
// columns .2 .4 .4 -> misses .25*(.6*.4+.2*.2+.2*.4+.2*.4) + 1*(.6*.4+.2*.2) = .11+.28 =
// .39; kappa = (.75-.61)/.39 = 0.3590.
func TestWeightedKappaCountsNearMissesLess(t *testing.T) {
	f, err := agreement.Kappa(table([][]int{{1, 1, 1}, {0, 1, 0}, {0, 0, 1}}), agreement.Quadratic, agreement.Options{})
	if err != nil || !near(f.Point, 0.3590, 5e-5) {
		t.Errorf("%v, %v", f.Point, err)
	}
}

func TestNothingIsMeasuredWhereNothingVaries(t *testing.T) {
	same := agreement.Ratings{Values: [][]float64{{1, 1, 1}, {1, 1, 1}}}
	apart := agreement.Ratings{Values: [][]float64{{1, none}, {none, 2}}}
	for _, tc := range []struct {
		r    agreement.Ratings
		code string
	}{{same, "no_variation"}, {apart, "no_pairs"}} {
		a, err := agreement.Alpha(tc.r, agreement.Options{})
		k, err2 := agreement.Kappa(tc.r, agreement.Unweighted, agreement.Options{})
		for _, f := range []estimate.Fit{a, k} {
			if err != nil || err2 != nil || f.Refusal == nil || f.Refusal.Code != tc.code || !math.IsNaN(float64(f.Point)) || f.Refusal.Instead == "" {
				t.Errorf("%+v %v %v", f, err, err2)
			}
		}
	}
	for _, bad := range []agreement.Ratings{{}, {Values: [][]float64{{1}}}, {Values: [][]float64{{1, 2}, {1}}}, {Values: [][]float64{{math.Inf(1)}, {1}}}} {
		if _, err := agreement.Alpha(bad, agreement.Options{}); err == nil {
			t.Errorf("%v is measured", bad)
		}
		if _, err := agreement.Kappa(bad, agreement.Unweighted, agreement.Options{}); err == nil {
			t.Errorf("%v is measured by kappa", bad)
		}
	}
	for _, opt := range []agreement.Options{{Scale: "colour"}, {Level: 1}, {Draws: 3}} {
		if _, err := agreement.Alpha(worked, opt); err == nil {
			t.Errorf("%+v is accepted", opt)
		}
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	one, err := agreement.Alpha(worked, agreement.Options{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	two, _ := agreement.Alpha(worked, agreement.Options{Seed: 4})
	a, _ := json.Marshal(one)
	b, _ := json.Marshal(two)
	if string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
	if !(one.Lower <= one.Point && one.Point <= one.Upper) || len(one.Assumptions) == 0 || len(one.Warnings) == 0 {
		t.Errorf("%+v", one)
	}
}

// Alpha is at most 1, is 1 where all agree, and depends neither on the order of coders
// nor, on the nominal scale, on what the values are called.
func TestAlphaByItsProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		coders, units := rapid.IntRange(2, 4).Draw(rt, "coders"), rapid.IntRange(2, 8).Draw(rt, "units")
		r := agreement.Ratings{Values: make([][]float64, coders)}
		renamed := agreement.Ratings{Values: make([][]float64, coders)}
		for c := range coders {
			for range units {
				v := float64(rapid.IntRange(0, 4).Draw(rt, "v"))
				if v == 0 {
					v = none
				}
				r.Values[c] = append(r.Values[c], v)
				renamed.Values[c] = append(renamed.Values[c], 100-7*v)
			}
		}
		opt := agreement.Options{Draws: 100}
		f, err := agreement.Alpha(r, opt)
		if err != nil {
			rt.Fatal(err)
		}
		if f.Refusal != nil {
			return
		}
		if f.Point > 1+1e-12 {
			rt.Fatalf("alpha %v", f.Point)
		}
		slices.Reverse(r.Values)
		g, _ := agreement.Alpha(r, opt)
		h, _ := agreement.Alpha(renamed, opt)
		if !near(g.Point, float64(f.Point), 1e-9) || !near(h.Point, float64(f.Point), 1e-9) {
			rt.Fatalf("%v, coders turned round %v, values renamed %v", f.Point, g.Point, h.Point)
		}
		for c := range r.Values {
			copy(r.Values[c], r.Values[0])
		}
		if all, _ := agreement.Alpha(r, opt); all.Refusal == nil && !near(all.Point, 1, 1e-12) {
			rt.Fatalf("full agreement is %v", all.Point)
		}
	})
}

// A measured 95 % interval covers the truth about 95 times in 100: two coders who each
// keep a true value with probability 0.8 and else draw at random from four.
func TestTheIntervalCoversTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: long sampling")
	}
	g := newPCG(3)
	// With a fair four-way truth and guess: alpha in the limit is 0.8*0.8 = 0.64.
	const truth = 0.64
	covered, worlds := 0, 200
	for range worlds {
		r := agreement.Ratings{Values: make([][]float64, 2)}
		for range 150 {
			v := float64(g.IntN(4))
			for c := range r.Values {
				x := v
				if g.Float64() > 0.8 {
					x = float64(g.IntN(4))
				}
				r.Values[c] = append(r.Values[c], x)
			}
		}
		f, err := agreement.Alpha(r, agreement.Options{Draws: 300, Seed: g.Uint64()})
		if err != nil {
			t.Fatal(err)
		}
		if f.Interval().Contains(truth) {
			covered++
		}
	}
	if covered < 180 || covered > 199 {
		t.Errorf("the interval covers the truth in %d of %d worlds", covered, worlds)
	}
}

func newPCG(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
