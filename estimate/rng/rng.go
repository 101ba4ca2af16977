// Package rng draws random variates for estimators: normal, exponential, gamma, beta,
// binomial, Poisson, negative binomial, multinomial, Dirichlet.
//
// The algorithms are written here and not taken from the standard library because a
// published figure must come out of its seed again in ten years: math/rand/v2 promises
// the sequence of its PCG generator, but not how it turns that into a normal variate.
// Golden streams in the tests pin every sampler.
//
// Nothing here is fit for secrets: noise that protects people needs ChaCha8.
package rng

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Rand is one stream of random variates. It must not be used by two goroutines at once:
// give every chain a stream of its own.
type Rand struct {
	pcg rand.PCG
}

// New returns stream number stream of the family seed. Two streams of one seed start
// from different states of the same PCG sequence (period 2^128): with the few streams a
// calculation uses, an overlap within any feasible run has probability below 1e-20.
//
// Source: O'Neill (2014), PCG, HMC-CS-2014-0905; the DXSM variant of math/rand/v2.
func New(seed, stream uint64) *Rand {
	// PCG's two words are halves of one state. Mixing the stream number keeps
	// neighbouring streams from starting at neighbouring states.
	r := &Rand{}
	r.pcg.Seed(mix(seed), mix(seed^mix(stream+0x9e3779b97f4a7c15)))
	return r
}

// mix is the finaliser of SplitMix64: every bit of the input moves every bit of the
// output, and it is a bijection, so different streams stay different.
//
// Source: Steele, Lea and Flood (2014), OOPSLA, figure 16.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 returns 64 random bits.
func (r *Rand) Uint64() uint64 { return r.pcg.Uint64() }

// Uniform returns a number in the open interval (0, 1): neither its logarithm nor that
// of its complement is infinite.
func (r *Rand) Uniform() float64 {
	return (float64(r.pcg.Uint64()>>12) + 0.5) * 0x1p-52
}

// Below returns a whole number in [0, n). It panics if n is not positive.
//
// Source: Lemire (2019), ACM TOMACS 29(1), algorithm 5.
func (r *Rand) Below(n int) int {
	if n <= 0 {
		panic("rng: Below needs a positive bound")
	}
	bound := uint64(n)
	hi, lo := bits.Mul64(r.pcg.Uint64(), bound)
	if lo < bound {
		for least := -bound % bound; lo < least; {
			hi, lo = bits.Mul64(r.pcg.Uint64(), bound)
		}
	}
	return int(hi)
}

// Shuffle puts perm into a random order, every order equally likely.
func (r *Rand) Shuffle(perm []int) {
	for i := len(perm) - 1; i > 0; i-- {
		j := r.Below(i + 1)
		perm[i], perm[j] = perm[j], perm[i]
	}
}

// LogUniform returns the logarithm of a uniform number, what a Metropolis step compares
// its log ratio with.
func (r *Rand) LogUniform() float64 { return -r.Exponential() }

// logAdd returns ln(exp a + exp b) without overflow.
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
