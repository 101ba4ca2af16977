package rng

import "math"

// Gamma returns a gamma variate with the given shape and rate 1. For a shape well below
// 1 it can underflow to 0; [Rand.LogGamma] cannot. A shape of 0 gives 0. It panics on a
// negative shape or NaN.
//
// Source: Marsaglia and Tsang (2000), ACM TOMS 26(3), 363-372.
func (r *Rand) Gamma(shape float64) float64 {
	if shape >= 1 {
		return r.gamma(shape)
	}
	if shape == 0 {
		return 0
	}
	return math.Exp(r.LogGamma(shape))
}

// gamma is Gamma for shape >= 1.
func (r *Rand) gamma(shape float64) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.Normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		u := r.Uniform()
		x2 := x * x
		if u < 1-0.0331*x2*x2 || math.Log(u) < 0.5*x2+d*(1-v+math.Log(v)) {
			return d * v
		}
	}
}

// LogGamma returns the logarithm of a gamma variate with the given shape and rate 1,
// exact for the smallest shapes. It panics if shape is not positive.
//
// Source: Marsaglia and Tsang (2000), note on shapes below 1: G(a) = G(a+1) U^(1/a).
func (r *Rand) LogGamma(shape float64) float64 {
	if !(shape > 0) {
		panic("rng: the shape of a gamma variate is not positive")
	}
	if shape < 1 {
		return math.Log(r.gamma(shape+1)) - r.Exponential()/shape
	}
	return math.Log(r.gamma(shape))
}

// Beta returns a beta variate. Near an end with small parameters it can round to 0 or 1;
// use [Rand.LogBeta] where its logarithms are needed. It panics if a parameter is not
// positive.
func (r *Rand) Beta(a, b float64) float64 {
	if a < 1 || b < 1 {
		x, _ := r.LogBeta(a, b)
		return math.Exp(x)
	}
	x, y := r.gamma(a), r.gamma(b)
	return x / (x + y)
}

// LogBeta returns ln X and ln(1-X) of a beta variate X, both finite for any positive
// parameters: a stick of a Dirichlet process with concentration 0.01 leaves a rest of
// about exp(-100).
func (r *Rand) LogBeta(a, b float64) (lnX, lnRest float64) {
	if a == 1 { // the rest is U^(1/b)
		lnRest = -r.Exponential() / b
		return log1mexp(lnRest), lnRest
	}
	x, y := r.LogGamma(a), r.LogGamma(b)
	sum := logAdd(x, y)
	return x - sum, y - sum
}

// log1mexp returns ln(1 - exp x) for x < 0.
//
// Source: Maechler (2012), Accurately computing log(1 - exp(-|a|)), R package Rmpfr.
func log1mexp(x float64) float64 {
	if x > -math.Ln2 {
		return math.Log(-math.Expm1(x))
	}
	return math.Log1p(-math.Exp(x))
}

// LogDirichlet fills out with the logarithms of a Dirichlet variate: finite, whatever
// the weights, which must be positive. out has the length of weights.
func (r *Rand) LogDirichlet(weights, out []float64) {
	sum := math.Inf(-1)
	for i, w := range weights {
		out[i] = r.LogGamma(w)
		sum = logAdd(sum, out[i])
	}
	for i := range out {
		out[i] -= sum
	}
}

// Dirichlet fills out with a Dirichlet variate; out has the length of weights, which must
// be positive. The sum is 1 up to rounding.
func (r *Rand) Dirichlet(weights, out []float64) {
	r.LogDirichlet(weights, out)
	for i := range out {
		out[i] = math.Exp(out[i])
	}
}
