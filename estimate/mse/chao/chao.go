// Package chao answers "at least how many?": Chao's lower bound from how many people are
// on one list and how many on two.
package chao

import (
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// Method is the name of the method in a Fit.
const Method = "chao"

// Options are the choices of the method. The zero value asks for a 95 % interval.
type Options struct {
	Level float64 `json:"level"`
}

// Detail is what the bound was computed from.
type Detail struct {
	F             []int           `json:"f"`              // f[i-1] people are on exactly i lists
	BiasCorrected estimate.Number `json:"bias_corrected"` // n + f1(f1−1)/(2(f2+1)); finite without any overlap
	Variance      estimate.Number `json:"variance"`
}

// fewPairs is the number of people on exactly two lists below which the bound is called
// unsteady.
const fewPairs = 10

// z is the normal quantile; for 95 % the 1.96 that Chao prints, which programs follow.
func z(level float64) float64 {
	if level == estimate.DefaultLevel {
		return 1.96
	}
	return estimate.Z(level)
}

// Fit returns the lower bound N = n + f1²/(2 f2) with its log-transformed interval
//
//	n + (N−n)/C … n + (N−n)·C,  C = exp(z √ln(1 + var/(N−n)²)),
//	var = f2 (r²/2 + r³ + r⁴/4),  r = f1/f2.
//
// It is refused with code no_overlap when nobody is on exactly two lists. It is a lower
// bound when people differ in how easily they are listed, not when the lists avoid each
// other.
//
// Source: Chao (1987), Biometrics 43, 783-791, equations 9 to 11; interval: Burnham's, in
// Chao (1987).
func Fit(t hist.Table, o Options) estimate.Fit {
	if !(o.Level > 0 && o.Level < 1) {
		o.Level = estimate.DefaultLevel
	}
	f := t.Frequencies()
	n, f1, f2 := float64(t.N()), 0.0, 0.0
	if t.J() >= 2 {
		f1, f2 = float64(f[1]), float64(f[2])
	}
	corrected := n + f1*(f1-1)/(2*(f2+1))
	detail := Detail{F: f[1:], BiasCorrected: estimate.Number(corrected), Variance: estimate.Number(math.NaN())}
	fit := estimate.Fit{Method: Method}
	if f2 == 0 {
		fit = estimate.Refuse(Method, estimate.Because("no_overlap",
			"Nobody is on exactly two lists, so the lists say nothing about how many are on none."))
	} else {
		missing := f1 * f1 / (2 * f2)
		r := f1 / f2
		variance := f2 * (r*r/2 + r*r*r + r*r*r*r/4)
		detail.Variance = estimate.Number(variance)
		c := 1.0
		if missing > 0 {
			c = math.Exp(z(o.Level) * math.Sqrt(math.Log(1+variance/(missing*missing))))
		}
		fit.Point, fit.Median = estimate.Number(n+missing), estimate.Number(n+missing)
		fit.Lower, fit.Upper = estimate.Number(n+missing/c), estimate.Number(n+missing*c)
	}
	fit.Level, fit.InputHash, fit.Detail = o.Level, t.Hash(), detail
	fit.Options = map[string]any{"level": o.Level}
	fit.Assume("similar_rates", "The lists reach people at similar rates, and being on one list does not keep a person off another.")
	if f2 > 0 && f2 < fewPairs {
		fit.Warn("few_pairs", "Only %d people are on exactly two lists; the bound is unsteady below %d.", int(f2), fewPairs)
	}
	fit.Warn("lower_bound", "This is a lower bound, not an estimate of the total.")
	return fit
}
