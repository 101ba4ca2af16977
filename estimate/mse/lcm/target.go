package lcm

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"example.org/amparo/estimate/rng"
)

// class is one latent class: its weight, the chances of its people to be on each list,
// and what follows from these for the histories of the table.
type class struct {
	lnNu float64   // logarithm of the weight
	nu   float64   // the weight
	odds []float64 // odds[j] of being on list j against not being on it
	none float64   // probability of being on no list
	row  []float64 // the probability of each node of the table
	on   []int     // people allocated to the class who are on list j
	n    int       // people allocated to it, never-listed ones included
	live bool      // heavier than lnDead
}

// prior is what is assumed before the table is seen.
type prior struct {
	shape, rate float64 // of the gamma prior of alpha
	bound       int     // the most never-listed people for each listed one
}

// chain is the state of one Markov chain on alpha and on the weights and chances of the
// classes. Who belongs to which class, and how many were never listed, is known in
// distribution given these: it is drawn where it is needed and then forgotten.
type chain struct {
	*rng.Rand
	t      *table
	prior  prior
	counts []int // people by history: the table's, or thinner ones on a rung of a ladder
	people int
	most   int // never-listed people allowed

	alpha   float64
	classes []*class
	lnRest  []float64 // lnRest[k] is ln of the weight of classes k and after
	leaps   int       // of a trajectory, on average
	p       []float64 // probability of each node
	none    float64   // probability of being on no list

	like float64 // lnLikelihood where hamilton, renew or jump left off

	missing int        // never-listed people as last drawn
	order   []*class   // live classes, heaviest first
	drift   trajectory // working memory of hamilton
	spares  renewal    // and of renew
	jumps   jumping    // and of jump
	memory  memory     // of where it stood
	size    float64    // step size of hamilton
	tune    bool       // whether size is still being fitted
	eps     []float64  // thresholds of the observable populations

	rows       int       // written by Values
	occupied   int       // classes with people, as last placed
	observable []float64 // by threshold, as last placed
}

// Classes lighter than this are empty: their share of a table of a billion people is
// below 1e-15.
const lnDead = -60

// newChain returns a chain on table t with its own random stream, all weight in the first
// of K classes; scatter gives it a start.
func newChain(t *table, p prior, classes int, r *rng.Rand) *chain {
	c := &chain{Rand: r, t: t, prior: p, alpha: 1, size: 1, leaps: shortLeaps,
		lnRest: make([]float64, classes),
		p:      make([]float64, len(t.parents)),
		order:  make([]*class, 0, classes),
	}
	for range classes {
		c.classes = append(c.classes, newClass(t))
	}
	c.drift, c.spares = newTrajectory(classes, t), newRenewal(classes, t)
	c.thin(1)
	return c
}

func newClass(t *table) *class {
	return &class{odds: make([]float64, t.lists), row: make([]float64, len(t.parents)), on: make([]int, t.lists)}
}

// thin makes the chain one on share beta of the people: each history's count is cut down
// and rounded to the nearest. Whole counts keep every step of the sampler exact on every
// rung of a ladder.
func (c *chain) thin(beta float64) {
	c.counts, c.people = make([]int, len(c.t.counts)), 0
	on := make([]float64, c.t.lists)
	for i, n := range c.t.counts {
		c.counts[i] = int(beta*float64(n) + 0.5)
		c.people += c.counts[i]
		for _, j := range c.t.members[i] {
			on[j] += float64(c.counts[i])
		}
	}
	if c.people == 0 { // a table of ones: keep somebody
		c.counts[0], c.people = 1, 1
	}
	c.most = c.prior.bound * c.people
	c.drift.scales(on, float64(c.people))
}

// evaluate brings rows and probabilities up to date with weights and odds.
func (c *chain) evaluate() {
	for _, k := range c.classes {
		k.nu = math.Exp(k.lnNu)
		k.live = k.lnNu > lnDead
		if k.live {
			c.fill(k)
		}
	}
	c.mix()
}

// fill computes the row of a class from its odds.
func (c *chain) fill(k *class) {
	some := 1.0
	for _, o := range k.odds {
		some *= 1 + o
	}
	k.none = 1 / some
	row := k.row
	parents := c.t.parents[:len(row)]
	row[0] = k.none
	for _, b := range c.t.blocks {
		o := k.odds[b.list]
		for i := b.from; i < b.to; i++ {
			row[i] = row[parents[i]] * o
		}
	}
}

// mix adds the live classes up.
func (c *chain) mix() {
	clear(c.p)
	c.none = 0
	for _, k := range c.classes {
		if k.live {
			c.add(k)
		}
	}
}

// add adds a class to the probabilities.
func (c *chain) add(k *class) {
	c.none += k.nu * k.none
	p := c.p
	for i, q := range k.row[:len(p)] {
		p[i] += k.nu * q
	}
}

// lnLikelihood is the logarithm of prod_x (p_x/(1-p_0))^n_x, the likelihood with the
// number of never-listed people summed out under p(N) proportional to 1/N, times the
// share of that number's distribution which lies within the bound.
func (c *chain) lnLikelihood() float64 {
	var sum float64
	for i, n := range c.counts {
		if n > 0 {
			sum += float64(n) * math.Log(c.p[c.t.rows[i]])
		}
	}
	return sum - float64(c.people)*math.Log1p(-c.none) + c.lnWithin()
}

// lnWithin is the logarithm of the probability that the never-listed, negative binomial
// given the classes, are no more than the bound allows.
func (c *chain) lnWithin() float64 {
	n, most := float64(c.people), float64(c.most)
	odds := c.none / (1 - c.none)
	mean, sd := n*odds, math.Sqrt(n*odds*(1+odds))
	if mean+9*sd < most {
		return 0
	}
	if p := mathext.RegIncBeta(n, most+1, 1-c.none); p > 1e-280 {
		return math.Log(p)
	}
	z := (mean - most) / sd
	return -645 - 0.5*z*z // beyond what a float64 holds: only the direction matters
}

// lnWeights is the logarithm of the prior density of the weights on their simplex, without
// the factors that stay when only classes 0, ..., moved change. With R_k the weight of
// classes k and after, the sticks V_k = nu_k/R_k are Beta(1, alpha) and dV/dnu = prod 1/R_k,
// so the density is
//
//	alpha^(K-1) R_K^(alpha-1) / prod_{1<k<K} R_k
//
// With a small alpha ln R_K is about -1/alpha, beside which nothing else would be seen: what
// stays is left out, not subtracted.
func (c *chain) lnWeights(moved int) float64 {
	last := len(c.lnRest) - 1
	var sum float64
	if moved == last {
		sum = (c.alpha - 1) * c.lnRest[last]
	}
	for _, r := range c.lnRest[min(1, last):min(moved+1, last)] {
		sum -= r
	}
	return sum
}

// rests recomputes lnRest from the weights. Sums of weights are plain ones down to where
// they would lose digits.
func (c *chain) rests() {
	rest, lnRest := 0.0, math.Inf(-1)
	for k := len(c.classes) - 1; k >= 0; k-- {
		if lnNu := c.classes[k].lnNu; lnNu < lnPlain || rest == 0 && k < len(c.classes)-1 {
			lnRest = logAdd(lnRest, lnNu)
			rest = math.Exp(lnRest)
		} else {
			rest += math.Exp(lnNu)
			lnRest = math.Log(rest)
		}
		c.lnRest[k] = lnRest
	}
}

// lnPlain is below what weights are added in logarithms.
const lnPlain = -600

// logAdd returns ln(exp a + exp b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if b < a-40 {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
