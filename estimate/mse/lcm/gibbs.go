package lcm

import "math"

// step is one step of the chain: a Gibbs step, which finds and drops classes, a trajectory,
// which moves those there are, and after each a chance to change places; and where there are
// few, renewals; and where there is a sketch, jumps.
func (c *chain) step() {
	c.gibbs()
	c.exchange()
	c.hamilton()
	for range renewTries {
		c.renew()
	}
	c.exchange()
	c.jump()
}

// gibbs is one step of the blocked Gibbs sampler on the histories (never on people): the
// people of each history are shared out over the classes, the never-listed are drawn and
// shared out, and then alpha, sticks and chances are drawn given who is where.
//
// Source: Manrique-Vallier (2016), Biometrics 72(4), 1246-1254, section 4; the step for
// alpha is ours.
func (c *chain) gibbs() {
	c.allocate()
	c.drawSticks()
	c.drawOdds()
	c.evaluate()
}

// allocate draws who belongs to which class, and the never-listed.
func (c *chain) allocate() {
	c.rank()
	c.share()
	c.missing = c.drawMissing()
	c.shareMissing()
}

// rank sorts the live classes by weight, so that most people are placed by the first
// binomial.
func (c *chain) rank() {
	c.order = c.order[:0]
	for _, k := range c.classes {
		k.n = 0
		clear(k.on)
		if !k.live {
			continue
		}
		at := len(c.order)
		c.order = append(c.order, k)
		for ; at > 0 && c.order[at-1].nu < k.nu; at-- {
			c.order[at] = c.order[at-1]
		}
		c.order[at] = k
	}
}

// share allocates the people of each history to classes.
func (c *chain) share() {
	last := len(c.order) - 1
	for i, left := range c.counts {
		node := c.t.rows[i]
		rest := c.p[node]
		for at, k := range c.order {
			if left == 0 {
				break
			}
			n := left
			if at < last {
				w := k.nu * k.row[node]
				n = c.Binomial(left, w/rest)
				rest -= w
			}
			if n == 0 {
				continue
			}
			left -= n
			k.n += n
			for _, j := range c.t.members[i] {
				k.on[j] += n
			}
		}
	}
}

// shareMissing allocates the never-listed to classes.
func (c *chain) shareMissing() {
	left, rest := c.missing, c.none
	last := len(c.order) - 1
	for at, k := range c.order {
		if left == 0 {
			return
		}
		n := left
		if at < last {
			w := k.nu * k.none
			n = c.Binomial(left, w/rest)
			rest -= w
		}
		left -= n
		k.n += n
	}
}

// drawMissing draws the number of never-listed people given the classes: negative
// binomial, within the bound.
func (c *chain) drawMissing() int {
	odds := c.none / (1 - c.none)
	for range 20 {
		if n := c.NegativeBinomial(float64(c.people), odds); n <= c.most {
			return n
		}
	}
	return c.missingNearBound()
}

// missingNearBound draws the number of never-listed people when nearly all of its
// distribution lies beyond the bound: by inversion, walking down from the bound, where
// the mass falls off geometrically.
func (c *chain) missingNearBound() int {
	size := float64(c.people)
	// down is mass(m-1)/mass(m).
	down := func(m int) float64 { return float64(m) / ((float64(m) + size - 1) * c.none) }
	total, mass := 1.0, 1.0
	for m := c.most; m > 0 && mass > 1e-17*total; m-- {
		mass *= down(m)
		total += mass
	}
	u, m := c.Uniform()*total, c.most
	for mass = 1; m > 0 && u >= mass; m-- {
		u -= mass
		mass *= down(m)
	}
	return m
}

// drawSticks draws alpha and the sticks given how many people each class has.
//
// The stick of the last class with people, and those behind it, are summed out of alpha's
// draw: given alpha that stick leaves a rest of about exp(-1/alpha), and drawing the two in
// turn would move alpha by a factor of about two a step, over the many orders of magnitude
// it has with one class. With n people in that class its factor is
//
//	alpha B(1+n, alpha) = n B(1+alpha, n) = n times the integral of x^alpha (1-x)^(n-1),
//
// so x is drawn as Beta(1+alpha, n) and alpha given x is gamma.
//
// Source: Escobar and West (1995), JASA 90(430), 577-588, section 6.
func (c *chain) drawSticks() {
	last := len(c.classes) - 1
	occupied := last
	for occupied > 0 && c.classes[occupied].n == 0 {
		occupied--
	}
	rate := c.prior.rate - c.lnRest[occupied]
	if k := c.classes[occupied]; occupied < last && k.n > 0 {
		ln, _ := c.LogBeta(1+c.alpha, float64(k.n))
		rate -= ln
	}
	c.alpha = max(math.Exp(c.LogGamma(c.prior.shape+float64(occupied)))/rate, leastAlpha)

	behind := 0
	for _, k := range c.classes {
		behind += k.n
	}
	lnRest := 0.0
	for i, k := range c.classes {
		c.lnRest[i] = lnRest
		if i == last {
			k.lnNu = lnRest
			break
		}
		behind -= k.n
		lnV, lnLeft := c.LogBeta(1+float64(k.n), c.alpha+float64(behind))
		k.lnNu = lnRest + lnV
		lnRest += lnLeft
	}
}

// leastAlpha is far below where alpha makes a difference, and keeps 1/alpha a number.
const leastAlpha = 1e-200

// drawOdds draws the chances of the live classes: beta given who is on each list,
// uniform for an empty class.
func (c *chain) drawOdds() {
	for _, k := range c.classes {
		if k.lnNu <= lnDead {
			continue
		}
		for j := range k.odds {
			if k.n == 0 {
				u := c.Uniform()
				k.odds[j] = u / (1 - u)
				continue
			}
			k.odds[j] = c.Gamma(1+float64(k.on[j])) / c.Gamma(1+float64(k.n-k.on[j]))
		}
	}
}

// exchange offers every class the place of its neighbour, weight and chances together:
// the likelihood does not see the labels, the stick-breaking prior does, and Gibbs steps
// cannot exchange two classes that hold people.
//
// Source: Papaspiliopoulos and Roberts (2008), Biometrika 95(1), 169-186, section 3.4,
// with allocations summed out.
func (c *chain) exchange() {
	last := len(c.classes) - 1
	for a := range last {
		k, next := c.classes[a], c.classes[a+1]
		if !k.live && !next.live {
			continue
		}
		// Only the weight of a+1 and after changes: it loses next and gains k.
		rest := k.lnNu
		if a+1 < last {
			rest = logAdd(c.lnRest[a+2], k.lnNu)
		}
		gain := c.lnRest[a+1] - rest
		if a+1 == last {
			gain *= 1 - c.alpha
		}
		if gain < 0 && c.LogUniform() > gain {
			continue
		}
		c.classes[a], c.classes[a+1] = next, k
		c.lnRest[a+1] = rest
	}
	c.exchangeLast()
}

// exchangeLast offers the last class and any other each other's places, with alpha summed
// out, and draws alpha anew.
//
// The last class takes what all sticks leave. With a large alpha that is most of the weight,
// with a small one next to nothing: two forms of the same mixture, and alpha cannot change
// before the weights do. Integrating its gamma prior over [chain.lnWeights] leaves
//
//	(rate - ln R_K)^-(shape+K-1) / prod_{1<k<=K} R_k
func (c *chain) exchangeLast() {
	last := len(c.classes) - 1
	if last == 0 {
		return
	}
	a := c.Below(last)
	shape := c.prior.shape + float64(last)
	before := -shape * math.Log(c.prior.rate-c.lnRest[last])
	after := -shape * math.Log(c.prior.rate-c.classes[a].lnNu)
	rest := c.classes[a].lnNu
	for k := last; k > a; k-- {
		before -= c.lnRest[k]
		after -= rest
		if k-1 > a {
			rest = logAdd(rest, c.classes[k-1].lnNu)
		}
	}
	if gain := after - before; gain >= 0 || c.LogUniform() < gain {
		c.classes[a], c.classes[last] = c.classes[last], c.classes[a]
		rest := math.Inf(-1)
		for k := last; k > a; k-- {
			rest = logAdd(rest, c.classes[k].lnNu)
			c.lnRest[k] = rest
		}
	}
	c.alpha = c.Gamma(shape) / (c.prior.rate - c.lnRest[last])
}
