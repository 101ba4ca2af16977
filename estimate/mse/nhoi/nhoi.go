// Package nhoi makes the assumption behind every total visible: that there is no
// interaction of all lists at once, and what the total is when there is one of odds xi.
package nhoi

import (
	"math"
	"math/bits"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
)

// Method is the name of the method in a Fit.
const Method = "nhoi"

// Options are the choices of the method.
type Options struct {
	Level float64 `json:"level"`
	Xi    float64 `json:"xi"`              // the highest-order odds ratio; 0 means 1
	Above float64 `json:"above,omitempty"` // total whose tipping point is asked for; 0 for none
}

// Point is one point of the sensitivity curve.
type Point struct {
	Xi float64         `json:"xi"`
	N  estimate.Number `json:"n"`
	N0 estimate.Number `json:"n0"`
}

// Detail is the curve and the tipping point.
type Detail struct {
	Curve []Point `json:"curve"`
	// Tipping is the xi above which the total falls below Options.Above.
	Tipping *estimate.Number `json:"tipping,omitempty"`
}

// Missing returns ln of n0 at xi = 1 from cell weights by history, counts or fitted means
// or probabilities: the product over histories of odd size over that of even size. Weights
// may be on any scale that has their number of odd histories one above that of even ones.
// It fails with fault.Invalid where a weight is not above zero: then it is not defined.
//
// Source: Aleshin-Guendel, Sadinle and Wakefield (2024), Biometrics 80; Bishop, Fienberg
// and Holland (1975), Discrete Multivariate Analysis, 6.4.
func Missing(weights []float64) (float64, error) {
	sum := 0.0
	for h := 1; h < len(weights); h++ {
		w := weights[h]
		if !(w > 0) {
			return math.NaN(), fault.New(fault.Invalid, "nhoi", "a history has no people").With("merge lists, or use the fitted cells of a model")
		}
		if bits.OnesCount(uint(h))%2 == 1 {
			sum += math.Log(w)
		} else {
			sum -= math.Log(w)
		}
	}
	return sum, nil
}

// curveAt are the odds for which the curve is drawn.
var curveAt = [...]float64{0.25, 1 / 3.0, 0.5, 2 / 3.0, 1, 1.5, 2, 3, 4}

// Fit returns n + n0/xi with an interval on the log of n0, whose variance is Σ 1/n_x plus,
// for the Poisson spread of n0 itself, 1/n0. It is refused with code empty_history when a
// history has no people.
func Fit(t hist.Table, o Options) estimate.Fit {
	if !(o.Level > 0 && o.Level < 1) {
		o.Level = estimate.DefaultLevel
	}
	if !(o.Xi > 0) {
		o.Xi = 1
	}
	fit := fit(t, o)
	fit.Level, fit.InputHash = o.Level, t.Hash()
	fit.Options = map[string]any{"level": o.Level, "xi": o.Xi}
	if o.Above > 0 {
		fit.Options["above"] = o.Above
	}
	fit.Assume("no_highest_interaction", "The odds ratio that ties all %d lists together is %g; no record of people on lists can show it.", t.J(), o.Xi)
	return fit
}

func fit(t hist.Table, o Options) estimate.Fit {
	cells, err := t.Dense()
	if err != nil {
		return estimate.Refuse(Method, estimate.Because("too_many_lists", "There are too many lists (%d) for every history to have people.", t.J()))
	}
	ln, err := Missing(cells)
	if err != nil || t.J() < 2 {
		return estimate.Refuse(Method, estimate.Because("empty_history", "A combination of lists has no people, so this figure is not defined."))
	}
	variance := 0.0
	for _, c := range cells[1:] {
		variance += 1 / c
	}
	n, n0 := float64(t.N()), math.Exp(ln)
	spread := estimate.Z(o.Level) * math.Sqrt(variance+o.Xi/n0)
	f := estimate.Fit{Method: Method}
	f.Point = estimate.Number(n + n0/o.Xi)
	f.Median = f.Point
	f.Lower, f.Upper = estimate.Number(n+n0/o.Xi*math.Exp(-spread)), estimate.Number(n+n0/o.Xi*math.Exp(spread))
	d := Detail{}
	for _, xi := range curveAt {
		d.Curve = append(d.Curve, Point{xi, estimate.Number(n + n0/xi), estimate.Number(n0 / xi)})
	}
	if o.Above > n {
		tip := estimate.Number(n0 / (o.Above - n))
		d.Tipping = &tip
	}
	f.Detail = d
	return f
}
