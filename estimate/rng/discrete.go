package rng

import "math"

// Below this mean the sequential search is faster than rejection.
const smallMean = 10

// Binomial returns the number of successes in n trials of probability p. A p outside
// [0, 1] counts as the nearest end, so that rounding in a caller's sum does no harm; n
// below 1 gives 0.
func (r *Rand) Binomial(n int, p float64) int {
	if n <= 0 || !(p > 0) {
		return 0
	}
	if p >= 1 {
		return n
	}
	if p > 0.5 {
		return n - r.binomial(n, 1-p)
	}
	return r.binomial(n, p)
}

// binomial is Binomial for n >= 1 and 0 < p <= 1/2.
func (r *Rand) binomial(n int, p float64) int {
	if n <= 3 {
		k := 0
		for range n {
			if r.Uniform() < p {
				k++
			}
		}
		return k
	}
	if float64(n)*p < smallMean {
		return r.binomialSearch(n, p)
	}
	return r.binomialReject(n, p)
}

// binomialSearch walks the distribution function up from 0.
//
// Source: Kachitvichyanukul and Schmeiser (1988), CACM 31(2), algorithm BINV.
func (r *Rand) binomialSearch(n int, p float64) int {
	u := r.Uniform()
	// Most calls of a mixture sampler have an expectation near 0: 1-np is below the
	// chance of no success, and saves both transcendental functions.
	if u < 1-float64(n)*p {
		return 0
	}
	odds := p / (1 - p)
	f := math.Exp(float64(n) * math.Log1p(-p))
	for k := 0; k < n; k++ {
		if u < f {
			return k
		}
		u -= f
		f *= odds * float64(n-k) / float64(k+1)
		if f < 0x1p-1000 && float64(k) > float64(n)*p {
			return k // what is left of u is rounding
		}
	}
	return n
}

// binomialReject is the transformed rejection with squeeze, for np >= 10.
//
// Source: Hörmann (1993), J. Stat. Comput. Simul. 46, 101-110, algorithm BTRS.
func (r *Rand) binomialReject(trials int, p float64) int {
	n := float64(trials)
	spq := math.Sqrt(n * p * (1 - p))
	b := 1.15 + 2.53*spq
	a := -0.0873 + 0.0248*b + 0.01*p
	c := n*p + 0.5
	vr := 0.92 - 4.2/b
	for {
		u := r.Uniform() - 0.5
		v := r.Uniform()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + c)
		if us >= 0.07 && v <= vr {
			return int(k)
		}
		if k < 0 || k > n {
			continue
		}
		alpha := (2.83 + 5.1/b) * spq
		if math.Log(v*alpha/(a/(us*us)+b)) <= logBinomialRatio(n, p, k) {
			return int(k)
		}
	}
}

// logBinomialRatio returns ln of P(k)/P(m), m the mode of Binomial(n, p).
func logBinomialRatio(n, p, k float64) float64 {
	m := math.Floor((n + 1) * p)
	odds := p / (1 - p)
	return (m+0.5)*math.Log((m+1)/(odds*(n-m+1))) +
		(n+1)*math.Log((n-m+1)/(n-k+1)) +
		(k+0.5)*math.Log(odds*(n-k+1)/(k+1)) +
		stirling(m) + stirling(n-m) - stirling(k) - stirling(n-k)
}

// stirlingTable is the correction of Stirling's formula for k! at k = 0..9:
// ln k! - [ln(2 pi)/2 + (k+1/2) ln(k+1) - (k+1)].
var stirlingTable = [10]float64{
	0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
	0.01664469118982119, 0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
	0.009255462182712733, 0.008330563433362871,
}

// stirling is the same correction for any k.
func stirling(k float64) float64 {
	if k < 10 {
		return stirlingTable[int(k)]
	}
	x := 1 / (k + 1)
	x2 := x * x
	return (1.0/12 - (1.0/360-1.0/1260*x2)*x2) * x
}

// Poisson returns a Poisson variate. A mean that is not positive gives 0. Means above
// 1e15 lose whole numbers to rounding and are the caller's mistake.
func (r *Rand) Poisson(mean float64) int {
	if !(mean > 0) {
		return 0
	}
	if mean >= smallMean {
		return r.poissonReject(mean)
	}
	u, f := r.Uniform(), math.Exp(-mean)
	k := 0
	for u >= f && f > 0x1p-1000 {
		u -= f
		k++
		f *= mean / float64(k)
	}
	return k
}

// poissonReject is the transformed rejection with squeeze, for means of at least 10.
//
// Source: Hörmann (1993), Insurance: Mathematics and Economics 12, 39-45, algorithm PTRS.
func (r *Rand) poissonReject(mean float64) int {
	b := 0.931 + 2.53*math.Sqrt(mean)
	a := -0.059 + 0.02483*b
	vr := 0.9277 - 3.6224/(b-2)
	for {
		u := r.Uniform() - 0.5
		v := r.Uniform()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && v <= vr {
			return int(k)
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		inverse := 1.1239 + 1.1328/(b-3.4)
		lnFactorial, _ := math.Lgamma(k + 1)
		if math.Log(v*inverse/(a/(us*us)+b)) <= k*math.Log(mean)-mean-lnFactorial {
			return int(k)
		}
	}
}

// NegativeBinomial returns the number of failures before the size-th success when the
// odds of failure to success are odds; size need not be whole. It is drawn as a Poisson
// variate with a gamma mean.
func (r *Rand) NegativeBinomial(size, odds float64) int {
	return r.Poisson(r.Gamma(size) * odds)
}

// Multinomial shares n out over classes with probabilities proportional to weights,
// which are not negative and do not all vanish; out has their length.
func (r *Rand) Multinomial(n int, weights []float64, out []int) {
	var rest float64
	for _, w := range weights {
		rest += w
	}
	last := -1
	for i, w := range weights {
		out[i] = 0
		if w <= 0 {
			continue
		}
		last = i
		if n > 0 {
			k := r.Binomial(n, w/rest)
			out[i] = k
			n -= k
		}
		rest -= w
	}
	if n > 0 && last >= 0 { // rounding left rest a little above the last weight
		out[last] += n
	}
}
