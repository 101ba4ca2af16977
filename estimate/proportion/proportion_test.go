package proportion

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Published: Wilson and Clopper-Pearson of 0, 3 and 137; Newcombe (1998) table II (a),
// 56/70 − 48/80 = 0.2, method 10 0.0524 to 0.3339.
func TestPublishedIntervals(t *testing.T) {
	for _, c := range []struct {
		c      Count
		m      Method
		lo, hi float64
	}{
		{Count{0, 10}, Wilson, 0, 0.277532799862889},
		{Count{3, 200}, Wilson, 0.00511423779325831, 0.0431657287926903},
		{Count{3, 200}, ClopperPearson, 0.00310410762155355, 0.0432082819177126},
		{Count{3, 200}, Jeffreys, 0.00424227914683365, 0.0394843586454837},
		{Count{137, 412}, MidP, 0.288268322766744, 0.379126017505626},
		{Count{0, 10}, MidP, 0, 0.258865550893052},
		{Count{10, 10}, Jeffreys, 0.782803732490789, 1},
		{Count{0, 10}, AgrestiCoull, 0, 0.320887305750546},
	} {
		got, err := Interval(c.c, c.m, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near(t, string(c.m)+" lower", float64(got.Lower), c.lo, 1e-12)
		near(t, string(c.m)+" upper", float64(got.Upper), c.hi, 1e-12)
	}
	n, err := Newcombe(Count{56, 70}, Count{48, 80}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "newcombe lower", float64(n.Lower), 0.0524, 5e-5)
	near(t, "newcombe upper", float64(n.Upper), 0.3339, 5e-5)
}

// The tea table of Fisher (1935): 3 and 1, 1 and 3; p = 34/70; the odds ratio 6.408 as R
// prints it. With weights 1, 16, 36, 16, 1 the ends can be put back by hand: at the upper
// one w⁴ is 0.975 of the sum of weights, at the lower 16w³ + w⁴ is 0.025 of it. (R prints
// 621.93 for the upper: its search stops early.)
func TestFisherOnTheTeaTable(t *testing.T) {
	got, err := Fisher(Table{[2]int{3, 1}, [2]int{1, 3}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", got.P, 34.0/70, 1e-12)
	near(t, "odds ratio", float64(got.OddsRatio), 6.408309, 2e-5)
	sum := func(w float64) float64 { return 1 + w*(16+w*(36+w*(16+w))) }
	hi, lo := float64(got.Interval.Upper), float64(got.Interval.Lower)
	near(t, "share at the upper end", hi*hi*hi*hi/sum(hi), 0.975, 1e-12)
	near(t, "share at the lower end", lo*lo*lo*(16+lo)/sum(lo), 0.025, 1e-12)
}

func TestIntervalsHoldTheShareAndMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		x := rapid.IntRange(0, n).Draw(t, "x")
		for _, m := range Methods() {
			a, err := Interval(Count{x, n}, m, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := Interval(Count{n - x, n}, m, 0.95)
			if !a.Contains(float64(x) / float64(n)) {
				t.Fatalf("%s of %d/%d = %v leaves the share out", m, x, n, a)
			}
			if math.Abs(float64(a.Lower)-1+float64(b.Upper)) > 1e-10 {
				t.Fatalf("%s of %d/%d does not mirror", m, x, n)
			}
		}
	})
}

// The promise of Clopper and Pearson: coverage is never below the level, checked exactly
// by summing the binomial.
func TestClopperPearsonNeverUndercovers(t *testing.T) {
	const n = 17
	var in [n + 1]estimate.Interval
	for x := range in {
		in[x], _ = Interval(Count{x, n}, ClopperPearson, 0.95)
	}
	for p := 0.005; p < 1; p += 0.005 {
		cover := 0.0
		for x := range in {
			if in[x].Contains(p) {
				cover += math.Exp(logChoose(n, x) + float64(x)*math.Log(p) + float64(n-x)*math.Log1p(-p))
			}
		}
		if cover < 0.95 {
			t.Errorf("coverage at %g is %g", p, cover)
		}
	}
}

// A difference and ratios at the rim: defined, ordered, and holding the estimate.
func TestPairsAtTheRimStayDefined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Count{N: rapid.IntRange(1, 40).Draw(t, "n1")}
		b := Count{N: rapid.IntRange(1, 40).Draw(t, "n2")}
		a.X, b.X = rapid.IntRange(0, a.N).Draw(t, "x1"), rapid.IntRange(0, b.N).Draw(t, "x2")
		d := a.Share() - b.Share()
		for _, f := range []func(a, b Count, l float64) (estimate.Interval, error){Newcombe, Mee, MiettinenNurminen} {
			i, err := f(a, b, 0.95)
			if err != nil || !(float64(i.Lower) <= d+1e-9 && d <= float64(i.Upper)+1e-9 && i.Lower >= -1.0000001 && i.Upper <= 1.0000001) {
				t.Fatalf("%v − %v: %v %v", a, b, i, err)
			}
		}
		for _, f := range []func(a, b Count, l float64) (estimate.Interval, error){RiskRatio, OddsRatio} {
			i, err := f(a, b, 0.95)
			if err != nil || !(i.Lower >= 0 && i.Lower <= i.Upper) {
				t.Fatalf("%v / %v: %v %v", a, b, i, err)
			}
		}
		c, err := Compare(a, b, 0.95)
		if err != nil || math.IsNaN(float64(c.Lower)) {
			t.Fatalf("Compare(%v, %v): %v %v", a, b, c, err)
		}
	})
}

// The example of a non-random sample: 96 of 236 answered, 240 asked.
func TestThreeLinesGoTogether(t *testing.T) {
	f, err := Estimate(Question{X: 96, Answered: 236, Asked: 240, Population: 12000, Threshold: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	l := f.Detail.(*Lines)
	near(t, "share", float64(f.Point), 0.406779661016949, 1e-12)
	near(t, "missing lower", float64(l.Missing.Interval.Lower), 0.4, 1e-12)
	near(t, "missing upper", float64(l.Missing.Interval.Upper), 0.416666666666667, 1e-12)
	near(t, "population lower", float64(l.Whole.Interval.Lower), 96.0/12000, 1e-12)
	near(t, "tipping", float64(l.Selection.Tipping), 96.0*0.75/(140*0.25), 1e-12)
	for _, s := range []string{l.Described.Sentence, l.Missing.Sentence, l.Selection.Sentence} {
		if s == "" {
			t.Error("a line has no words")
		}
	}
	if len(f.Warnings) == 0 || f.Warnings[0].Code != "not_random" {
		t.Errorf("warnings %v, want not_random", f.Warnings)
	}
}

// 1 − 0.05^{1/30} = 0.0950 (the rule of three says 0.1).
func TestNobodyIsNotZero(t *testing.T) {
	f, err := Estimate(Question{X: 0, Answered: 30})
	if err != nil {
		t.Fatal(err)
	}
	l := f.Detail.(*Lines)
	near(t, "one-sided", float64(l.OneSided.Upper), 1-math.Pow(0.05, 1.0/30), 1e-14)
	if !strings.HasPrefix(l.Described.Sentence, "None of 30; up to 9.5%") {
		t.Errorf("sentence %q", l.Described.Sentence)
	}
}

func TestWaldIsReplacedAndSaid(t *testing.T) {
	f, err := Estimate(Question{X: 3, Answered: 20, Method: Wald})
	if err != nil {
		t.Fatal(err)
	}
	if f.Method != "wilson" || f.Warnings[0].Code != "wald_replaced" {
		t.Errorf("method %s, warnings %v", f.Method, f.Warnings)
	}
	if _, err := Interval(Count{3, 20}, Wald, 0.95); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Wald's interval: %v, want an invalid fault", err)
	}
}

func TestImpossibleSharesAreRefused(t *testing.T) {
	for _, c := range []Count{{1, 0}, {-1, 3}, {4, 3}} {
		if _, err := Interval(c, Wilson, 0.95); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v, want an invalid fault", c, err)
		}
	}
	if _, err := Estimate(Question{X: 1, Answered: 5, Asked: 4}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("fewer asked than answered: %v, want an invalid fault", err)
	}
}
