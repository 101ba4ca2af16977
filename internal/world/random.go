package world

import (
	"math"
	"math/rand/v2"
)

// dice draws from the distributions of the parameter table. One stream, seeded once:
// the same seed gives the same world.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice {
	return dice{rand.New(rand.NewPCG(seed, 0x616d7061726f))}
}

// Read lets identifiers be drawn from the stream.
func (d dice) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(d.Uint32())
	}
	return len(p), nil
}

func (d dice) yes(p float64) bool { return d.Float64() < p }

// lognormal has the given median and sigma.
func (d dice) lognormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*d.NormFloat64())
}

func (d dice) triangular(lo, hi, mode float64) float64 {
	u, c := d.Float64(), (mode-lo)/(hi-lo)
	if u < c {
		return lo + math.Sqrt(u*(hi-lo)*(mode-lo))
	}
	return hi - math.Sqrt((1-u)*(hi-lo)*(hi-mode))
}

func (d dice) poisson(mean float64) int {
	l, k, p := math.Exp(-mean), 0, 1.0
	for p > l {
		k++
		p *= d.Float64()
	}
	return k - 1
}

// gamma draws with shape at least 1 (Marsaglia and Tsang 2000), for the Dirichlet.
func (d dice) gamma(shape float64) float64 {
	a := shape - 1.0/3
	c := 1 / math.Sqrt(9*a)
	for {
		x := d.NormFloat64()
		v := math.Pow(1+c*x, 3)
		if v > 0 && math.Log(d.Float64()) < 0.5*x*x+a-a*v+a*math.Log(v) {
			return a * v
		}
	}
}

// weighted is a list of outcomes with their shares.
type weighted []struct {
	v string
	p float64
}

func (d dice) pick(w weighted) string {
	total := 0.0
	for _, x := range w {
		total += x.p
	}
	u := d.Float64() * total
	for _, x := range w {
		if u -= x.p; u < 0 {
			return x.v
		}
	}
	return w[len(w)-1].v
}

func (d dice) of(s ...string) string { return s[d.IntN(len(s))] }
