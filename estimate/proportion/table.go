package proportion

import (
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Exact is Fisher's test of a two-by-two table: the two-sided p-value, the conditional
// maximum likelihood odds ratio and its exact interval.
type Exact struct {
	P         float64           `json:"p"`
	OddsRatio estimate.Number   `json:"odds_ratio"`
	Interval  estimate.Interval `json:"interval"`
}

// Fisher tests whether the rows of t differ, with the margins held. The two-sided p adds
// the tables no likelier than the one seen, within a relative 1e-7 for ties.
//
// Source: Fisher (1935), JRSS 98, 39-82; the odds ratio as in R's fisher.test.
func Fisher(t Table, level float64) (Exact, error) {
	if err := t.check(); err != nil {
		return Exact{}, err
	}
	if err := checkLevel(level); err != nil {
		return Exact{}, err
	}
	h := newHypergeometric(t)
	e := Exact{P: h.twoSided(), OddsRatio: estimate.Number(h.mle())}
	a := (1 - level) / 2
	lo, hi := 0.0, math.Inf(1)
	if h.x > h.lo {
		lo = h.solve(func(w float64) float64 { return h.upper(w) - a })
	}
	if h.x < h.hi {
		hi = h.solve(func(w float64) float64 { return a - h.lower(w) })
	}
	e.Interval = interval(lo, hi, level)
	return e, nil
}

// hypergeometric is the distribution of the first cell given the margins, as log weights
// at odds ratio one; x is what was seen.
type hypergeometric struct {
	lo, hi, x int
	logw      []float64
}

func newHypergeometric(t Table) hypergeometric {
	m, n, k := t.A[0]+t.A[1], t.B[0]+t.B[1], t.A[0]+t.B[0]
	h := hypergeometric{lo: max(0, k-n), hi: min(k, m), x: t.A[0]}
	for v := h.lo; v <= h.hi; v++ {
		h.logw = append(h.logw, logChoose(m, v)+logChoose(n, k-v))
	}
	return h
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n) + 1)
	b, _ := math.Lgamma(float64(k) + 1)
	c, _ := math.Lgamma(float64(n-k) + 1)
	return a - b - c
}

// at returns the distribution when the logarithm of the odds ratio is w.
func (h hypergeometric) at(w float64) []float64 {
	p := make([]float64, len(h.logw))
	top := math.Inf(-1)
	for i, l := range h.logw {
		p[i] = l + w*float64(h.lo+i)
		top = math.Max(top, p[i])
	}
	sum := 0.0
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func (h hypergeometric) upper(w float64) float64 { // P(X ≥ x)
	s := 0.0
	for i, p := range h.at(w) {
		if h.lo+i >= h.x {
			s += p
		}
	}
	return s
}

func (h hypergeometric) lower(w float64) float64 { // P(X ≤ x)
	s := 0.0
	for i, p := range h.at(w) {
		if h.lo+i <= h.x {
			s += p
		}
	}
	return s
}

func (h hypergeometric) twoSided() float64 {
	p := h.at(0)
	seen, s := p[h.x-h.lo], 0.0
	for _, v := range p {
		if v <= seen*(1+1e-7) {
			s += v
		}
	}
	return math.Min(1, s)
}

func (h hypergeometric) mle() float64 {
	switch {
	case h.lo == h.hi:
		return math.NaN()
	case h.x == h.lo:
		return 0
	case h.x == h.hi:
		return math.Inf(1)
	}
	return h.solve(func(w float64) float64 {
		mean := 0.0
		for i, p := range h.at(w) {
			mean += p * float64(h.lo+i)
		}
		return mean - float64(h.x)
	})
}

// solve finds the odds ratio where f, which rises in its logarithm, is zero.
func (h hypergeometric) solve(f func(float64) float64) float64 {
	return math.Exp(root(-logEdge, logEdge, f))
}

// Strata is the analysis of several two-by-two tables: Mantel and Haenszel's test with
// its continuity correction, the common odds ratio and its interval.
type Strata struct {
	Statistic float64           `json:"statistic"`
	P         float64           `json:"p"`
	OddsRatio estimate.Number   `json:"odds_ratio"`
	Interval  estimate.Interval `json:"interval"`
}

// MantelHaenszel compares the two rows within every stratum. The correction of ½ is left
// out where it would exceed the difference.
//
// Source: Mantel and Haenszel (1959), JNCI 22, 719-748; Robins, Breslow and Greenland
// (1986), Biometrics 42, 311-323 (variance).
func MantelHaenszel(tables []Table, level float64) (Strata, error) {
	if err := checkLevel(level); err != nil {
		return Strata{}, err
	}
	var d, v, r, s, pr, ps, qs float64
	for _, t := range tables {
		if err := t.check(); err != nil {
			return Strata{}, err
		}
		a, b, c, e := float64(t.A[0]), float64(t.A[1]), float64(t.B[0]), float64(t.B[1])
		n := a + b + c + e
		if n < 2 {
			continue
		}
		d += a - (a+b)*(a+c)/n
		v += (a + b) * (c + e) * (a + c) * (b + e) / (n * n * (n - 1))
		ri, si, pi, qi := a*e/n, b*c/n, (a+e)/n, (b+c)/n
		r, s = r+ri, s+si
		pr, ps, qs = pr+pi*ri, ps+pi*si+qi*ri, qs+qi*si
	}
	if v <= 0 {
		return Strata{}, fault.New(fault.Invalid, "strata", "no stratum has people in both rows and both columns").
			With("merge strata, or compare without them")
	}
	half := math.Min(0.5, math.Abs(d))
	out := Strata{Statistic: (math.Abs(d) - half) * (math.Abs(d) - half) / v, OddsRatio: estimate.Number(r / s)}
	out.P = quantile.ChiSquaredTail(out.Statistic, 1)
	out.Interval = interval(0, math.Inf(1), level)
	if r > 0 && s > 0 {
		z := quantile.TwoSided(level)
		half := z * math.Sqrt(pr/(2*r*r)+ps/(2*r*s)+qs/(2*s*s))
		out.Interval = interval(r/s*math.Exp(-half), r/s*math.Exp(half), level)
	}
	return out, nil
}
