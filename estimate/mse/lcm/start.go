package lcm

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/estimate/mcmc"
	"example.org/amparo/estimate/rng"
)

// A run starts with scouts: many short chains from starts that differ as much as the
// prior allows. The chains that go on are the scouts that ended farthest apart, so
// that a second mode, if any scout found one, has a chain in it and shows in R-hat.
const (
	scouts     = 16
	scoutSteps = 400
	// Every second scout grows its table from a thin one, where the posterior is wide.
	growth     = 5  // doublings
	growthStep = 30 // steps at each
)

// scatter gives the chain a start of its own. hidden is about how many people are
// never-listed for each listed one.
func (c *chain) scatter(hidden float64) {
	list := make([]float64, c.t.lists)
	for i, n := range c.t.counts {
		for _, j := range c.t.members[i] {
			list[j] += float64(n) / float64(c.t.people)
		}
	}
	c.alpha = c.Gamma(1)
	lnRest := 0.0
	for i, k := range c.classes {
		k.lnNu = lnRest
		if i < len(c.classes)-1 {
			lnV, lnLeft := c.LogBeta(1, 1)
			k.lnNu += lnV
			lnRest += lnLeft
		}
		for j := range k.odds {
			chance := min(list[j]/(1+hidden)*math.Exp(0.7*c.Normal()), 0.95)
			k.odds[j] = max(chance/(1-chance), 1e-6)
		}
	}
	for _, k := range c.classes {
		c.fill(k) // the dead ones too: their rows are looked at when they come to life
	}
	c.rests()
	c.evaluate()
}

// scout is a chain on its way from its start.
type scout struct {
	*chain
	steps   int
	grow    bool
	lnSizes float64 // sum of ln size over the second half
}

func (s *scout) Step() {
	if s.grow && s.steps%growthStep == 0 && s.steps/growthStep <= growth {
		s.thin(math.Pow(2, float64(s.steps/growthStep-growth)))
	}
	s.steps++
	s.step()
	if s.steps > scoutSteps/2 {
		s.lnSizes += math.Log(s.size)
		s.remember()
	}
}

// tuned ends the fitting of the step size at its mean over the second half of the way: where
// it stands at one moment is chance.
func (s *scout) tuned() *chain {
	s.tune = false
	s.size = math.Exp(s.lnSizes / (scoutSteps - scoutSteps/2))
	return s.chain
}

func (s *scout) Values(row []float64) { row[0] = float64(s.missing) }

// newScouts returns the scouts of a run. Scout i draws from stream i of the seed.
func newScouts(t *table, p prior, o Options) []mcmc.Sampler {
	out := make([]mcmc.Sampler, scouts)
	for i := range out {
		c := newChain(t, p, o.Classes, rng.New(o.Seed, uint64(i)))
		// From nobody hidden to most of what the bound allows, evenly in the logarithm.
		most := math.Log1p(0.75 * float64(p.bound))
		c.scatter(math.Expm1(most * float64(i) / (scouts - 1)))
		c.tune = true
		out[i] = &scout{chain: c, grow: i%2 == 1}
	}
	return out
}

// farthest returns n of the scouts, in order of the share of people never listed: the
// first, the last and those evenly between.
func farthest(all []mcmc.Sampler, n int) []*chain {
	chains := make([]*chain, len(all))
	for i, s := range all {
		chains[i] = s.(*scout).tuned()
	}
	slices.SortStableFunc(chains, func(a, b *chain) int { return cmp.Compare(a.none, b.none) })
	out := make([]*chain, n)
	for i := range out {
		out[i] = chains[i*(len(chains)-1)/max(n-1, 1)]
	}
	return out
}
