package weight

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tol*math.Max(1, math.Abs(want)) {
		t.Errorf("%s = %.16g, want %.16g", what, got, want)
	}
}

// testimony reads the invented table of 240 answers, of which 4 are missing.
func testimony(t *testing.T) (sex, period []string, y []bool) {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data/estimation", "prop_testimony_synthetic.csv"))
	if err != nil {
		t.Skip("SKIPPED: the golden data are not beside this checkout")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		if r[4] == "0" || r[4] == "1" {
			sex, period, y = append(sex, r[1]), append(period, r[2]), append(y, r[4] == "1")
		}
	}
	return sex, period, y
}

func ones(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// R survey 4.1.1: postStratify, svymean, svyciprop.
func TestPostStratifiedShareAgreesWithR(t *testing.T) {
	sex, _, y := testimony(t)
	c, err := PostStratify(ones(len(y)), Margin{"sex", sex, map[string]float64{"F": 7200, "M": 4800}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Survey{Y: y, Weights: c.Weights, Calibrated: [][]string{sex}}.Estimate(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", got.P, 0.388995921201076, 1e-12)
	near(t, "se", got.SE, 0.0318777078433723, 1e-12)
	near(t, "logit lower", float64(got.Logit.Lower), 0.328325444482025, 1e-10)
	near(t, "logit upper", float64(got.Logit.Upper), 0.453311176775597, 1e-10)
	near(t, "beta lower", float64(got.KornGraubard.Lower), 0.326144470860574, 1e-10)
	near(t, "beta upper", float64(got.KornGraubard.Upper), 0.454699018861085, 1e-10)
}

// R survey 4.1.1: rake(epsilon = 1e-10), svymean; n·Σw²/(Σw)².
func TestRakedShareAgreesWithR(t *testing.T) {
	sex, period, y := testimony(t)
	c, err := Rake(ones(len(y)), []Margin{
		{"sex", sex, map[string]float64{"F": 7200, "M": 4800}},
		{"period", period, map[string]float64{"1999-2004": 5000, "2005-2010": 4500, "2011-2019": 2500}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Survey{Y: y, Weights: c.Weights, Calibrated: [][]string{sex, period}}.Estimate(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", got.P, 0.387838820666903, 1e-9)
	near(t, "se", got.SE, 0.0330837353346258, 1e-8)
	near(t, "Kish's design effect", got.KishEffect, 1.14073586706954, 1e-9)
}

// Worked by hand: without weights, strata or clusters the linearised variance is
// p(1−p)/(n−1), so the design effect is exactly one.
func TestSimpleSampleHasDesignEffectOne(t *testing.T) {
	y := make([]bool, 20)
	for i := range 7 {
		y[i] = true
	}
	got, err := Survey{Y: y}.Estimate(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "variance", got.SE*got.SE, 0.35*0.65/19, 1e-14)
	near(t, "design effect", float64(got.DesignEffect), 1, 1e-12)
	near(t, "df", got.DF, 19, 0)
}

// Five families that answer alike are five answers, not twenty: worked by hand, z_c = ±
// 4·0.4/20 or 4·0.6/20, so the variance is 5/4·(3·0.08² + 2·0.12²).
func TestClustersThatAnswerAlikeCountOnce(t *testing.T) {
	var y []bool
	var family []string
	for f, yes := range []bool{true, true, false, false, false} {
		for range 4 {
			y, family = append(y, yes), append(family, string(rune('a'+f)))
		}
	}
	got, err := Survey{Y: y, Cluster: family}.Estimate(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "variance", got.SE*got.SE, 1.25*(3*0.08*0.08+2*0.12*0.12), 1e-14)
	near(t, "effective number", float64(got.NEffective), 4, 1e-12)
}

func TestNobodyAndEverybodyKeepAnInterval(t *testing.T) {
	got, err := Survey{Y: make([]bool, 10)}.Estimate(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "upper", float64(got.KornGraubard.Upper), 1-math.Pow(0.025, 0.1), 1e-12) // Clopper-Pearson, 0 of 10
	if !math.IsNaN(float64(got.Logit.Upper)) {
		t.Errorf("logit upper = %v, want NaN", got.Logit.Upper)
	}
}

func TestRakingMeetsEveryMarginWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(20, 60).Draw(t, "n")
		a, b := make([]string, n), make([]string, n)
		for i := range a {
			a[i] = []string{"x", "y"}[i%2]
			b[i] = []string{"p", "q", "r"}[rapid.IntRange(0, 2).Draw(t, "b")]
			if i < 6 {
				b[i] = []string{"p", "q", "r"}[i/2]
			}
		}
		ma := Margin{"a", a, map[string]float64{"x": 40, "y": 60}}
		mb := Margin{"b", b, map[string]float64{"p": 30, "q": 30, "r": 40}}
		one, err := Rake(ones(n), []Margin{ma, mb})
		if err != nil {
			t.Fatal(err)
		}
		two, err := Rake(ones(n), []Margin{mb, ma})
		if err != nil {
			t.Fatal(err)
		}
		for i := range one.Weights {
			if math.Abs(one.Weights[i]-two.Weights[i]) > 1e-8 {
				t.Fatalf("row %d weighs %g or %g by the order of margins", i, one.Weights[i], two.Weights[i])
			}
		}
	})
}

func TestWhatCannotBeWeightedIsRefused(t *testing.T) {
	two := []string{"x", "y"}
	for name, m := range map[string][]Margin{
		"nobody asked":     {{"a", []string{"x", "x"}, map[string]float64{"x": 1, "y": 1}}},
		"no total":         {{"a", two, map[string]float64{"x": 1}}},
		"two grand totals": {{"a", two, map[string]float64{"x": 1, "y": 1}}, {"b", two, map[string]float64{"x": 2, "y": 1}}},
		"short":            {{"a", []string{"x"}, map[string]float64{"x": 1}}},
	} {
		if _, err := Rake(ones(2), m); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want an invalid fault", name, err)
		}
	}
	if _, err := (Survey{Y: make([]bool, 3), Stratum: []string{"a", "a", "b"}}).Estimate(0.95); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a stratum of one: %v, want an invalid fault", err)
	}
}
