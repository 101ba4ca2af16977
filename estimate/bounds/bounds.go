// Package bounds says what can be said without assuming anything about the people who did
// not answer, were not asked, or could not come: the worst and the best case, what a
// stated selection would do to a share, and how strong it must be to overturn a sentence.
//
// Everything here is arithmetic on the counts. It is meant to stand beside an estimate,
// never behind it.
package bounds

import (
	"fmt"
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Missing returns the range of a share when x of known people have the outcome and the
// other total−known could all be without it, or all with it: [x/total, (x+missing)/total].
// The level is 1: nothing is assumed.
//
// Source: Manski (1989), Journal of Human Resources 24, 343-360.
func Missing(x, known, total int) (estimate.Interval, error) {
	if err := counts(x, known, total); err != nil {
		return estimate.Interval{}, err
	}
	n := float64(total)
	return estimate.Interval{
		Lower: estimate.Number(float64(x) / n),
		Upper: estimate.Number(float64(x+total-known) / n),
		Level: 1,
	}, nil
}

func counts(x, known, total int) error {
	switch {
	case total < 1:
		return fault.New(fault.Invalid, "bounds", "there is nobody to count").With("give the number of people asked")
	case x < 0 || x > known || known > total:
		return fault.New(fault.Invalid, "bounds", "%d with the outcome of %d known of %d in all cannot be", x, known, total).
			With("the outcome is counted among the known, and the known among all")
	}
	return nil
}

// Population returns the range of the share in a population of which a part was
// interviewed, when nothing is known of the rest: with q the share interviewed,
// [q·p, q·p + 1−q].
func Population(p float64, interviewed, population int) (estimate.Interval, error) {
	if !(p >= 0 && p <= 1) || interviewed < 0 || population < 1 || interviewed > population {
		return estimate.Interval{}, fault.New(fault.Invalid, "bounds", "a share of %g among %d of %d cannot be", p, interviewed, population).
			With("the population holds at least the people interviewed")
	}
	q := float64(interviewed) / float64(population)
	return estimate.Interval{Lower: estimate.Number(q * p), Upper: estimate.Number(q*p + 1 - q), Level: 1}, nil
}

// Selection returns the true share when p was seen and a person with the outcome is gamma
// times as likely to be in the sample as one without: p/(p + γ(1−p)).
func Selection(p, gamma float64) float64 {
	if !(p >= 0 && p <= 1) || !(gamma > 0) {
		return math.NaN()
	}
	return p / (p + gamma*(1-p))
}

// Point is one step of a sensitivity curve: were the assumption worth Gamma, the share
// would be Share.
type Point struct {
	Gamma float64 `json:"gamma"`
	Share float64 `json:"share"`
}

// Curve returns the share for each gamma, in their order.
func Curve(p float64, gammas []float64) []Point {
	c := make([]Point, len(gammas))
	for i, g := range gammas {
		c[i] = Point{g, Selection(p, g)}
	}
	return c
}

// Gammas is the grid shown unless another is asked for: from a quarter to eight, evenly on
// the log scale, with 1 among them.
func Gammas() []float64 {
	g := make([]float64, 0, 21)
	for i := -8; i <= 12; i++ {
		g = append(g, math.Exp2(float64(i)/4))
	}
	return g
}

// Tipping returns the gamma at which the share is threshold: selection stronger than that
// (γ above it where p is above the threshold, below it otherwise) overturns a sentence
// that says which side of the threshold the share lies on. It is infinite when no
// selection can (p = 1) and 0 when p = 0.
func Tipping(p, threshold float64) float64 {
	if !(p >= 0 && p <= 1) || !(threshold > 0 && threshold < 1) {
		return math.NaN()
	}
	return p * (1 - threshold) / ((1 - p) * threshold)
}

// Fates are the outcomes of a cohort that was defined before they were known: X with the
// outcome, Unknown whose fate nobody could tell, N in all.
type Fates struct {
	X       int `json:"x"`
	Unknown int `json:"unknown"`
	N       int `json:"n"`
}

// Interval returns the range between no unknown fate and every unknown fate having the
// outcome.
func (f Fates) Interval() (estimate.Interval, error) { return Missing(f.X, f.N-f.Unknown, f.N) }

// Tipping returns the share of the unknown fates that must have the outcome for the share
// in the cohort to reach threshold: (threshold·N − X)/Unknown. Below 0 the threshold is
// reached whatever befell them; above 1 it cannot be. With no unknown fates it is an
// infinity with the sign of what is missing, or 0.
func (f Fates) Tipping(threshold float64) float64 {
	need := threshold*float64(f.N) - float64(f.X)
	if f.Unknown == 0 {
		switch {
		case need > 0:
			return math.Inf(1)
		case need < 0:
			return math.Inf(-1)
		}
		return 0
	}
	return need / float64(f.Unknown)
}

// Sentence puts the tipping point into words.
func (f Fates) Sentence(threshold float64) string {
	h := f.Tipping(threshold)
	switch {
	case h <= 0:
		return fmt.Sprintf("At least %s had the outcome, whatever befell the %d whose fate is unknown.", percent(threshold), f.Unknown)
	case h > 1:
		return fmt.Sprintf("Fewer than %s had the outcome, whatever befell the %d whose fate is unknown.", percent(threshold), f.Unknown)
	}
	return fmt.Sprintf("The share is at least %s unless more than %s of the %d unknown fates were without the outcome.",
		percent(threshold), percent(1-h), f.Unknown)
}

func percent(p float64) string { return fmt.Sprintf("%.3g%%", 100*p) }
