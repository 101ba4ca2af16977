package bounds

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-12 {
		t.Errorf("%s = %.16g, want %.16g", what, got, want)
	}
}

// 96 of 236 answered, 240 asked, population 12,000: worked by hand and by R.
func TestBoundsOfTheExample(t *testing.T) {
	m, err := Missing(96, 236, 240)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lower", float64(m.Lower), 0.4)
	near(t, "upper", float64(m.Upper), 100.0/240)
	p := 96.0 / 236
	pop, err := Population(p, 240, 12000)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "population lower", float64(pop.Lower), 0.00813559322033898)
	near(t, "population upper", float64(pop.Upper), 0.988135593220339)
	for gamma, want := range map[float64]float64{0.25: 0.732824427480916, 0.5: 0.578313253012048, 1: p, 2: 0.25531914893617, 4: 0.146341463414634} {
		near(t, "Selection", Selection(p, gamma), want)
	}
	// 0.4068·0.75/(0.5932·0.25) = 2.0571: at that gamma the share is a quarter.
	near(t, "Tipping", Tipping(p, 0.25), 96.0*0.75/(140*0.25))
}

func TestSelectionAtTheTippingPointGivesTheThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0.001, 0.999).Draw(t, "p")
		at := rapid.Float64Range(0.001, 0.999).Draw(t, "threshold")
		if got := Selection(p, Tipping(p, at)); math.Abs(got-at) > 1e-12 {
			t.Fatalf("share at the tipping point = %g, want %g", got, at)
		}
	})
}

// 40 of 100 known harmed, 53 unknown: half is reached when 10 of 53 were harmed, so it
// fails only if more than 81% were unharmed.
func TestUnknownFatesTipAtTheirShare(t *testing.T) {
	f := Fates{X: 40, Unknown: 53, N: 100}
	near(t, "tipping", f.Tipping(0.5), 10.0/53)
	if got, want := f.Sentence(0.5), "The share is at least 50% unless more than 81.1% of the 53 unknown fates were without the outcome."; got != want {
		t.Errorf("sentence %q, want %q", got, want)
	}
	if h := (Fates{X: 60, Unknown: 1, N: 100}).Tipping(0.5); h >= 0 {
		t.Errorf("tipping %g when the threshold is passed already, want below 0", h)
	}
	if h := (Fates{X: 10, N: 100}).Tipping(0.5); !math.IsInf(h, 1) {
		t.Errorf("tipping %g without unknown fates, want infinity", h)
	}
}

func TestImpossibleCountsAreRefused(t *testing.T) {
	for _, c := range [][3]int{{-1, 2, 3}, {3, 2, 3}, {1, 4, 3}, {0, 0, 0}} {
		if _, err := Missing(c[0], c[1], c[2]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Missing(%v): %v, want an invalid fault", c, err)
		}
	}
}

func TestTheGridHoldsNoSelection(t *testing.T) {
	for _, g := range Gammas() {
		if g == 1 {
			return
		}
	}
	t.Error("1 is not among the gammas")
}
