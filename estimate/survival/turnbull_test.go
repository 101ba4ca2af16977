package survival

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

func npmle(t *testing.T, in []Interval) *Turnbull {
	t.Helper()
	got, err := NPMLE(in)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Finkelstein and Wolfe (1985), Biometrics 41, 933-945, table 4: time to cosmetic
// deterioration, radiotherapy alone; 0 for a right end stands for none. The log-likelihood
// is that of two R packages.
func TestBreastCosmesis(t *testing.T) {
	var in []Interval
	for _, v := range [][2]float64{{45, 0}, {6, 10}, {0, 7}, {46, 0}, {46, 0}, {7, 16}, {17, 0}, {7, 14}, {37, 44}, {0, 8}, {4, 11}, {15, 0}, {11, 15}, {22, 0}, {46, 0}, {46, 0}, {25, 37}, {46, 0}, {26, 40}, {46, 0}, {27, 34}, {36, 44}, {46, 0}, {36, 48}, {37, 0}, {40, 0}, {17, 25}, {46, 0}, {11, 18}, {38, 0}, {5, 12}, {37, 0}, {0, 5}, {18, 0}, {24, 0}, {36, 0}, {5, 11}, {19, 35}, {17, 25}, {24, 0}, {32, 0}, {33, 0}, {19, 26}, {37, 0}, {34, 0}, {36, 0}} {
		if v[1] == 0 {
			v[1] = math.Inf(1)
		}
		in = append(in, Interval{Left: v[0], Right: v[1]})
	}
	got := npmle(t, in)
	near(t, "log-likelihood", got.LogLikelihood, -58.060021953991, 1e-10)
	want := []float64{0.046346768139325, 0.0333633920390847, 0.0886673497351419, 0.0707529248690571, 0.092645836585013, 0.0817857649025473, 0.120879827353835, 0.465558136375996}
	if len(got.Masses) != len(want) {
		t.Fatalf("masses %+v", got.Masses)
	}
	for i, m := range got.Masses {
		near(t, "mass", m.P, want[i], 1e-5)
	}
}

// Two stays, (0, 4] and (2, 6], overlap on (2, 4]: all probability lies there.
func TestOverlapTakesAll(t *testing.T) {
	got := npmle(t, []Interval{{Left: 0, Right: 4}, {Left: 2, Right: 6}})
	if len(got.Masses) != 1 || got.Masses[0].Left != 2 || got.Masses[0].Right != 4 || got.Masses[0].P != 1 {
		t.Errorf("masses %+v", got.Masses)
	}
	if lo, hi := got.Range(3); lo != 0 || hi != 1 {
		t.Errorf("the curve at 3 is %g to %g, want 0 to 1", lo, hi)
	}
}

// (0, 4] and (4, 6] do not touch: the left end is open. An exact 4 lies in the first only.
func TestLeftEndsAreOpen(t *testing.T) {
	got := npmle(t, []Interval{{Left: 0, Right: 4}, {Left: 4, Right: 6}, {Left: 4, Right: 4}})
	if len(got.Masses) != 2 || !got.Masses[0].Exact || got.Masses[0].Left != 4 {
		t.Fatalf("masses %+v", got.Masses)
	}
	near(t, "mass at 4", got.Masses[0].P, 2.0/3, 1e-9)
}

// [5, 7] holds an exact 5, (5, 7] does not.
func TestClosedEndsHoldTheirOwnDay(t *testing.T) {
	got := npmle(t, []Interval{{Left: 5, Right: 7, Closed: true}, {Left: 5, Right: 5}})
	if len(got.Masses) != 1 || !got.Masses[0].Exact {
		t.Errorf("closed: masses %+v", got.Masses)
	}
	got = npmle(t, []Interval{{Left: 5, Right: 7}, {Left: 5, Right: 5}})
	if len(got.Masses) != 2 {
		t.Errorf("open: masses %+v", got.Masses)
	}
	got = npmle(t, []Interval{{Left: 5, Right: 7, Closed: true}})
	if lo, hi := got.Range(5); lo != 0 || hi != 1 {
		t.Errorf("the curve at 5 is %g to %g, want 0 to 1", lo, hi)
	}
}

// Exact and still-running times are the case that Kaplan and Meier solve.
func TestTurnbullIsKaplanMeierWhenEndsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []Interval
		var obs []Observation
		for range rapid.IntRange(2, 25).Draw(t, "n") {
			at := float64(rapid.IntRange(1, 9).Draw(t, "time"))
			if rapid.Bool().Draw(t, "event") {
				in, obs = append(in, Interval{Left: at, Right: at}), append(obs, Observation{Time: at, Event: true})
			} else {
				in, obs = append(in, Interval{Left: at, Right: math.Inf(1)}), append(obs, Observation{Time: at})
			}
		}
		got, err := NPMLE(in)
		if err != nil {
			t.Fatal(err)
		}
		c, err := KaplanMeier(obs, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for at := 0.5; at < c.Last; at++ {
			if lo, hi := got.Range(at); math.Abs(lo-c.At(at).Survival) > 1e-6 || math.Abs(hi-lo) > 1e-9 {
				t.Fatalf("at %g: %g to %g, want %g", at, lo, hi, c.At(at).Survival)
			}
		}
	})
}

// The conditions of a maximum, checked from the definition: no interval of probability
// could gain, and those that hold some are level.
func TestMassesMeetTheKuhnTuckerConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []Interval
		n := 0.0
		for range rapid.IntRange(2, 40).Draw(t, "n") {
			lo := float64(rapid.IntRange(0, 20).Draw(t, "left"))
			v := Interval{Left: lo, Right: lo + float64(rapid.IntRange(0, 8).Draw(t, "width")), Weight: float64(rapid.IntRange(1, 3).Draw(t, "w"))}
			if rapid.IntRange(0, 3).Draw(t, "open") == 0 {
				v.Right = math.Inf(1)
			}
			n += v.Weight
			in = append(in, v)
		}
		got, err := NPMLE(in)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, m := range got.Masses {
			sum += m.P
		}
		if math.Abs(sum-1) > 1e-7 {
			t.Fatalf("masses add up to %g", sum)
		}
		holds := func(v Interval, m Mass) bool {
			if m.Exact {
				return v.Left < m.Left && m.Left <= v.Right || v.Left == m.Left && v.Right == m.Left
			}
			return v.Left <= m.Left && float64(m.Right) <= v.Right && v.Left < v.Right
		}
		for _, s := range got.clique.inner {
			gain := 0.0
			p := 0.0
			for _, m := range got.Masses {
				if m.Left == s.Left && m.Right == s.Right {
					p = m.P
				}
			}
			for _, v := range in {
				chance := 0.0
				for _, m := range got.Masses {
					if holds(v, m) {
						chance += m.P
					}
				}
				if holds(v, s) {
					gain += v.Weight / chance
				}
			}
			if gain > n*(1+1e-6) || p > 1e-3 && gain < n*(1-1e-4) {
				t.Fatalf("interval %+v with mass %g has %g, want at most %g", s, p, gain, n)
			}
		}
	})
}

// One observation over three intervals says nothing of how they share; with two more, each
// on one of them, all are pinned.
func TestMassesThatAreNotUniqueAreSaid(t *testing.T) {
	c := &clique{first: []int{0}, last: []int{2}, w: []float64{1}, n: 1}
	third := []float64{1.0 / 3, 1.0 / 3, 1.0 / 3}
	if c.unique(third, []float64{1, 1, 1}) {
		t.Error("three intervals seen as one are called unique")
	}
	c = &clique{first: []int{0, 0, 1}, last: []int{2, 0, 1}, w: []float64{1, 1, 1}, n: 3}
	if !c.unique(third, []float64{3, 3, 3}) {
		t.Error("intervals pinned by an observation each are called not unique")
	}
	if got := npmle(t, []Interval{{Left: 0, Right: 10}, {Left: 1, Right: 2}, {Left: 5, Right: 6}}); !got.Unique {
		t.Error("two masses with an observation each are called not unique")
	}
}

func TestMedianOfMassesIsAnInterval(t *testing.T) {
	got := npmle(t, []Interval{{Left: 1, Right: 2}, {Left: 3, Right: 5}, {Left: 8, Right: math.Inf(1)}})
	if m := got.Median(); m.Left != 3 || m.Right != 5 {
		t.Errorf("median %+v", m)
	}
	if m := got.Quantile(0.9); !math.IsInf(float64(m.Right), 1) {
		t.Errorf("the ninth decile %+v is not open", m)
	}
}

func TestManyIntervalsSettle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var in []Interval
	for range 2000 {
		at := r.ExpFloat64() * 100
		lo := math.Floor(at/7) * 7
		v := Interval{Left: lo, Right: lo + 7*float64(1+r.IntN(4))}
		if r.IntN(5) == 0 {
			v.Right = math.Inf(1)
		}
		in = append(in, v)
	}
	got := npmle(t, in)
	t.Logf("%d intervals, %d masses, %d rounds, gap %g", len(in), len(got.Masses), got.Rounds, got.Gap)
	if got.Gap > 1e-8 {
		t.Errorf("gap %g", got.Gap)
	}
}

func TestIntervalsThatAreNoneAreNamed(t *testing.T) {
	for column, v := range map[string]Interval{"left": {Left: -1, Right: 2}, "right": {Left: 3, Right: 2}, "weight": {Left: 1, Right: 2, Weight: -2}} {
		_, err := NPMLE([]Interval{{Left: 1, Right: 2}, v})
		var p fault.Problem
		if !errors.As(err, &p) || p.Row != 2 || p.Column != column {
			t.Errorf("%s: %v", column, err)
		}
	}
}

func FuzzNPMLE(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 255})
	f.Add([]byte{0, 0, 9, 1, 1, 255, 7, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 60 {
			b = b[:60]
		}
		var in []Interval
		for i := 0; i+1 < len(b); i += 2 {
			v := Interval{Left: float64(b[i] % 32), Right: float64(b[i]%32) + float64(b[i+1]%8)}
			if b[i+1] > 200 {
				v.Right = math.Inf(1)
			}
			in = append(in, v)
		}
		got, err := NPMLE(in)
		if len(in) == 0 {
			return
		}
		if err != nil {
			t.Fatalf("%v: %v", in, err)
		}
		if math.IsNaN(got.LogLikelihood) || got.LogLikelihood > 1e-9 {
			t.Fatalf("%v: log-likelihood %g", in, got.LogLikelihood)
		}
	})
}

func BenchmarkNPMLE2000(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var in []Interval
	for range 2000 {
		lo := r.ExpFloat64() * 100
		in = append(in, Interval{Left: lo, Right: lo + 30*r.Float64()})
	}
	for b.Loop() {
		if _, err := NPMLE(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKaplanMeier114000(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	obs := make([]Observation, 114000)
	for i := range obs {
		obs[i] = Observation{Time: math.Ceil(r.ExpFloat64() * 300), Event: r.IntN(3) > 0}
	}
	for b.Loop() {
		if _, err := KaplanMeier(obs, Options{Band: Log}); err != nil {
			b.Fatal(err)
		}
	}
}
