package proportion

import (
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

func checkPair(a, b Count, level float64) error {
	if err := checkLevel(level); err != nil {
		return err
	}
	if err := a.check(); err != nil {
		return err
	}
	return b.check()
}

// Newcombe returns the interval of the difference a − b built from two Wilson intervals.
//
// Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
func Newcombe(a, b Count, level float64) (estimate.Interval, error) {
	if err := checkPair(a, b, level); err != nil {
		return estimate.Interval{}, err
	}
	z := quantile.TwoSided(level)
	la, ua := wilson(a, z)
	lb, ub := wilson(b, z)
	pa, pb := a.Share(), b.Share()
	return interval(pa-pb-math.Hypot(pa-la, ub-pb), pa-pb+math.Hypot(ua-pa, pb-lb), level), nil
}

// Mee returns the score interval of the difference a − b.
//
// Source: Mee (1984), Biometrics 40, 1175-1176; the restricted estimate is found by
// bisection of its score.
func Mee(a, b Count, level float64) (estimate.Interval, error) {
	return difference(a, b, level, 1)
}

// MiettinenNurminen is Mee's interval with the variance times N/(N−1), N = a.N + b.N;
// what R's PropCIs gives under Mee's name.
//
// Source: Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226.
func MiettinenNurminen(a, b Count, level float64) (estimate.Interval, error) {
	return difference(a, b, level, inflation(a, b))
}

func inflation(a, b Count) float64 {
	n := float64(a.N + b.N)
	return n / (n - 1)
}

func difference(a, b Count, level, inflate float64) (estimate.Interval, error) {
	if err := checkPair(a, b, level); err != nil {
		return estimate.Interval{}, err
	}
	z := quantile.TwoSided(level)
	d := a.Share() - b.Share()
	score := func(delta float64) float64 {
		p2 := restricted(math.Max(0, -delta), math.Min(1, 1-delta), func(p2 float64) float64 {
			return slope(a, p2+delta) + slope(b, p2)
		})
		p1 := p2 + delta
		v := p1*(1-p1)/float64(a.N) + p2*(1-p2)/float64(b.N)
		return standard(d-delta, v*inflate)
	}
	return scoreInterval(score, -1, d, 1, z, level), nil
}

// slope is the derivative of the binomial log-likelihood at p; on the rim it is an
// infinity that points inward, or finite where the count agrees with the rim.
func slope(c Count, p float64) float64 {
	x, y := float64(c.X), float64(c.N-c.X)
	s := 0.0
	if c.X > 0 {
		s += x / p
	}
	if c.X < c.N {
		s -= y / (1 - p)
	}
	return s
}

// restricted returns where a falling score crosses zero between lo and hi, or the end it
// points to.
func restricted(lo, hi float64, score func(float64) float64) float64 {
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			return mid
		}
		if score(mid) > 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// standard is d/√v, an infinity with the sign of d where v is 0.
func standard(d, v float64) float64 {
	if v <= 0 {
		if d == 0 {
			return 0
		}
		return math.Copysign(math.Inf(1), d)
	}
	return d / math.Sqrt(v)
}

// scoreInterval solves score = ±z on both sides of the estimate; the score falls in its
// parameter.
func scoreInterval(score func(float64) float64, lo, at, hi, z, level float64) estimate.Interval {
	lower, upper := lo, hi
	if at > lo {
		lower = root(lo, at, func(v float64) float64 { return clip(score(v)) - z })
	}
	if at < hi {
		upper = root(at, hi, func(v float64) float64 { return clip(score(v)) + z })
	}
	return interval(lower, upper, level)
}

func clip(v float64) float64 { return math.Max(-1e300, math.Min(1e300, v)) }

// RiskRatio returns the score interval of the ratio of shares a/b. It is open above when b
// has nobody with the outcome, and [0, ∞) when neither has.
//
// Source: Koopman (1984), Biometrics 40, 513-517.
func RiskRatio(a, b Count, level float64) (estimate.Interval, error) {
	if err := checkPair(a, b, level); err != nil {
		return estimate.Interval{}, err
	}
	z := quantile.TwoSided(level)
	score := func(logRatio float64) float64 {
		r := math.Exp(logRatio)
		p2 := restricted(0, math.Min(1, 1/r), func(p2 float64) float64 { return r*slope(a, r*p2) + slope(b, p2) })
		p1 := r * p2
		// Koopman's statistic is the sum of two standardised squares; on the restricted
		// estimate it is the square of this.
		d := a.Share() - r*b.Share()
		v := p1*(1-p1)/float64(a.N) + r*r*p2*(1-p2)/float64(b.N)
		return standard(d, v)
	}
	return ratioInterval(score, a, b, a.Share()/b.Share(), z, level), nil
}

// OddsRatio returns the score interval of the odds ratio of a to b, with the variance
// times N/(N−1), N = a.N + b.N.
//
// Source: Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226.
func OddsRatio(a, b Count, level float64) (estimate.Interval, error) {
	if err := checkPair(a, b, level); err != nil {
		return estimate.Interval{}, err
	}
	z := quantile.TwoSided(level)
	n1, n2 := float64(a.N), float64(b.N)
	total := float64(a.X + b.X)
	score := func(logRatio float64) float64 {
		psi := math.Exp(logRatio)
		p2 := restricted(0, 1, func(p2 float64) float64 { return total - n1*psi*p2/(1-p2+psi*p2) - n2*p2 })
		p1 := psi * p2 / (1 - p2 + psi*p2)
		v1, v2 := n1*p1*(1-p1), n2*p2*(1-p2)
		if v1 <= 0 || v2 <= 0 {
			return standard(float64(a.X)-n1*p1, 0)
		}
		return (float64(a.X) - n1*p1) * math.Sqrt((1/v1+1/v2)/inflation(a, b))
	}
	odds := a.Share() * (1 - b.Share()) / ((1 - a.Share()) * b.Share())
	return ratioInterval(score, a, b, odds, z, level), nil
}

// logEdge bounds ratios: e^±100 is farther out than any two counts can say.
const logEdge = 100

// ratioInterval solves a score in the logarithm of a ratio. An end that no ratio reaches
// is 0 or infinity.
func ratioInterval(score func(float64) float64, a, b Count, ratio, z, level float64) estimate.Interval {
	if math.IsNaN(ratio) {
		return interval(0, math.Inf(1), level)
	}
	at := math.Max(-logEdge, math.Min(logEdge, math.Log(ratio)))
	i := interval(0, math.Inf(1), level)
	if ratio > 0 {
		if low := score(-logEdge); low > z {
			i.Lower = estimate.Number(math.Exp(root(-logEdge, at, func(v float64) float64 { return clip(score(v)) - z })))
		}
	}
	if !math.IsInf(ratio, 1) {
		if high := score(logEdge); high < -z {
			i.Upper = estimate.Number(math.Exp(root(at, logEdge, func(v float64) float64 { return clip(score(v)) + z })))
		}
	}
	return i
}

// Table is a two-by-two table: A[0] of A[0]+A[1] in the first row, B likewise.
type Table struct {
	A [2]int `json:"a"`
	B [2]int `json:"b"`
}

func (t Table) check() error {
	for _, v := range [...]int{t.A[0], t.A[1], t.B[0], t.B[1]} {
		if v < 0 {
			return fault.New(fault.Invalid, "table", "a cell is %d", v).With("cells are counts")
		}
	}
	return nil
}
