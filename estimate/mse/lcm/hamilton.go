package lcm

import "math"

// trajectory is the working memory of hamilton: positions, momenta and gradients of the
// classes that move, class after class.
type trajectory struct {
	moving  []*class
	total   float64 // weight of the moving classes together, which stays
	phi     vector  // log odds of being on list j
	tau     vector  // ln of a class's weight among people seen at least once
	ratio   []float64
	keepNu  []float64
	keepOdd []float64
	sphi    []float64 // scale of phi for each list
	stau    float64   // scale of tau
}

// vector is one block of coordinates.
type vector struct{ at, slope, momentum []float64 }

func newVector(n int) vector {
	return vector{make([]float64, n), make([]float64, n), make([]float64, n)}
}

func (v vector) first(n int) vector { return vector{v.at[:n], v.slope[:n], v.momentum[:n]} }

func newTrajectory(classes, lists, histories int) trajectory {
	return trajectory{
		moving: make([]*class, 0, classes),
		phi:    newVector(classes * lists),
		tau:    newVector(classes),
		ratio:  make([]float64, histories),
		keepNu: make([]float64, classes), keepOdd: make([]float64, classes*lists),
		sphi: make([]float64, lists),
	}
}

// scales sets the scales from the people on each list and in all: the sizes of the
// posterior's axes if there were one class.
func (d *trajectory) scales(on []float64, people float64) {
	for j, n := range on {
		d.sphi[j] = 1 / math.Sqrt(1+n)
	}
	d.stau = 1 / math.Sqrt(1+people)
}

const (
	// Classes lighter than lnMoving stay where they are: too few people to pull at them, and
	// Gibbs steps draw them afresh.
	lnMoving = -10
	// A trajectory of longLeaps leaps costs three times one of shortLeaps and gives three to
	// eight times the effective draws. Scouts and the rungs of ladders, whose work is to
	// find classes and not to walk along ridges, take short ones.
	shortLeaps, longLeaps = 8, 24
	// accepted is the share of trajectories that warming up aims at. Sizes vary fourfold
	// from step to step, because a small class needs longer steps than a large one bears:
	// the longest are refused, the shortest accepted, and this is their mean.
	accepted, variety = 0.75, 4
)

// hamilton moves weights and chances of the classes along a trajectory on the posterior
// with the never-listed and the allocations summed out, and accepts or refuses its end.
// Gibbs steps must creep along the ridge of that posterior (more people, each less likely
// to be seen), because who is missing and how likely they are to be missed are drawn in
// turn; here they move together.
//
// A class has coordinates phi_j, the log odds of being on list j, and tau, the logarithm
// of its weight among people seen at least once, nu (1-none). Along the ridge tau stands still.
// The same shift of every tau changes nothing: it is given a standard normal law of its
// own, so that the density is proper.
//
// Source: Neal (2011), MCMC using Hamiltonian dynamics, Handbook of MCMC, chapter 5. The
// posterior is equation 3 of Manrique-Vallier (2016) with z and n_0 summed out.
func (c *chain) hamilton() {
	d := &c.drift
	if !c.depart() {
		return
	}
	size := c.size * math.Pow(variety, -c.Uniform())
	steps := c.leaps/2 + c.Below(c.leaps)
	before := c.lnTarget() - d.kinetic()
	c.slope()
	arrived := true
	for range steps {
		d.kick(size / 2)
		if arrived = d.move(size); !arrived {
			break
		}
		c.place()
		c.slope()
		d.kick(size / 2)
	}
	gain := math.Inf(-1)
	if arrived {
		gain = c.lnTarget() - d.kinetic() - before
	}
	if c.tune {
		p := 0.0
		if gain == gain { // not NaN
			p = math.Exp(min(gain, 0))
		}
		c.size = min(max(c.size*math.Exp(0.05*(p-accepted)), 0.01), 20)
	}
	if !(gain >= 0 || c.LogUniform() < gain) {
		c.turnBack()
	}
}

// depart sets positions from the classes, and draws momenta and the common shift.
func (c *chain) depart() bool {
	d, lists := &c.drift, c.t.lists
	d.moving, d.total = d.moving[:0], 0
	for _, k := range c.classes {
		if k.lnNu > lnMoving {
			d.moving = append(d.moving, k)
			d.total += k.nu
		}
	}
	n := len(d.moving)
	if n == 0 {
		return false
	}
	d.phi, d.tau = d.phi.first(n*lists), d.tau.first(n)
	var mean float64
	for i, k := range d.moving {
		d.keepNu[i] = k.lnNu
		copy(d.keepOdd[i*lists:], k.odds)
		d.tau.at[i] = k.lnNu + math.Log1p(-k.none)
		d.tau.momentum[i] = c.Normal()
		mean += d.tau.at[i] / float64(n)
		for j, o := range k.odds {
			d.phi.at[i*lists+j] = math.Log(o)
			d.phi.momentum[i*lists+j] = c.Normal()
		}
	}
	for h, ln := range c.lnRest {
		c.rest[h] = math.Exp(ln) // Gibbs steps and exchanges know the logarithm only
	}
	shift := c.Normal() - mean
	for i := range d.tau.at {
		d.tau.at[i] += shift
	}
	return true
}

func (d *trajectory) kinetic() float64 {
	var s float64
	for _, m := range d.phi.momentum {
		s += m * m
	}
	for _, m := range d.tau.momentum {
		s += m * m
	}
	return s / 2
}

func (d *trajectory) kick(h float64) {
	lists := len(d.sphi)
	for i := 0; i < len(d.phi.at); i += lists {
		m, g := d.phi.momentum[i:i+lists], d.phi.slope[i:i+lists]
		for j, s := range d.sphi {
			m[j] += h * g[j] * s
		}
	}
	for i, g := range d.tau.slope {
		d.tau.momentum[i] += h * g * d.stau
	}
}

// move reports false when the trajectory has left for where numbers end.
func (d *trajectory) move(h float64) bool {
	lists := len(d.sphi)
	for i := 0; i < len(d.phi.at); i += lists {
		x, m := d.phi.at[i:i+lists], d.phi.momentum[i:i+lists]
		for j, s := range d.sphi {
			x[j] += h * m[j] * s
			if !(math.Abs(x[j]) < 40) {
				return false
			}
		}
	}
	for i, m := range d.tau.momentum {
		d.tau.at[i] += h * m * d.stau
		if !(math.Abs(d.tau.at[i]) < 1e6) {
			return false
		}
	}
	return true
}

// place sets the classes from the positions; the moving classes keep their weight together.
func (c *chain) place() {
	d, lists := &c.drift, c.t.lists
	top := math.Inf(-1)
	for i, k := range d.moving {
		for j := range k.odds {
			k.odds[j] = math.Exp(d.phi.at[i*lists+j])
		}
		c.fill(k)
		k.lnNu = d.tau.at[i] - math.Log1p(-k.none)
		top = max(top, k.lnNu)
	}
	var sum float64
	for _, k := range d.moving {
		k.nu = math.Exp(k.lnNu - top)
		sum += k.nu
	}
	f := d.total / sum
	lnF := math.Log(f) - top
	for _, k := range d.moving {
		k.nu *= f
		k.lnNu += lnF
	}
	c.mix()
	c.rests()
}

// turnBack undoes a trajectory.
func (c *chain) turnBack() {
	d, lists := &c.drift, c.t.lists
	for i, k := range d.moving {
		k.lnNu = d.keepNu[i]
		copy(k.odds, d.keepOdd[i*lists:(i+1)*lists])
	}
	c.rests()
	c.evaluate()
}

// lnTarget is the log density of the classes in the coordinates of the trajectory. It is
// -Inf where another set of classes would move: from there no way leads back.
func (c *chain) lnTarget() float64 {
	d := &c.drift
	sum := c.lnLikelihood() + c.lnWeights()
	var mean float64
	for i, k := range d.moving {
		if k.lnNu <= lnMoving {
			return math.Inf(-1)
		}
		sum += k.lnNu // d nu / d tau
		mean += d.tau.at[i]
	}
	mean /= float64(len(d.moving))
	lists := c.t.lists
	for i, k := range d.moving {
		some := 1.0 // uniform chances are o/(1+o)^2 in log odds; 1/none is the product of 1+o
		for j := range k.odds {
			some += d.phi.at[i*lists+j]
		}
		sum += some - 1 + 2*math.Log(k.none)
	}
	return sum - mean*mean/2
}

// slope is the gradient of lnTarget, leaving out the bound (which lnTarget judges in the end).
// With all_k the expected number of people in class k, never-listed ones included, the
// likelihood has d/d ln nu_k = all_k and d/d phi_kj = on_kj - all_k chance_kj.
func (c *chain) slope() {
	d, lists := &c.drift, c.t.lists
	for x, n := range c.counts {
		d.ratio[x] = float64(n) / c.p[x]
	}
	hidden := float64(c.people) / (1 - c.none)
	count := float64(len(d.moving))
	var mean, sum float64
	for i, k := range d.moving {
		on := d.phi.slope[i*lists : (i+1)*lists]
		clear(on)
		all := hidden * k.nu * k.none
		for x, q := range k.row {
			w := k.nu * q * d.ratio[x]
			all += w
			for _, j := range c.t.members[x] {
				on[j] += w
			}
		}
		for j, o := range k.odds {
			on[j] += 1 - (all+2)*o/(1+o)
		}
		d.tau.slope[i] = all + 1
		mean += d.tau.at[i] / count
	}
	c.slopeOfPrior()
	for _, g := range d.tau.slope {
		sum += g
	}
	for i, k := range d.moving {
		g := d.tau.slope[i] - k.nu/d.total*sum // the weights share a fixed total
		d.tau.slope[i] = g - mean/count
		// At fixed tau the weight depends on phi through 1/(1-none).
		g *= k.none / (1 - k.none)
		on := d.phi.slope[i*lists : (i+1)*lists]
		for j, o := range k.odds {
			on[j] -= g * o / (1 + o)
		}
	}
}

// slopeOfPrior adds the gradient of lnWeights in ln nu to the slope of tau.
func (c *chain) slopeOfPrior() {
	d := &c.drift
	last := len(c.classes) - 1
	var inverse float64 // sum of 1/R_k over the classes so far
	at := 0
	for h, k := range c.classes {
		if h >= 1 && h < last {
			inverse += 1 / c.rest[h]
		}
		if at == len(d.moving) {
			return
		}
		if d.moving[at] != k {
			continue
		}
		d.tau.slope[at] -= k.nu * inverse
		if h == last {
			d.tau.slope[at] += c.alpha - 1
		}
		at++
	}
}
