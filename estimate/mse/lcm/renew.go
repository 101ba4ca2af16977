package lcm

import "math"

// renewal is the working memory of renew.
type renewal struct {
	spare *class
	lnNu  []float64 // to go back to
	p     []float64
}

func newRenewal(classes int, t *table) renewal {
	return renewal{newClass(t), make([]float64, classes), make([]float64, len(t.parents))}
}

const (
	// Up to renewWithin moving classes may come and go in one step: more are better moved by
	// trajectories, for most of what is offered them would be refused.
	renewWithin = 2
	renewTries  = 4
	// lnWindow is the range of ln of a new rest that is offered evenly: a class of one person
	// in some thousands up to most of them.
	lnWindow = 9
)

// renew offers a stick a new length, and the class behind it new chances from their prior: so
// a class comes into being with several people in it, or goes, in one step, allocations
// summed out. In Gibbs steps a class begins with one person and mostly dies with them; where
// the table is nearly one of independent lists, that is what keeps a chain back.
//
// Half of what is offered follows the prior of the stick, under which the rest is next to
// nothing when alpha is small, half is even in ln of the rest. Green (1995), Biometrika
// 82(4), 711-732, is about such moves; with sticks that shrink to nothing the dimension
// stays.
func (c *chain) renew() {
	last := len(c.classes) - 1
	if last == 0 || c.countMoving() > renewWithin {
		return
	}
	at := c.Below(min(renewWithin, last))
	lnRest := c.lnRest[at+1] - c.lnRest[at]
	lnNew := -lnWindow * c.Uniform()
	if c.Uniform() < 0.5 {
		lnNew = -c.Exponential() / c.alpha
	}
	if !(lnNew < 0) || max(lnNew, lnRest)+c.lnRest[at] < lnDead {
		return // from nothing to nothing
	}
	s := &c.spares
	for h, k := range c.classes {
		s.lnNu[h] = k.lnNu
	}
	copy(s.p, c.p)
	none, like := c.none, c.like
	old := c.classes[at+1]
	s.spare.lnNu, s.spare.live = old.lnNu, false
	c.classes[at+1] = s.spare
	c.setWeight(c.classes[at], c.lnRest[at]+math.Log(-math.Expm1(lnNew)))
	for _, k := range c.classes[at+1:] {
		c.setWeight(k, k.lnNu+lnNew-lnRest)
	}
	c.mix()
	c.like = c.lnLikelihood()
	gain := c.like - like + c.lnOffer(lnNew) - c.lnOffer(lnRest)
	if c.countMoving() <= renewWithin && (gain >= 0 || c.LogUniform() < gain) {
		s.spare = old
		c.rests()
		return
	}
	c.classes[at+1] = old
	for h, k := range c.classes[at:] {
		k.lnNu = s.lnNu[at+h]
		k.nu, k.live = math.Exp(k.lnNu), k.lnNu > lnDead
	}
	copy(c.p, s.p)
	c.none, c.like = none, like
}

// lnOffer is ln of the prior density of the logarithm of a rest over the density it is
// offered with.
func (c *chain) lnOffer(ln float64) float64 {
	prior := c.alpha * math.Exp(c.alpha*ln)
	offer := prior / 2
	if ln > -lnWindow {
		offer += 0.5 / lnWindow
	}
	return math.Log(prior / offer)
}

// setWeight gives a class a weight. One that was dead has no chances yet: they come from
// their prior.
func (c *chain) setWeight(k *class, lnNu float64) {
	was := k.live
	k.lnNu, k.nu, k.live = lnNu, math.Exp(lnNu), lnNu > lnDead
	if k.live && !was {
		for j := range k.odds {
			u := c.Uniform()
			k.odds[j] = u / (1 - u)
		}
		c.fill(k)
	}
}

// countMoving is the number of classes that a trajectory moves.
func (c *chain) countMoving() int {
	n := 0
	for _, k := range c.classes {
		if k.lnNu > lnMoving {
			n++
		}
	}
	return n
}
