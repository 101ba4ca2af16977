package survival

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

// Five returned: detained at 1, 2 and 4, lost at 3, at liberty at 6. By hand: 4/5, 3/5,
// then 3/5·½.
func TestOneOutcomeIsKaplanMeier(t *testing.T) {
	got, err := Competing([]Outcome{{Time: 1, Cause: "d"}, {Time: 2, Cause: "d"}, {Time: 3}, {Time: 4, Cause: "d"}, {Time: 6}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[float64]float64{0.5: 1, 1: 0.8, 2: 0.6, 3.5: 0.6, 4: 0.3, 9: 0.3} {
		p, _ := got.At(at)
		near(t, "P(start)", p[0], want, 1e-14)
		near(t, "P(d)", p[1], 1-want, 1e-14)
	}
}

// A cycle by hand: a, b, c at liberty at 0. a is detained at 1 and free at 3; b is
// detained at 2. At 1: 2/3, 1/3. At 2: one of two free goes: 1/3, 2/3. At 3: one of two
// detained is freed: 2/3, 1/3.
func TestPeopleMayComeBack(t *testing.T) {
	got, err := AalenJohansen([]Spell{
		{Person: "a", From: "free", To: "held", Enter: 0, Leave: 1},
		{Person: "a", From: "held", To: "free", Enter: 1, Leave: 3},
		{Person: "a", From: "free", Enter: 3, Leave: 5},
		{Person: "b", From: "free", To: "held", Enter: 0, Leave: 2},
		{Person: "b", From: "held", Enter: 2, Leave: 5},
		{Person: "c", From: "free", Enter: 0, Leave: 5},
	}, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[float64]float64{0: 1, 1: 2.0 / 3, 2: 1.0 / 3, 3: 2.0 / 3, 5: 2.0 / 3} {
		p, _ := got.At(at)
		near(t, "P(free)", p[0], want, 1e-14)
	}
	// Nobody is lost, so these are shares of three people and their errors those of shares:
	// √(p(1−p)/3).
	_, se := got.At(3)
	near(t, "se", se[0], math.Sqrt(2.0/27), 1e-12)
	if len(got.Moves) != 2 || got.Moves[0].Count != 2 || got.Moves[1].Count != 1 {
		t.Errorf("moves %+v", got.Moves)
	}
}

// Probabilities add up to one, and the jackknife is the derivative in a person's weight.
func TestJackknifeOfStatesIsTheDerivative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []Outcome
		for range rapid.IntRange(3, 12).Draw(t, "n") {
			o := drawn(t)
			in = append(in, Outcome{Time: o.Time, Entry: o.Entry, Late: o.Late, Weight: rapid.Float64Range(0.5, 2).Draw(t, "w"),
				Cause: []string{"", "x", "y"}[rapid.IntRange(0, 2).Draw(t, "cause")]})
		}
		base, err := Competing(in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range base.P {
			sum := 0.0
			for _, p := range base.P[i] {
				sum += p
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Fatalf("probabilities at %g add up to %g", base.Times[i], sum)
			}
		}
		const h = 1e-6
		v := make([]float64, len(base.Times))
		for k := range in {
			move := func(by float64) *Occupation {
				moved := append([]Outcome(nil), in...)
				moved[k].Weight *= 1 + by
				o, err := Competing(moved, Options{})
				if err != nil {
					t.Fatal(err)
				}
				return o
			}
			up, down := move(h), move(-h)
			for i := range v {
				v[i] += square((up.P[i][0] - down.P[i][0]) / (2 * h))
			}
		}
		for i := range v {
			if math.Abs(math.Sqrt(v[i])-base.SE[i][0]) > 1e-6 {
				t.Fatalf("se at %g is %g, want %g", base.Times[i], base.SE[i][0], math.Sqrt(v[i]))
			}
		}
	})
}

// The trap the package does not offer: with two causes, one less Kaplan-Meier of each adds
// up to more than one.
func TestOneLessKaplanMeierByCauseAddsUpToTooMuch(t *testing.T) {
	in := []Outcome{{Time: 1, Cause: "x"}, {Time: 2, Cause: "y"}, {Time: 3, Cause: "x"}, {Time: 4, Cause: "y"}}
	naive := 0.0
	for _, cause := range []string{"x", "y"} {
		var obs []Observation
		for _, o := range in {
			obs = append(obs, Observation{Time: o.Time, Event: o.Cause == cause})
		}
		naive += 1 - curve(t, obs, Options{}).At(4).Survival
	}
	got, err := Competing(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := got.At(4)
	if naive <= 1.3 || math.Abs(p[1]-0.5) > 1e-12 || math.Abs(p[2]-0.5) > 1e-12 {
		t.Errorf("naive sum %g, ours %v", naive, p)
	}
}

func TestSpellsThatContradictAreNamed(t *testing.T) {
	for what, c := range map[string]struct {
		in     []Spell
		row    int
		column string
	}{
		"two states at once": {[]Spell{{Person: "a", From: "x", To: "y", Enter: 0, Leave: 3}, {Person: "a", From: "y", Enter: 2, Leave: 4}}, 2, "enter"},
		"another state":      {[]Spell{{Person: "a", From: "x", To: "y", Enter: 0, Leave: 2}, {Person: "a", From: "x", Enter: 2, Leave: 4}}, 2, "from"},
		"no time":            {[]Spell{{From: "x", Enter: 2, Leave: 2}}, 1, "leave"},
		"no state":           {[]Spell{{Enter: 0, Leave: 2}}, 1, "from"},
	} {
		_, err := AalenJohansen(c.in, "", Options{})
		var p fault.Problem
		if !errors.As(err, &p) || p.Row != c.row || p.Column != c.column {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := AalenJohansen([]Spell{{From: "x", Enter: 0, Leave: 2}, {From: "y", Enter: 1, Leave: 2}}, "", Options{})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("starts in different states at different times: %v", err)
	}
}

// With nothing else that can happen, Gray's score is the log-rank one; without ties the
// statistics are near each other too.
func TestGrayOfOneCauseIsLogRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []Outcome
		var obs []Observation
		for i := range rapid.IntRange(6, 40).Draw(t, "n") {
			at := float64(rapid.IntRange(1, 12).Draw(t, "time"))
			o := Outcome{Time: at, Group: []string{"a", "b"}[i%2]}
			if rapid.Bool().Draw(t, "event") {
				o.Cause = "x"
			}
			in, obs = append(in, o), append(obs, Observation{Time: at, Event: o.Cause != "", Group: o.Group})
		}
		a, err := Gray(in, "x")
		if err != nil {
			t.Fatal(err)
		}
		b, err := LogRank(obs, 0)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.Observed[0]-a.Expected[0]-b.Observed[0]+b.Expected[0]) > 1e-9 {
			t.Fatalf("scores %g and %g", a.Observed[0]-a.Expected[0], b.Observed[0]-b.Expected[0])
		}
	})
}

// Under the null of equal curves the p-values are uniform: of 400 tables one in twenty has
// one below 0.05, within four errors, also when the other cause differs by group.
func TestGrayKeepsItsLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	low := 0
	for range 400 {
		var in []Outcome
		for i := range 120 {
			// Subdistribution of x: share 0.4, time uniform on (0, 1), in both groups; y later in
			// the second group.
			o := Outcome{Group: []string{"a", "b"}[i%2], Cause: "y", Time: r.Float64()}
			if i%2 == 1 {
				o.Time = 0.5 + r.Float64()
			}
			if r.Float64() < 0.4 {
				o.Cause, o.Time = "x", r.Float64()
			}
			if end := 0.3 + 1.2*r.Float64(); end < o.Time {
				o.Cause, o.Time = "", end
			}
			in = append(in, o)
		}
		got, err := Gray(in, "x")
		if err != nil {
			t.Fatal(err)
		}
		if got.P < 0.05 {
			low++
		}
	}
	if low < 4 || low > 38 { // 20 ± 4·4.36
		t.Errorf("%d of 400 below 0.05", low)
	}
	t.Logf("%d of 400 below 0.05", low)
}
