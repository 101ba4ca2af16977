package lcm

import "math"

// jumping is the working memory of jump, and what it offers.
type jumping struct {
	sketch *sketch // nil: nothing
	tries  int     // in a step

	spares  []*class // classes of the place offered
	lnRest  []float64
	p       []float64
	at      []float64 // coordinates
	work    []float64
	lnParts []float64
	taken   int // so far
}

func newJumping(s *sketch, c *chain) jumping {
	j := jumping{sketch: s, lnRest: make([]float64, len(c.classes)), p: make([]float64, len(c.p)),
		at: make([]float64, mostTogether), work: make([]float64, mostTogether)}
	for range c.classes {
		j.spares = append(j.spares, newClass(c.t))
	}
	return j
}

// jump offers the chain a place drawn from the sketch, wherever it stands: so it comes from one
// centre of the posterior to another, and near a centre to a place that owes nothing to where
// it was.
//
// Source: Tierney (1994), Annals of Statistics 22(4), 1701-1762, section 2.3.3, independence
// chains; with allocations and never-listed summed out.
func (c *chain) jump() {
	if c.jumps.tries == 0 {
		return
	}
	here := c.lnSketched()
	for range c.jumps.tries {
		alpha, like, none := c.alpha, c.like, c.none
		c.trySpares()
		if c.offer() {
			c.mix()
			c.like = c.lnLikelihood()
			there := c.lnSketched()
			if gain := c.like - there - like + here; gain >= 0 || c.LogUniform() < gain {
				c.jumps.taken++
				here = there
				continue
			}
		}
		c.trySpares()
		c.alpha, c.like, c.none = alpha, like, none
	}
}

// trySpares exchanges the classes and the spare ones.
func (c *chain) trySpares() {
	j := &c.jumps
	c.classes, j.spares = j.spares, c.classes
	c.lnRest, j.lnRest = j.lnRest, c.lnRest
	c.p, j.p = j.p, c.p
}

// offer draws classes and alpha from the sketch. It reports false for a place where the chain
// would not feel its classes.
//
// Alpha and what the classes of the part leave are drawn from the prior given their sticks;
// half of the time, given also that they leave no more than lnLittle.
func (c *chain) offer() bool {
	g, p := c.pick()
	p.draw(c.Rand, c.jumps.at, c.jumps.work)
	lnRest := 0.0
	stick := func(h int, lnV, lnLeft float64) {
		c.lnRest[h], c.classes[h].lnNu = lnRest, lnRest+lnV
		lnRest += lnLeft
	}
	for h, x := range c.jumps.at[:g.classes-1] {
		stick(h, -math.Log1p(math.Exp(-x)), -math.Log1p(math.Exp(x)))
	}
	shape, rate := c.prior.shape+float64(g.classes-1), c.prior.rate-lnRest
	little := 0.0
	if c.Uniform() < 0.5 {
		little = min(g.lnLittle-lnRest, 0)
	}
	c.alpha = max(math.Exp(c.LogGamma(shape))/(rate-little), leastAlpha)
	last := len(c.classes) - 1
	for h := g.classes - 1; h < last; h++ {
		lnLeft := little - c.Exponential()/c.alpha
		stick(h, math.Log(-math.Expm1(lnLeft)), lnLeft)
		little = 0
	}
	stick(last, 0, 0)
	return c.dress(g.classes)
}

// pick draws a part of the sketch.
func (c *chain) pick() (*group, *part) {
	u := c.Uniform()
	groups := c.jumps.sketch.groups
	for i := range groups {
		g := &groups[i]
		for k := range g.parts {
			if u -= math.Exp(g.lnShares[k]); u < 0 {
				return g, &g.parts[k]
			}
		}
	}
	g := &groups[0] // rounding
	return g, &g.parts[0]
}

// dress gives the classes their chances: the first from the coordinates, the others from the prior.
func (c *chain) dress(first int) bool {
	x := c.jumps.at[first-1:]
	for h, k := range c.classes {
		k.nu, k.live = math.Exp(k.lnNu), false
		if h >= first {
			c.setWeight(k, k.lnNu)
			continue
		}
		if k.live = k.lnNu > lnDead; !k.live {
			return false
		}
		for l := range k.odds {
			if !(math.Abs(x[0]) < 40) {
				return false
			}
			k.odds[l] = math.Exp(x[0])
			x = x[1:]
		}
		c.fill(k)
	}
	return true
}

// lnSketched is ln of the density with which the place of the chain is offered, over that of the
// prior.
func (c *chain) lnSketched() float64 {
	j := &c.jumps
	j.lnParts = j.lnParts[:0]
	most := math.Inf(-1)
	for i := range j.sketch.groups {
		g := &j.sketch.groups[i]
		lnPrior, ok := c.place(g)
		if !ok {
			break // nor have those with more classes offered it
		}
		lnTail := c.lnTail(g)
		for k := range g.parts {
			ln := g.lnShares[k] + g.parts[k].lnDensity(j.at, j.work) + lnTail - lnPrior
			if ln == ln { // not NaN: a rest of nothing is infinitely far away
				j.lnParts = append(j.lnParts, ln)
				most = max(most, ln)
			}
		}
	}
	var sum float64
	for _, ln := range j.lnParts {
		sum += math.Exp(ln - most)
	}
	return most + math.Log(sum)
}

// place finds the coordinates of the first classes and ln of their prior density, alpha
// summed out of it: false when one of them is dead.
func (c *chain) place(g *group) (lnPrior float64, ok bool) {
	at := c.jumps.at
	n := g.classes
	some := 0.0
	for h, k := range c.classes[:n] {
		if !k.live {
			return 0, false
		}
		if h < n-1 {
			at[h] = k.lnNu - c.lnRest[h+1]
			lnPrior += k.lnNu - c.lnRest[h] // dV/d(log odds of V) is V(1-V), and 1-V cancels
		}
		for l, o := range k.odds {
			x := math.Log(o)
			at[n-1+h*len(k.odds)+l] = x
			some += x
		}
		some += 2 * math.Log(k.none) // uniform chances are o/(1+o)^2 in log odds
	}
	shape, rate := c.prior.shape, c.prior.rate
	more := shape
	for range n - 1 {
		lnPrior += math.Log(more) // Gamma(shape+n-1) / Gamma(shape)
		more++
	}
	return lnPrior + some + shape*math.Log(rate) - more*math.Log(rate-c.lnRest[n-1]), true
}

// lnTail is ln of the density with which alpha and the weights of the other classes are offered, given those of the first,
// over that of the prior. With alpha^(a-1) e^(-alpha rate) for alpha, and alpha e^(alpha ln r)
// for the logarithm of the share r that is left, a limit on r multiplies
// both together by a number that depends on neither.
func (c *chain) lnTail(g *group) float64 {
	lnRest := c.lnRest[g.classes-1]
	little := min(g.lnLittle-lnRest, 0)
	if c.lnRest[g.classes] > lnRest+little {
		return -math.Ln2
	}
	shape, rate := c.prior.shape+float64(g.classes-1), c.prior.rate-lnRest
	return math.Log(0.5 + 0.5*math.Pow((rate-little)/rate, shape))
}
