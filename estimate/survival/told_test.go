package survival

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestARoundNumberOfDaysStandsForThoseNearIt(t *testing.T) {
	for _, c := range []struct{ lo, hi, left, right float64 }{
		{13, 17, 11.664, 22.274},   // half a month
		{45, 75, 40.406, 77.155},   // about two months
		{30, 30, 20.203, 44.548},   // a month
		{5, 10, 4, 10},             // about a week
		{40, 40, 39, 40},           // a number nobody rounds to
		{4, 4, 3, 4},               //
		{400, 400, 399, 400},       //
		{1, 100_000, 0, 100_000},   // nothing was said
		{180, 180, 121.22, 269.14}, // half a year
	} {
		got := Told(c.lo, c.hi)
		if math.Abs(got.Left-c.left) > 0.01 || math.Abs(got.Right-c.right) > 0.01 || got.Closed {
			t.Errorf("%g to %g days told: (%.3f, %.3f], want (%.3f, %.3f]", c.lo, c.hi, got.Left, got.Right, c.left, c.right)
		}
	}
}

func TestWhatWasToldIsNeverNarrowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.IntRange(0, 2000).Draw(t, "lo")
		hi := lo + rapid.IntRange(0, 500).Draw(t, "more")
		if got := Told(float64(lo), float64(hi)); got.Left > math.Max(0, float64(lo-1)) || got.Right < float64(hi) {
			t.Fatalf("%d to %d days became (%g, %g]", lo, hi, got.Left, got.Right)
		}
	})
}

// Stays with a constant risk of .002 a day, watched for about 500 days; only the year in
// which watching ended is known. To count people until that year began takes away days
// without an event, and the risk comes out too high; to draw the day does not.
func TestALostPersonWasSeenUntilSomeDayOfTheWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	var drawn, cut []Window
	for range 4000 {
		start := 400 * r.Float64()
		stay, watched := r.ExpFloat64()/.002, 100+800*r.Float64()
		w := Window{StartLo: start, StartHi: start}
		if stay < watched {
			w.EndLo, w.EndHi = start+stay, start+stay
			drawn, cut = append(drawn, w), append(cut, w)
			continue
		}
		year := 365 * math.Floor((start+watched)/365)
		w.EndLo, w.EndHi, w.Lost = math.Max(year, start), year+365, true
		drawn = append(drawn, w)
		w.EndHi, w.Lost = math.Inf(1), false
		cut = append(cut, w)
	}
	at := func(in []Window) float64 {
		im, err := Imputed(in, 5, Uniform, Options{}, r)
		if err != nil {
			t.Fatal(err)
		}
		s := 1.0
		for k, day := range im.Times {
			if day <= 500 {
				s = im.Pooled[k].Survival
			}
		}
		return s
	}
	truth := math.Exp(-1)
	if got := at(drawn); math.Abs(got-truth) > 0.03 {
		t.Errorf("%.3f are there after 500 days, truly %.3f", got, truth)
	}
	if got := at(cut); got > truth-0.03 {
		t.Errorf("cut at the year's beginning %.3f are there after 500 days: the test shows nothing", got)
	}
}
