package lcm

import (
	"math"
	"testing"

	"example.org/amparo/estimate/mcmc"
	"example.org/amparo/estimate/rng"
)

// looked is a chain that is looked at in quantities a label move or a step of alpha would bend
// if it were wrong.
type looked struct{ *chain }

func (l looked) Values(row []float64) { l.quantities(row) }

var quantityNames = []string{"none", "ln alpha", "first weight", "last weight", "missing"}

func (c *chain) quantities(row []float64) {
	row[0], row[1] = c.none, max(math.Log(c.alpha), -12)
	row[2], row[3] = c.classes[0].nu, c.classes[len(c.classes)-1].nu
	row[4] = math.Log1p(float64(c.drawMissing()))
}

// On a table of seven people the posterior is near enough to the prior to be reckoned
// without a chain: draws from the prior, weighted by the likelihood. Every step of the
// sampler together has to come to the same, and jumps alone as well.
func TestStepsKeepThePosterior(t *testing.T) {
	for _, classes := range []int{2, 3, 5} {
		tb, err := newTable(3, []uint32{1, 2, 3, 6, 7}, []int{2, 2, 1, 1, 1})
		if err != nil {
			t.Fatal(err)
		}
		pr := prior{shape: 0.5, rate: 0.5, bound: 20}
		chains := make([]mcmc.Sampler, 4)
		for i := range chains {
			c := newChain(tb, pr, classes, rng.New(11, uint64(i)))
			c.scatter(float64(i))
			chains[i] = looked{c}
		}
		want, wrong := weighted(tb, pr, classes, 400_000)
		compare := func(t *testing.T, what string, chains []mcmc.Sampler, rows int) {
			t.Helper()
			traces, err := mcmc.Run(t.Context(), chains, mcmc.Plan{Names: quantityNames, Block: rows, Thin: 1, Blocks: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range quantityNames {
				got := mcmc.Chains(traces, name, 0.05)
				pooled := mcmc.Pool(got)
				e := math.Hypot(mcmc.MCSEMean(got), wrong[i])
				if off := math.Abs(mean(pooled) - want[i]); off > 4*e {
					t.Errorf("%d classes, %s: %s is %.4f, by weighted draws from the prior %.4f: %.1f errors apart", classes, what, name, mean(pooled), want[i], off/e)
				}
			}
		}
		compare(t, "without jumps", chains, 40_000)

		var stands []stand
		for _, c := range chains {
			stands = append(stands, c.(looked).memory.take()...)
		}
		s := newSketch(stands, rng.New(11, 99))
		if s == nil || len(s.groups) != min(classes-1, 4) {
			t.Fatalf("%d classes: the sketch is of %v", classes, s)
		}
		alone := make([]mcmc.Sampler, len(chains))
		for i, c := range chains {
			c := c.(looked).chain
			c.jumps = newJumping(s, c)
			c.jumps.tries = 2
			alone[i] = jumper{looked{c}}
		}
		compare(t, "with jumps", chains, 20_000)
		compare(t, "jumps alone", alone, 60_000)
		if alone[0].(jumper).jumps.taken < 1000 {
			t.Errorf("%d classes: %d jumps were taken", classes, alone[0].(jumper).jumps.taken)
		}
	}
}

// jumper is a chain that does nothing but jump.
type jumper struct{ looked }

func (j jumper) Step() {
	j.like = j.lnLikelihood()
	j.jump()
}

// weighted returns posterior means by draws from the prior, and their errors.
func weighted(tb *table, pr prior, classes, draws int) (means, errs []float64) {
	c := newChain(tb, pr, classes, rng.New(12, 0))
	weights, rows := make([]float64, draws), make([][]float64, draws)
	var total float64
	for d := range draws {
		c.alpha = math.Exp(c.LogGamma(pr.shape)) / pr.rate
		lnRest := 0.0
		for h, k := range c.classes {
			k.lnNu = lnRest
			if h < classes-1 {
				lnV, lnLeft := c.LogBeta(1, c.alpha)
				k.lnNu += lnV
				lnRest += lnLeft
			}
			for j := range k.odds {
				u := c.Uniform()
				k.odds[j] = u / (1 - u)
			}
		}
		c.rests()
		c.evaluate()
		rows[d] = make([]float64, len(quantityNames))
		c.quantities(rows[d])
		weights[d] = math.Exp(c.lnLikelihood() + 15)
		total += weights[d]
	}
	means, errs = make([]float64, len(quantityNames)), make([]float64, len(quantityNames))
	for i := range means {
		for d, w := range weights {
			means[i] += w / total * rows[d][i]
		}
		for d, w := range weights {
			errs[i] += math.Pow(w/total*(rows[d][i]-means[i]), 2)
		}
		errs[i] = math.Sqrt(errs[i])
	}
	return means, errs
}
