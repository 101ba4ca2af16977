// Package pairs looks at two lists at a time: Lincoln and Petersen's figure, Chapman's
// correction of it, and how far it moves when being on one list changes the chance of
// being on the other. Two lists cannot show that dependence, so the total is refused and
// the pairs serve as a diagnosis of more lists.
package pairs

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// Method is the name of the method in a Fit.
const Method = "pairs"

// Options are the choices of the method. The zero value asks for 95 % intervals.
type Options struct {
	Level float64 `json:"level"`
}

// Pair is what two lists say about the total.
type Pair struct {
	Lists           [2]string       `json:"lists"`
	N1              int             `json:"n1"`
	N2              int             `json:"n2"`
	Both            int             `json:"m"`
	LincolnPetersen estimate.Number `json:"lincoln_petersen"` // n1 n2/m
	Chapman         estimate.Number `json:"chapman"`          // (n1+1)(n2+1)/(m+1) − 1
	ChapmanSE       estimate.Number `json:"chapman_se"`
	Lower           estimate.Number `json:"lower"` // of Chapman's figure, interval on the log of who is missing
	Upper           estimate.Number `json:"upper"`
	OddsRatio       estimate.Number `json:"odds_ratio"` // among people on some other list; none with two lists
	Curve           []Point         `json:"curve"`
}

// Point is one point of the sensitivity curve: with odds ratio Psi between the lists, the
// total of those whom these two lists could have named is N.
type Point struct {
	Psi float64         `json:"psi"`
	N   estimate.Number `json:"n"`
}

// Detail holds every pair of lists.
type Detail struct {
	Pairs []Pair `json:"pairs"`
}

// curveSteps is the number of steps of the curve from psi 1/4 to 4, even on the log scale.
const curveSteps = 16

// Fit returns the pairs of lists with a refusal of the total, code two_lists: the range of
// Chapman's figure over psi from 1/4 to 4 stands in the detail.
//
// Source: Chapman (1951); variance Seber (1970), Biometrics 26, 13-22; interval of the
// missing number on the log scale, Burnham et al. (1987).
func Fit(t hist.Table, o Options) estimate.Fit {
	if !(o.Level > 0 && o.Level < 1) {
		o.Level = estimate.DefaultLevel
	}
	var d Detail
	for a := range t.J() {
		for b := a + 1; b < t.J(); b++ {
			d.Pairs = append(d.Pairs, pair(t, a, b, o.Level))
		}
	}
	fit := estimate.Refuse(Method, estimate.Because("two_lists",
		"Two lists cannot show whether the lists depend on each other. We show the two-list figure only with a range for that dependence, and do not publish it as a total."))
	fit.Level, fit.InputHash, fit.Detail = o.Level, t.Hash(), d
	fit.Options = map[string]any{"level": o.Level}
	fit.Assume("pair_independent", "Each pair is computed as if being on one list did not change the chance of being on the other; the curve shows what follows when it does.")
	warnLow(&fit, d)
	return fit
}

func pair(t hist.Table, a, b int, level float64) Pair {
	n1, n2, m := t.On(hist.Of(a)), t.On(hist.Of(b)), t.On(hist.Of(a, b))
	p := Pair{Lists: [2]string{t.Lists[a], t.Lists[b]}, N1: n1, N2: n2, Both: m}
	p.LincolnPetersen = estimate.Number(ratio(float64(n1)*float64(n2), float64(m)))
	n, variance := Chapman(n1, n2, m)
	p.Chapman, p.ChapmanSE = estimate.Number(n), estimate.Number(math.Sqrt(variance))
	seen := float64(n1 + n2 - m)
	p.Lower, p.Upper = logInterval(n, seen, variance, level)
	p.OddsRatio = estimate.Number(oddsElsewhere(t, a, b))
	for i := range curveSteps + 1 {
		psi := math.Pow(2, -2+4*float64(i)/curveSteps)
		p.Curve = append(p.Curve, Point{psi, estimate.Number(Dependent(n1, n2, m, psi))})
	}
	return p
}

// Chapman returns the estimate of the total from two lists of n1 and n2 people with m on
// both, and its variance.
func Chapman(n1, n2, m int) (total, variance float64) {
	a, b, c := float64(n1), float64(n2), float64(m)
	total = (a+1)*(b+1)/(c+1) - 1
	variance = (a + 1) * (b + 1) * (a - c) * (b - c) / ((c + 1) * (c + 1) * (c + 2))
	return total, variance
}

// Dependent returns the total when the odds ratio between the two lists is psi: those on
// neither list are psi n10 n01 / n11. It is infinite without an overlap.
func Dependent(n1, n2, m int, psi float64) float64 {
	return float64(n1+n2-m) + psi*ratio(float64(n1-m)*float64(n2-m), float64(m))
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return math.Inf(1)
	}
	return a / b
}

// logInterval spreads what is missing, not what was seen, on the log scale.
func logInterval(n, seen, variance, level float64) (lower, upper estimate.Number) {
	missing := n - seen
	if missing <= 0 {
		return estimate.Number(n), estimate.Number(n)
	}
	c := math.Exp(estimate.Z(level) * math.Sqrt(math.Log(1+variance/(missing*missing))))
	return estimate.Number(seen + missing/c), estimate.Number(seen + missing*c)
}

// oddsElsewhere is the odds ratio of the two lists among people whom a third list names.
func oddsElsewhere(t hist.Table, a, b int) float64 {
	var n [2][2]float64
	for _, c := range t.Cells {
		if c.History&^hist.Of(a, b) == 0 {
			continue
		}
		i, j := 0, 0
		if c.History.Has(a) {
			i = 1
		}
		if c.History.Has(b) {
			j = 1
		}
		n[i][j] += float64(c.Count)
	}
	over, under := n[1][1]*n[0][0], n[1][0]*n[0][1]
	if over == 0 && under == 0 {
		return math.NaN()
	}
	return ratio(over, under)
}

// farBelow is how far under the middle of all pairs a pair must lie to be named.
const farBelow = 0.5

// warnLow names pairs far below the rest: lists that refer people to each other.
func warnLow(fit *estimate.Fit, d Detail) {
	var all []float64
	for _, p := range d.Pairs {
		if p.Both > 0 {
			all = append(all, float64(p.Chapman))
		}
	}
	if len(all) < 3 {
		return
	}
	middle := median(all)
	for _, p := range d.Pairs {
		if p.Both > 0 && float64(p.Chapman) < farBelow*middle {
			fit.Warn("pair_low", "%s and %s alone give %.0f, less than half the middle of all pairs (%.0f): they may refer people to each other.", p.Lists[0], p.Lists[1], float64(p.Chapman), middle)
		}
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
