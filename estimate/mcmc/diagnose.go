package mcmc

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Chains are given as chains[c][i], draw i of chain c, all chains of one length. Every
// function here returns NaN for fewer than 4 draws a chain, for a draw that is not
// finite, and where all draws are the same: a constant chain proves nothing.
//
// Source of all: Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian
// Analysis 16(2), 667-718; equations are numbered as there.

// Settling is what a run is judged by again and again: see [RHat], [ESSBulk] and [ESSTail].
type Settling struct{ RHat, ESSBulk, ESSTail float64 }

// Settle returns all three at the price of little more than one.
func Settle(chains [][]float64) Settling {
	if !usable(chains) {
		return Settling{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(Pool(chains)))
	bulk := normalScores(split(chains))
	return Settling{
		RHat:    rhatBoth(chains, bulk, SortedQuantile(sorted, 0.5)),
		ESSBulk: ess(bulk),
		ESSTail: lesser(essBelow(chains, SortedQuantile(sorted, 0.05)), essBelow(chains, SortedQuantile(sorted, 0.95))),
	}
}

// RHat returns the larger of the rank-normalised split R-hat and that of the folded
// draws: the first sees chains that differ in place, the second in spread. 1 is perfect
// agreement; above 1.01 the chains should not be used.
//
// Source: equation 4 on split chains, with the rank normalisation of equation 14.
func RHat(chains [][]float64) float64 {
	if !usable(chains) {
		return math.NaN()
	}
	return rhatBoth(chains, normalScores(split(chains)), Quantile(Pool(chains), 0.5))
}

// rhatBoth is RHat given the normal scores of the split chains and the median.
func rhatBoth(chains, scores [][]float64, median float64) float64 {
	folded := make([][]float64, len(chains))
	for c, chain := range chains {
		folded[c] = make([]float64, len(chain))
		for i, x := range chain {
			folded[c][i] = math.Abs(x - median)
		}
	}
	bulk := rhat(scores)
	tail := rhat(normalScores(split(folded)))
	if math.IsNaN(tail) { // two-valued draws fold to one value
		return bulk
	}
	return max(bulk, tail)
}

// ESSBulk returns the effective sample size of the rank-normalised split chains: how
// many independent draws would place the centre as well.
func ESSBulk(chains [][]float64) float64 {
	if !usable(chains) {
		return math.NaN()
	}
	return ess(normalScores(split(chains)))
}

// ESSTail returns the smaller effective sample size of the 5 % and 95 % quantiles.
func ESSTail(chains [][]float64) float64 {
	return lesser(ESSQuantile(chains, 0.05), ESSQuantile(chains, 0.95))
}

// lesser is the smaller of two sizes, or the one that is a number.
func lesser(a, b float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return min(a, b)
}

// ESSMean returns the effective sample size for the mean.
func ESSMean(chains [][]float64) float64 {
	if !usable(chains) {
		return math.NaN()
	}
	return ess(split(chains))
}

// ESSQuantile returns the effective sample size for the quantile at p in (0, 1): that of
// the indicator of lying at or below it.
func ESSQuantile(chains [][]float64, p float64) float64 {
	if !usable(chains) {
		return math.NaN()
	}
	return essBelow(chains, Quantile(Pool(chains), p))
}

// essBelow is the effective sample size of the indicator of lying at or below q.
func essBelow(chains [][]float64, q float64) float64 {
	below := make([][]float64, len(chains))
	for c, chain := range chains {
		below[c] = make([]float64, len(chain))
		for i, x := range chain {
			if x <= q {
				below[c][i] = 1
			}
		}
	}
	if !usable(below) {
		return math.NaN()
	}
	return ess(split(below))
}

// MCSEMean returns the Monte Carlo standard error of the mean.
func MCSEMean(chains [][]float64) float64 {
	pooled := Pool(chains)
	_, v := meanVariance(pooled)
	return math.Sqrt(v / ESSMean(chains))
}

// MCSEQuantile returns the Monte Carlo standard error of the quantile at p in (0, 1):
// half the distance between the draws at the 16 % and 84 % points of the beta posterior
// of the quantile's rank, ranks rounded outwards.
//
// Source: section 4.4 of the paper.
func MCSEQuantile(chains [][]float64, p float64) float64 {
	n := ESSQuantile(chains, p)
	if math.IsNaN(n) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(Pool(chains)))
	rank := func(q float64) float64 {
		return mathext.InvRegIncBeta(n*p+1, n*(1-p)+1, q) * float64(len(sorted))
	}
	const oneSigma = 0.15865525393145705
	low := max(int(math.Floor(rank(oneSigma))), 1)
	high := min(int(math.Ceil(rank(1-oneSigma))), len(sorted))
	return (sorted[high-1] - sorted[low-1]) / 2
}

// Quantile returns the quantile of xs at p in [0, 1], linear between order statistics
// (type 7, the default of R). It sorts a copy; NaN for no values.
//
// Source: Hyndman and Fan (1996), The American Statistician 50(4), definition 7.
func Quantile(xs []float64, p float64) float64 {
	return SortedQuantile(slices.Sorted(slices.Values(xs)), p)
}

// SortedQuantile is [Quantile] of values that are sorted already.
func SortedQuantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// usable reports whether the chains can say anything.
func usable(chains [][]float64) bool {
	if len(chains) == 0 || len(chains[0]) < 4 {
		return false
	}
	first, same := chains[0][0], true
	for _, chain := range chains {
		if len(chain) != len(chains[0]) {
			return false
		}
		for _, x := range chain {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
			same = same && x == first
		}
	}
	return !same
}

// split cuts every chain into its halves; a middle draw is left out.
func split(chains [][]float64) [][]float64 {
	out := make([][]float64, 0, 2*len(chains))
	for _, c := range chains {
		half := len(c) / 2
		out = append(out, c[:half], c[len(c)-half:])
	}
	return out
}

// normalScores replaces every draw by the normal quantile of its rank among all, ties
// sharing their mean rank.
func normalScores(chains [][]float64) [][]float64 {
	pooled := Pool(chains)
	slices.Sort(pooled)
	// places[v] is the score of the draws whose value is values[v].
	values, places := pooled[:0], make([]float64, 0, len(pooled))
	total := float64(len(pooled)) + 0.25
	for i, n := 0, len(pooled); i < n; {
		x, j := pooled[i], i+1
		for j < n && pooled[j] == x {
			j++
		}
		rank := float64(i+1+j) / 2
		values, places = append(values, x), append(places, mathext.NormalQuantile((rank-0.375)/total))
		i = j
	}
	out := make([][]float64, len(chains))
	for c, chain := range chains {
		out[c] = make([]float64, len(chain))
		for i, x := range chain {
			at, _ := slices.BinarySearch(values, x)
			out[c][i] = places[at]
		}
	}
	return out
}

// rhat is the potential scale reduction of chains already split.
func rhat(chains [][]float64) float64 {
	within, between := variances(chains)
	if within == 0 {
		if between > 0 {
			return math.Inf(1) // every half stands still, at a place of its own
		}
		return math.NaN()
	}
	n := float64(len(chains[0]))
	return math.Sqrt((n-1)/n + between/within)
}

// variances returns the mean variance within chains and the variance of their means.
func variances(chains [][]float64) (within, between float64) {
	means := make([]float64, len(chains))
	for c, chain := range chains {
		m, v := meanVariance(chain)
		means[c] = m
		within += v / float64(len(chains))
	}
	_, between = meanVariance(means)
	return within, between
}

func meanVariance(xs []float64) (mean, variance float64) {
	for _, x := range xs {
		mean += x
	}
	mean /= float64(len(xs))
	for _, x := range xs {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(len(xs)-1)
}
