package loglin

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/lin"
)

// Profile is the profile of the multinomial likelihood over the total: its maximum and the
// interval where it is within half a chi-squared quantile of it.
type Profile struct {
	N     estimate.Number `json:"n"`
	Lower estimate.Number `json:"lower"`
	Upper estimate.Number `json:"upper"` // infinite where the likelihood does not fall below the cut
}

// profile evaluates ℓ(N) = max_β ln N! − ln n0! + Σ n_x ln π_x + n0 ln π_0 for one model.
//
// Source: Cormack (1992), Biometrics 48, 567-576.
type profile struct {
	f     *fitter
	cube  lin.Cube
	y     []float64
	keep  []bool
	start []float64
	err   error
}

// at returns the profile likelihood with n0 people on no list, and its derivative, which
// by the envelope theorem is ψ(N+1) − ψ(n0+1) + ln π_0.
func (p *profile) at(n0 float64) (value, slope float64) {
	p.y[0] = n0
	fit, err := p.f.solver.FitCube(&p.cube, p.y, p.keep, p.start)
	if err != nil {
		p.err = err
		return math.NaN(), math.NaN()
	}
	p.start = append(p.start[:0], fit.Beta...)
	n := p.f.n + n0
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(n0 + 1)
	value = a - b - n*math.Log(n)
	for h, c := range p.y {
		if c > 0 {
			value += c * math.Log(fit.Mu[h])
		}
	}
	return value, mathext.Digamma(n+1) - mathext.Digamma(n0+1) + math.Log(fit.Mu[0]/n)
}

// unbounded is how many times the observed number the profile is followed upwards.
const unbounded = 1e7

// interval returns the profile likelihood interval of a fitted model at a level.
func (f *fitter) interval(m Fitted, level float64) (Profile, error) {
	columns, _ := f.prepare(m.Model)
	p := &profile{f: f, cube: lin.Cube{J: f.j, Terms: columns.Terms}, y: append([]float64(nil), f.y...), keep: append([]bool(nil), f.keep...)}
	p.keep[0] = true
	best := p.peak(max(m.missing, 0.5))
	top, _ := p.at(best)
	z := estimate.Z(level)
	drop := func(n0 float64) float64 { v, _ := p.at(n0); return v - top + z*z/2 }
	out := Profile{N: estimate.Number(f.n + best), Lower: estimate.Number(f.n), Upper: estimate.Number(math.Inf(1))}
	tiny := 1e-9 * max(best, 1)
	if drop(tiny) < 0 {
		out.Lower = estimate.Number(f.n + root(drop, best, tiny))
	}
	high := 2*best + 1
	for drop(high) > 0 && high < unbounded*f.n {
		high *= 2
	}
	if drop(high) <= 0 {
		out.Upper = estimate.Number(f.n + root(drop, best, high))
	}
	return out, p.err
}

// peak finds where the slope changes sign, from a first guess; 0 where it never rises.
func (p *profile) peak(guess float64) float64 {
	slope := func(n0 float64) float64 { _, s := p.at(n0); return s }
	low, high := guess, guess
	for slope(high) > 0 && high < unbounded*p.f.n {
		high *= 1.5
	}
	for slope(low) < 0 && low > 1e-9 {
		low /= 1.5
	}
	if low <= 1e-9 {
		return low
	}
	return root(slope, low, high)
}

// root finds the zero between a, where g > 0 or equal, and b, where g ≤ 0, by the Illinois
// form of false position.
func root(g func(float64) float64, a, b float64) float64 {
	ga, gb := g(a), g(b)
	for range 200 {
		if math.Abs(b-a) <= 1e-10*(1+math.Abs(b)) || gb == 0 {
			break
		}
		c := b - gb*(b-a)/(gb-ga)
		if math.IsNaN(c) {
			break
		}
		gc := g(c)
		if math.Abs(c-b) <= 1e-11*(1+math.Abs(b)) {
			return c
		}
		if (gc > 0) != (gb > 0) {
			a, ga = b, gb
		} else {
			ga /= 2
		}
		b, gb = c, gc
	}
	return b
}
