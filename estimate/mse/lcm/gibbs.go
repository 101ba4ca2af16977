package lcm

import "math"

// step is one step of the chain: a Gibbs step, which finds and drops classes, a trajectory,
// which moves those there are, and after each a chance for neighbours to change places.
func (c *chain) step() {
	c.gibbs()
	c.exchange()
	c.hamilton()
	c.exchange()
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
		rest := c.p[i]
		for at, k := range c.order {
			if left == 0 {
				break
			}
			n := left
			if at < last {
				w := k.nu * k.row[i]
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

// drawSticks draws alpha and the sticks given how many people each class has. The sticks
// behind the last class with people are summed out of alpha's draw: they follow their
// prior, and would hold alpha where it is.
func (c *chain) drawSticks() {
	last := len(c.classes) - 1
	occupied := last
	for occupied > 0 && c.classes[occupied].n == 0 {
		occupied--
	}
	sticks := min(occupied+1, last) // the last class has no stick of its own
	shape, rate := c.prior.shape+float64(sticks), c.prior.rate-c.lnRest[sticks]
	c.alpha = math.Exp(c.LogGamma(shape)) / rate

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
}
