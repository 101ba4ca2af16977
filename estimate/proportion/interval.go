// Package proportion gives shares an interval: one share, the difference and the ratio of
// two, strata, several categories, rare counts, and the three lines that always go with a
// share of people who were not drawn at random.
//
// Wald's interval is not offered: it is empty at 0 and at n, and too short near them.
package proportion

import (
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Count is X people with the outcome of N.
type Count struct {
	X int `json:"x"`
	N int `json:"n"`
}

// Share returns X/N.
func (c Count) Share() float64 { return float64(c.X) / float64(c.N) }

func (c Count) check() error {
	switch {
	case c.N < 1:
		return fault.New(fault.Invalid, "share", "there is nobody to take a share of: n is %d", c.N).With("give at least one answer")
	case c.X < 0 || c.X > c.N:
		return fault.New(fault.Invalid, "share", "%d of %d is no share", c.X, c.N).With("count those with the outcome among those who answered")
	}
	return nil
}

// checkLevel refuses a confidence level outside (0, 1).
func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fault.New(fault.Invalid, "share", "the level %g is not between 0 and 1", level).With("give 0.95")
	}
	return nil
}

// Method is a way to an interval.
type Method string

// The methods. Wilson is the default; ClopperPearson where a court wants coverage that is
// guaranteed; the others for comparison.
const (
	Wilson         Method = "wilson"
	ClopperPearson Method = "clopper-pearson"
	Jeffreys       Method = "jeffreys"
	AgrestiCoull   Method = "agresti-coull"
	MidP           Method = "mid-p"
)

// Wald is known only in order to be replaced.
const Wald Method = "wald"

// Methods lists what Interval accepts, the default first.
func Methods() []Method { return []Method{Wilson, ClopperPearson, Jeffreys, AgrestiCoull, MidP} }

// Interval returns the two-sided interval of c by method m. An unknown method, Wald's
// among them, is refused.
//
// Sources: Wilson (1927), JASA 22, 209-212; Clopper and Pearson (1934), Biometrika 26,
// 404-413; Brown, Cai and DasGupta (2001), Statistical Science 16, 101-133 (Jeffreys with
// its ends, Agresti-Coull); Lancaster (1961), JASA 56, 223-234 (mid-p).
func Interval(c Count, m Method, level float64) (estimate.Interval, error) {
	if err := c.check(); err != nil {
		return estimate.Interval{}, err
	}
	if err := checkLevel(level); err != nil {
		return estimate.Interval{}, err
	}
	var lo, hi float64
	switch m {
	case Wilson, "":
		lo, hi = wilson(c, quantile.TwoSided(level))
	case ClopperPearson:
		lo, hi = clopperPearson(c, (1-level)/2)
	case Jeffreys:
		lo, hi = jeffreys(c, (1-level)/2)
	case AgrestiCoull:
		lo, hi = agrestiCoull(c, quantile.TwoSided(level))
	case MidP:
		lo, hi = midP(c, (1-level)/2)
	case Wald:
		return estimate.Interval{}, fault.New(fault.Invalid, "share", "Wald's interval is empty at 0 and at n, and too short near them").
			With("use Wilson's, or Clopper and Pearson's where coverage must be guaranteed")
	default:
		return estimate.Interval{}, fault.New(fault.Invalid, "share", "no interval is called %q", string(m)).
			With("use one of wilson, clopper-pearson, jeffreys, agresti-coull, mid-p")
	}
	return interval(lo, hi, level), nil
}

func interval(lo, hi, level float64) estimate.Interval {
	return estimate.Interval{Lower: estimate.Number(lo), Upper: estimate.Number(hi), Level: level}
}

func wilson(c Count, z float64) (lo, hi float64) {
	n, p := float64(c.N), c.Share()
	z2 := z * z
	mid := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	lo, hi = mid-half, mid+half
	if c.X == 0 {
		lo = 0
	}
	if c.X == c.N {
		hi = 1
	}
	return lo, hi
}

func clopperPearson(c Count, a float64) (lo, hi float64) {
	x, n := float64(c.X), float64(c.N)
	lo, hi = 0, 1
	if c.X > 0 {
		lo = quantile.Beta(a, x, n-x+1)
	}
	if c.X < c.N {
		hi = upperBeta(a, x+1, n-x)
	}
	return lo, hi
}

// upperBeta is the 1−a quantile, taken from the other end where it has its digits.
func upperBeta(a, p, q float64) float64 {
	x := quantile.Beta(a, q, p)
	if x < 0.5 {
		return 1 - x
	}
	return quantile.Beta(1-a, p, q)
}

func jeffreys(c Count, a float64) (lo, hi float64) {
	x, n := float64(c.X), float64(c.N)
	lo, hi = 0, 1
	if c.X > 0 {
		lo = quantile.Beta(a, x+0.5, n-x+0.5)
	}
	if c.X < c.N {
		hi = upperBeta(a, x+0.5, n-x+0.5)
	}
	return lo, hi
}

func agrestiCoull(c Count, z float64) (lo, hi float64) {
	n := float64(c.N) + z*z
	p := (float64(c.X) + z*z/2) / n
	half := z * math.Sqrt(p*(1-p)/n)
	return math.Max(0, p-half), math.Min(1, p+half)
}

// midP solves P(X > x) + ½P(X = x) = a for the lower end and its mirror for the upper;
// at x = 0 and x = n an end is the end of the scale.
func midP(c Count, a float64) (lo, hi float64) {
	x, n := float64(c.X), float64(c.N)
	above := func(k, p float64) float64 { // P(X ≥ k)
		if k <= 0 {
			return 1
		}
		if k > n {
			return 0
		}
		return quantile.BetaCDF(p, k, n-k+1)
	}
	mid := func(p float64) float64 { return (above(x, p) + above(x+1, p)) / 2 }
	lo, hi = 0, 1
	if c.X > 0 {
		lo = root(0, c.Share(), func(p float64) float64 { return mid(p) - a })
	}
	if c.X < c.N {
		hi = root(c.Share(), 1, func(p float64) float64 { return mid(p) - (1 - a) })
	}
	return lo, hi
}

// root bisects f, which changes sign between lo and hi, until no number lies between. If
// it does not change sign, the end where it is nearer to zero is returned.
func root(lo, hi float64, f func(float64) float64) float64 {
	flo, fhi := f(lo), f(hi)
	if (flo > 0) == (fhi > 0) {
		if math.Abs(flo) < math.Abs(fhi) {
			return lo
		}
		return hi
	}
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			return mid
		}
		if (f(mid) > 0) == (flo > 0) {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// OneSided returns the exact one-sided bound when nobody of n had the outcome: the share
// is at most 1 − (1−level)^{1/n}.
func OneSided(n int, level float64) float64 { return -math.Expm1(math.Log1p(-level) / float64(n)) }

// Poisson returns the exact interval of the mean of a count of rare events.
//
// Source: Garwood (1936), Biometrika 28, 437-442.
func Poisson(x int, level float64) (estimate.Interval, error) {
	if err := checkLevel(level); err != nil {
		return estimate.Interval{}, err
	}
	if x < 0 {
		return estimate.Interval{}, fault.New(fault.Invalid, "count", "a count of %d cannot be", x).With("count from 0")
	}
	a, lo := (1-level)/2, 0.0
	if x > 0 {
		lo = quantile.Gamma(a, float64(x))
	}
	return interval(lo, quantile.Gamma(1-a, float64(x)+1), level), nil
}

// Goodman returns simultaneous intervals for the shares of several categories of one
// sample: all of them hold together with the level stated.
//
// Source: Goodman (1965), Technometrics 7, 247-254.
func Goodman(counts []int, level float64) ([]estimate.Interval, error) {
	if err := checkLevel(level); err != nil {
		return nil, err
	}
	n := 0
	for i, x := range counts {
		if x < 0 {
			return nil, fault.New(fault.Invalid, "categories", "the count of category %d is %d", i+1, x).With("count from 0")
		}
		n += x
	}
	if n == 0 || len(counts) < 2 {
		return nil, fault.New(fault.Invalid, "categories", "there are no people in at least two categories").With("give the count of every category")
	}
	b := quantile.ChiSquared(1-(1-level)/float64(len(counts)), 1)
	out := make([]estimate.Interval, len(counts))
	for i, x := range counts {
		lo, hi := wilson(Count{x, n}, math.Sqrt(b))
		out[i] = interval(lo, hi, level)
	}
	return out, nil
}

// Rare answers for a count of rare events: Garwood's exact interval of its mean.
func Rare(x int, level float64) (estimate.Fit, error) {
	i, err := Poisson(x, level)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit := estimate.Refuse("poisson-exact", estimate.Refusal{})
	fit.Refusal, fit.Options, fit.Level = nil, map[string]any{"level": level}, level
	fit.Point, fit.Lower, fit.Upper = estimate.Number(x), i.Lower, i.Upper
	fit.Assume("events_independent", "Assumes that events come one by one, none bringing another.")
	return fit, nil
}

// Category is one of several categories with its simultaneous interval.
type Category struct {
	Count
	Share    float64           `json:"share"`
	Interval estimate.Interval `json:"interval"`
}

// Categories answers for several categories at once by [Goodman]; the fit has no single
// figure, Detail is a slice of [Category].
func Categories(counts []int, level float64) (estimate.Fit, error) {
	in, err := Goodman(counts, level)
	if err != nil {
		return estimate.Fit{}, err
	}
	n := 0
	for _, x := range counts {
		n += x
	}
	fit := estimate.Refuse("goodman", estimate.Refusal{})
	fit.Refusal, fit.Level, fit.Options = nil, level, map[string]any{"level": level}
	var d []Category
	for i, x := range counts {
		d = append(d, Category{Count{x, n}, float64(x) / float64(n), in[i]})
	}
	fit.Detail = d
	return fit, nil
}
