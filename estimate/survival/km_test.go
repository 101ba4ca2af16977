package survival

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

// The leukaemia trial of Miller (1997): maintained 9, 13, 13+, 18, 23, 28+, 31, 34, 45+,
// 48, 161+. By hand: 10/11, then 9/10 of it, 7/8, 6/7, 4/5, 3/4, 1/2.
func maintained() []Observation {
	var obs []Observation
	for _, r := range []struct {
		t float64
		e bool
	}{{9, true}, {13, true}, {13, false}, {18, true}, {23, true}, {28, false}, {31, true}, {34, true}, {45, false}, {48, true}, {161, false}} {
		obs = append(obs, Observation{Time: r.t, Event: r.e})
	}
	return obs
}

func TestKaplanMeierByHand(t *testing.T) {
	c := curve(t, maintained(), Options{})
	want := 1.0
	for _, s := range []struct{ at, rest, risk float64 }{{9, 10, 11}, {13, 9, 10}, {18, 7, 8}, {23, 6, 7}, {31, 4, 5}, {34, 3, 4}, {48, 1, 2}} {
		want *= s.rest / s.risk
		near(t, "surv", c.At(s.at).Survival, want, 1e-14)
		near(t, "at risk", c.At(s.at).AtRisk, s.risk, 0) // the loss at 13 is still at risk at 13
	}
	// R: log-log band at 9 is 0.508080 to 0.986674.
	near(t, "lower", float64(c.At(9).Lower), 0.50808020576993, 1e-12)
	near(t, "upper", float64(c.At(9).Upper), 0.986673822667823, 1e-12)
}

func TestMedianThatIsNotReachedIsMoreThan(t *testing.T) {
	c := curve(t, []Observation{{Time: 3, Event: true}, {Time: 9}, {Time: 9}, {Time: 10}}, Options{})
	q := c.Median()
	if !math.IsInf(float64(q.Value), 1) || !strings.HasPrefix(q.Text, "more than 10") {
		t.Errorf("median %v, %q", q.Value, q.Text)
	}
}

// With 2 of 4 ended at 3 the curve is exactly ½ from 3 to 5, where R takes the middle.
func TestFlatHalfGivesTheMiddle(t *testing.T) {
	c := curve(t, []Observation{{Time: 1, Event: true}, {Time: 3, Event: true}, {Time: 5, Event: true}, {Time: 9, Event: true}}, Options{})
	near(t, "median", float64(c.Median().Value), 4, 0)
}

func TestNobodyEndedKeepsACurve(t *testing.T) {
	c := curve(t, []Observation{{Time: 3}, {Time: 9}}, Options{})
	if c.Events != 0 || c.At(9).Survival != 1 || !math.IsInf(float64(c.Median().Value), 1) {
		t.Errorf("curve %+v", c)
	}
	m, err := c.RMST(9)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "rmst", m.Value, 9, 0)
}

func TestMeanBeyondTheCurveIsRefused(t *testing.T) {
	c := curve(t, maintained(), Options{})
	if _, err := c.RMST(162); fault.KindOf(err) != fault.Invalid {
		t.Errorf("RMST beyond the last time: %v, want an invalid fault", err)
	}
	all := curve(t, []Observation{{Time: 2, Event: true}, {Time: 4, Event: true}}, Options{})
	m, err := all.RMST(100)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "rmst of 2 and 4", m.Value, 3, 1e-15)
}

// Dates subtracted in floating point must not break ties: 0.1+0.2 is 0.3.
func TestTimesThatDifferByRoundingAreTied(t *testing.T) {
	a, b := 0.1, 0.2
	c := curve(t, []Observation{{Time: a + b, Event: true}, {Time: 0.3, Event: true}, {Time: 1}}, Options{})
	if len(c.Steps) != 2 || c.Steps[0].Events != 2 {
		t.Errorf("steps %+v", c.Steps)
	}
}

// Whole weights are people: weight 3 is the row three times, in every figure.
func TestWholeWeightsArePeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var short, long []Observation
		n := rapid.IntRange(2, 30).Draw(t, "n")
		for i := range n {
			o := drawn(t)
			o.Group = string(rune('a' + i%2))
			w := rapid.IntRange(1, 4).Draw(t, "w")
			for range w {
				long = append(long, o)
			}
			o.Weight = float64(w)
			short = append(short, o)
		}
		a, err := KaplanMeier(short, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := KaplanMeier(long, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Steps {
			if d := a.Steps[i].Survival - b.Steps[i].Survival; math.Abs(d) > 1e-12 {
				t.Fatalf("step %d: %v and %v", i, a.Steps[i], b.Steps[i])
			}
			if d := float64(a.Steps[i].SE - b.Steps[i].SE); math.Abs(d) > 1e-12 {
				t.Fatalf("step %d: %v and %v", i, a.Steps[i], b.Steps[i])
			}
		}
		x, err := LogRank(short, 0)
		if err != nil {
			t.Fatal(err)
		}
		y, _ := LogRank(long, 0)
		if math.Abs(x.Chi2-y.Chi2) > 1e-9*(1+y.Chi2) {
			t.Fatalf("log-rank %g and %g", x.Chi2, y.Chi2)
		}
	})
}

func drawn(t *rapid.T) Observation {
	o := Observation{Time: float64(rapid.IntRange(2, 12).Draw(t, "time")), Event: rapid.Bool().Draw(t, "event")}
	if rapid.Bool().Draw(t, "late") {
		o.Late, o.Entry = true, float64(rapid.IntRange(0, int(o.Time)-1).Draw(t, "entry"))
	}
	return o
}

// Against counting, over the definition: at risk at t is everyone with entry < t ≤ time.
func TestRiskSetsAreEnteredBeforeAndNotYetGone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var obs []Observation
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			obs = append(obs, drawn(t))
		}
		c, err := KaplanMeier(obs, Options{})
		if err != nil {
			t.Fatal(err)
		}
		surv := 1.0
		for at := 0.5; at < 13; at += 0.5 {
			r, d := 0.0, 0.0
			for _, o := range obs {
				if o.entry() < at && at <= o.Time {
					r++
					if o.Event && o.Time == at {
						d++
					}
				}
			}
			if d > 0 {
				surv *= (r - d) / r
			}
			s := c.At(at)
			if s.AtRisk != r || math.Abs(s.Survival-surv) > 1e-12 {
				t.Fatalf("at %g: %v at risk and %v, want %v and %v", at, s.AtRisk, s.Survival, r, surv)
			}
			if gr, gd := c.riskAt(at); gd != d || gr != r && at <= c.Last {
				t.Fatalf("riskAt(%g) = %g, %g, want %g, %g", at, gr, gd, r, d)
			}
		}
	})
}

// The jackknife against its definition: the influence is the derivative of the curve in a
// person's weight, taken numerically.
func TestJackknifeIsTheDerivativeInTheWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var obs []Observation
		n := rapid.IntRange(3, 12).Draw(t, "n")
		for i := range n {
			o := drawn(t)
			o.Weight = rapid.Float64Range(0.5, 3).Draw(t, "w")
			if rapid.Bool().Draw(t, "family") {
				o.ID = string(rune('a' + i%3))
			}
			obs = append(obs, o)
		}
		c, err := KaplanMeier(obs, Options{Robust: Jackknife})
		if err != nil {
			t.Fatal(err)
		}
		last := c.Last * 0.7
		families := c.families()
		if families == nil {
			for i := range obs {
				families = append(families, []int{i})
			}
		}
		sum, area := make([]float64, len(c.Steps)), 0.0
		for _, rows := range families {
			const h = 1e-6
			move := func(by float64) *Curve {
				moved := append([]Observation(nil), obs...)
				for _, r := range rows {
					moved[r].Weight *= 1 + by
				}
				m, err := KaplanMeier(moved, Options{})
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			up, down := move(h), move(-h)
			for i := range sum {
				sum[i] += square((up.Steps[i].Survival - down.Steps[i].Survival) / (2 * h))
			}
			a, err1 := up.RMST(last)
			b, err2 := down.RMST(last)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			area += square((a.Value - b.Value) / (2 * h))
		}
		for i, s := range c.Steps {
			if s.Survival > 0 && math.Abs(math.Sqrt(sum[i])-float64(s.SE)) > 1e-6 {
				t.Fatalf("step %d of %d: se %g, want %g", i, len(c.Steps), float64(s.SE), math.Sqrt(sum[i]))
			}
		}
		m, err := c.RMST(last)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(m.SE-math.Sqrt(area)) > 1e-5 {
			t.Fatalf("area se %g, want %g", m.SE, math.Sqrt(area))
		}
	})
}

func TestRowsThatAreNoDurationsAreNamed(t *testing.T) {
	for name, o := range map[string]Observation{
		"time":   {Time: -1},
		"entry":  {Time: 3, Late: true, Entry: 3},
		"weight": {Time: 3, Weight: -1},
	} {
		_, err := KaplanMeier([]Observation{{Time: 1}, o}, Options{})
		var p fault.Problem
		if !errors.As(err, &p) || p.Row != 2 || p.Column != name || p.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := KaplanMeier(nil, Options{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no rows: %v", err)
	}
	if _, err := KaplanMeier([]Observation{{Time: 1}}, Options{Band: "wide"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("unknown band: %v", err)
	}
}
