package lcm

import (
	"math"
	"slices"

	"example.org/amparo/estimate/rng"
)

// ladder is parallel tempering: copies of the chain on thinner and thinner tables, where
// modes run together, which exchange their classes with their neighbours. Thinning the
// people instead of taking the likelihood to a power keeps counts whole, so that
// the same exact steps work on every rung. The exchange is judged on the likelihood with
// never-listed and allocations summed out.
//
// Source: Syed, Bouchard-Côté, Deligiannidis and Doucet (2022), JRSS B 84(2), 321-350, for
// the deterministic even-odd scheme and the spacing of rungs by equal rejection.
type ladder struct {
	rungs   []*chain // the first is the target
	betas   []float64
	refused []float64 // sum of refusal probabilities of the exchanges above rung i
	tried   []float64
	parity  int
}

const (
	rungs     = 16
	leastBeta = 0.02
	leastRung = 15 // people on the thinnest rung
)

// newLadder puts c on the first rung of a ladder; the others start where c is, and draw
// from their own streams of the seed, from stream on.
func newLadder(c *chain, seed, stream uint64) *ladder {
	l := &ladder{betas: make([]float64, rungs), refused: make([]float64, rungs-1), tried: make([]float64, rungs-1)}
	low := min(max(leastBeta, leastRung/float64(c.t.people)), 0.5)
	for i := range rungs {
		l.betas[i] = math.Pow(low, float64(i)/(rungs-1))
		rung := c
		if i > 0 {
			rung = newChain(c.t, c.prior, len(c.classes), rng.New(seed, stream+uint64(i)))
			rung.alpha, rung.size, rung.leaps = c.alpha, c.size, c.leaps
			for h, k := range rung.classes {
				k.lnNu = c.classes[h].lnNu
				copy(k.odds, c.classes[h].odds)
				rung.fill(k)
			}
			rung.rests()
			rung.evaluate()
		}
		l.rungs = append(l.rungs, rung)
	}
	l.place()
	return l
}

// place gives every rung its table.
func (l *ladder) place() {
	for i, c := range l.rungs {
		c.thin(l.betas[i])
	}
}

// Step moves every rung on and offers every second pair of neighbours an exchange, the
// even pairs and the odd ones in turn: so states travel along the ladder instead of
// diffusing.
func (l *ladder) Step() {
	for _, c := range l.rungs {
		c.step()
	}
	for i := l.parity; i+1 < len(l.rungs); i += 2 {
		l.refused[i] += 1 - l.rungs[i].trade(l.rungs[i+1])
		l.tried[i]++
	}
	l.parity = 1 - l.parity
}

// Values are those of the first rung.
func (l *ladder) Values(row []float64) { l.rungs[0].Values(row) }

// trade offers the classes of two chains to each other, and returns the probability with
// which the exchange is accepted.
func (c *chain) trade(other *chain) float64 {
	before := c.lnLikelihood() + other.lnLikelihood()
	c.swap(other)
	p := math.Exp(min(c.lnLikelihood()+other.lnLikelihood()-before, 0))
	if !(c.Uniform() < p) {
		c.swap(other)
	}
	return p
}

func (c *chain) swap(other *chain) {
	c.classes, other.classes = other.classes, c.classes
	c.lnRest, other.lnRest = other.lnRest, c.lnRest
	c.p, other.p = other.p, c.p
	c.alpha, other.alpha = other.alpha, c.alpha
	c.none, other.none = other.none, c.none
}

// respace moves the rungs between the first and the last so that every exchange would be
// refused equally often, by what was seen since the last time.
func (l *ladder) respace() {
	barrier := make([]float64, len(l.rungs)) // refusals met on the way to rung i
	for i, r := range l.refused {
		barrier[i+1] = barrier[i] + max(r/max(l.tried[i], 1), 0.01)
	}
	last := len(l.rungs) - 1
	betas := slices.Clone(l.betas)
	for r := 1; r < last; r++ {
		want := barrier[last] * float64(r) / float64(last)
		i := 0
		for barrier[i+1] < want {
			i++
		}
		f := (want - barrier[i]) / (barrier[i+1] - barrier[i])
		betas[r] = math.Pow(l.betas[i], 1-f) * math.Pow(l.betas[i+1], f)
	}
	l.betas = betas
	clear(l.refused)
	clear(l.tried)
	l.place()
}
