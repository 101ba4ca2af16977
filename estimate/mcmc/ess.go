package mcmc

import "math"

// ess is the effective sample size of chains already split: the autocorrelations of all
// chains together, summed by Geyer's initial monotone sequence.
//
// Source: equations 10-13 of Vehtari et al. (2021); Geyer (1992), Statistical Science
// 7(4), section 3.3.
func ess(chains [][]float64) float64 {
	n := len(chains[0])
	within, between := variances(chains)
	plus := within*float64(n-1)/float64(n) + between
	if !(plus > 0) || n < 3 {
		return math.NaN()
	}
	centred := centre(chains)
	rho := func(lag int) float64 { return 1 - (within-covariance(centred, lag))/plus }
	total := float64(len(chains) * n)
	tau := max(correlationTime(rho, n), 1/math.Log10(total))
	return total / tau
}

// correlationTime sums pairs of autocorrelations while they are positive, each pair no
// larger than the one before; the first negative pair adds its even part only when that
// is positive, which keeps the estimate from falling short in antithetic chains.
func correlationTime(rho func(lag int) float64, n int) float64 {
	tau := -1.0
	even, odd := 1.0, rho(1)
	least := math.Inf(1)
	for lag := 0; ; lag += 2 {
		pair := even + odd
		if lag > 0 && pair <= 0 || lag >= n-5 {
			return tau + max(even, 0)
		}
		least = min(least, pair)
		tau += 2 * least
		even, odd = rho(lag+2), rho(lag+3)
	}
}

// centre subtracts from every chain its own mean.
func centre(chains [][]float64) [][]float64 {
	out := make([][]float64, len(chains))
	for c, chain := range chains {
		mean, _ := meanVariance(chain)
		out[c] = make([]float64, len(chain))
		for i, x := range chain {
			out[c][i] = x - mean
		}
	}
	return out
}

// covariance is the mean over chains of the autocovariance at lag, divided by the number
// of draws (not of pairs), and of the unbiased variance at lag 0. Lags are asked for one by one:
// a chain that mixes needs few, and no transform of the whole has to be kept.
func covariance(centred [][]float64, lag int) float64 {
	var sum float64
	for _, c := range centred {
		if lag >= len(c) {
			continue
		}
		// Four sums at once: one alone waits for each addition.
		var s [4]float64
		a, b := c[:len(c)-lag], c[lag:]
		for ; len(a) >= 4 && len(b) >= 4; a, b = a[4:], b[4:] {
			s[0] += a[0] * b[0]
			s[1] += a[1] * b[1]
			s[2] += a[2] * b[2]
			s[3] += a[3] * b[3]
		}
		for i, x := range a {
			s[0] += x * b[i]
		}
		sum += s[0] + s[1] + (s[2] + s[3])
	}
	return sum / float64(len(centred)*len(centred[0]))
}
