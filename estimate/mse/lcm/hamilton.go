package lcm

import "math"

// trajectory is the working memory of hamilton: positions, momenta and gradients of the
// classes that move, class after class, and what the others come to, which stand still.
type trajectory struct {
	moving []*class
	places []int     // of the moving classes among all
	total  float64   // weight of the moving classes together, which stays
	phi    vector    // log odds of being on list j
	tau    vector    // ln of a class's weight among people seen at least once
	weight []float64 // exp(tau)
	ratio  []float64 // people by node over its probability, 0 for a node without
	sums   []float64 // of people expected in a class, by node
	chance []float64 // of being on list j

	stillP    []float64 // probability of each history by the classes that stand still
	stillNone float64   // and of being on no list
	stillRest []float64 // stillRest[k] is the weight of those among classes k and after

	keepNu, keepLn, keepOdd, keepP []float64 // to turn back to
	keepNone                       float64

	sphi []float64 // scale of phi for each list
	stau float64   // scale of tau
}

// vector is one block of coordinates.
type vector struct{ at, slope, momentum []float64 }

func newVector(n int) vector {
	return vector{make([]float64, n), make([]float64, n), make([]float64, n)}
}

func (v vector) first(n int) vector { return vector{v.at[:n], v.slope[:n], v.momentum[:n]} }

func newTrajectory(classes int, t *table) trajectory {
	return trajectory{
		moving: make([]*class, 0, classes), places: make([]int, 0, classes),
		phi:    newVector(classes * t.lists),
		tau:    newVector(classes),
		weight: make([]float64, classes),
		ratio:  make([]float64, len(t.parents)), sums: make([]float64, len(t.parents)),
		chance: make([]float64, classes*t.lists),
		stillP: make([]float64, len(t.parents)), stillRest: make([]float64, classes+1),
		keepNu: make([]float64, classes), keepLn: make([]float64, classes),
		keepOdd: make([]float64, classes*t.lists), keepP: make([]float64, len(t.parents)),
		sphi: make([]float64, t.lists),
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
	// A trajectory of longLeaps leaps costs less than twice one of shortLeaps and gives three
	// to ten times the effective draws. Scouts, whose work is to find classes and not to walk
	// along ridges, take short ones, and so does a class alone, whose ridge is short.
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
	leaps := c.leaps
	if len(d.moving) == 1 {
		leaps = shortLeaps // as many classes arrive as depart, so this may depend on them
	}
	steps := leaps/2 + c.Below(leaps)
	before := c.lnTarget() - d.kinetic()
	like := c.like
	c.slope()
	arrived := true
	kick := size / 2
	for range steps {
		if arrived = c.leap(kick, size); !arrived {
			break
		}
		c.slope()
		kick = size // the half kicks between two moves are one
	}
	gain := math.Inf(-1)
	if arrived {
		d.kick(size / 2)
		for _, k := range d.moving {
			k.lnNu = math.Log(k.nu)
		}
		c.rests()
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
		c.like = like
	}
}

// depart sets positions from the classes, and draws momenta and the common shift.
func (c *chain) depart() bool {
	d, lists := &c.drift, c.t.lists
	c.split()
	n := len(d.moving)
	if n == 0 {
		return false
	}
	d.phi, d.tau = d.phi.first(n*lists), d.tau.first(n)
	copy(d.keepP, c.p)
	d.keepNone = c.none
	var mean float64
	for i, k := range d.moving {
		d.keepNu[i], d.keepLn[i] = k.nu, k.lnNu
		copy(d.keepOdd[i*lists:], k.odds)
		d.tau.at[i] = k.lnNu + math.Log1p(-k.none)
		d.tau.momentum[i] = c.Normal()
		mean += d.tau.at[i] / float64(n)
		for j, o := range k.odds {
			d.phi.at[i*lists+j] = math.Log(o)
			d.phi.momentum[i*lists+j] = c.Normal()
		}
	}
	shift := c.Normal() - mean
	for i := range d.tau.at {
		d.tau.at[i] += shift
		d.weight[i] = math.Exp(d.tau.at[i])
	}
	return true
}

// split finds which classes move, and adds up those that do not.
func (c *chain) split() {
	d := &c.drift
	d.moving, d.places, d.total = d.moving[:0], d.places[:0], 0
	d.stillNone = 0
	clear(d.stillP)
	for h, k := range c.classes {
		switch {
		case k.lnNu > lnMoving:
			d.moving, d.places = append(d.moving, k), append(d.places, h)
			d.total += k.nu
		case k.live:
			d.stillNone += k.nu * k.none
			for i, q := range k.row[:len(d.stillP)] {
				d.stillP[i] += k.nu * q
			}
		}
	}
	var rest float64
	for h := len(c.classes) - 1; h >= 0; h-- {
		if k := c.classes[h]; k.lnNu <= lnMoving {
			rest += k.nu
		}
		d.stillRest[h] = rest
	}
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

// leap kicks, moves on by h, and sets the classes from where they have come to; the moving
// classes keep their weight together. It reports false when the trajectory has left for
// where numbers end. Logarithms wait for the end of the trajectory.
func (c *chain) leap(kick, h float64) bool {
	d, lists := &c.drift, c.t.lists
	d.kick(kick)
	var sum float64
	for i, k := range d.moving {
		x, m := d.phi.at[i*lists:(i+1)*lists], d.phi.momentum[i*lists:(i+1)*lists]
		odds := k.odds[:len(x)]
		for j, s := range d.sphi {
			by := h * m[j] * s
			x[j] += by
			if !(math.Abs(x[j]) < 40) {
				return false
			}
			odds[j] *= exp(by)
		}
		c.fill(k)
		by := h * d.tau.momentum[i] * d.stau
		d.tau.at[i] += by
		if !(math.Abs(d.tau.at[i]) < 300) {
			return false
		}
		d.weight[i] *= exp(by)
		k.nu = d.weight[i] / (1 - k.none)
		sum += k.nu
	}
	if !(sum < math.Inf(1)) {
		return false
	}
	copy(c.p, d.stillP)
	c.none = d.stillNone
	for _, k := range d.moving {
		k.nu *= d.total / sum
		c.add(k)
	}
	return true
}

// exp is math.Exp: the moves of a leap are mostly so short that a polynomial is as exact
// and takes a third of the time.
func exp(x float64) float64 {
	if !(math.Abs(x) < 0.25) {
		return math.Exp(x)
	}
	x2 := x * x
	x4 := x2 * x2
	low := 1 + x + x2*(1./2+x*(1./6)+x2*(1./24+x*(1./120)))
	high := 1./720 + x*(1./5040) + x2*(1./40320+x*(1./362880)+x2*(1./3628800))
	return low + x4*x2*high
}

// turnBack undoes a trajectory.
func (c *chain) turnBack() {
	d, lists := &c.drift, c.t.lists
	for i, k := range d.moving {
		k.nu, k.lnNu = d.keepNu[i], d.keepLn[i]
		copy(k.odds, d.keepOdd[i*lists:(i+1)*lists])
		c.fill(k)
	}
	copy(c.p, d.keepP)
	c.none = d.keepNone
	c.rests()
}

// lnTarget is the log density of the classes in the coordinates of the trajectory. It is
// -Inf where another set of classes would move: from there no way leads back.
func (c *chain) lnTarget() float64 {
	d := &c.drift
	c.like = c.lnLikelihood()
	sum := c.like + c.lnWeights(d.places[len(d.places)-1])
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
		node := c.t.rows[x]
		d.ratio[node] = float64(n) / c.p[node]
	}
	hidden := float64(c.people) / (1 - c.none)
	count := float64(len(d.moving))
	var mean, sum float64
	for i, k := range d.moving {
		on := d.phi.slope[i*lists : (i+1)*lists]
		all := hidden*k.nu*k.none + c.expected(k, on)
		chance := d.chance[i*lists : (i+1)*lists]
		for j, o := range k.odds[:len(on)] {
			chance[j] = o / (1 + o)
			on[j] += 1 - (all+2)*chance[j]
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
		for j, p := range d.chance[i*lists : (i+1)*lists] {
			on[j] -= g * p
		}
	}
}

// expected is how many of the listed people class k is expected to hold, and sets on[j] to
// how many of them are on list j. Every node hands what it has to the shorter history it
// was made from.
func (c *chain) expected(k *class, on []float64) float64 {
	sums := c.drift.sums
	ratio, row, parents := c.drift.ratio[:len(sums)], k.row[:len(sums)], c.t.parents[:len(sums)]
	for i, q := range row {
		sums[i] = k.nu * q * ratio[i]
	}
	clear(on)
	for b := len(c.t.blocks) - 1; b >= 0; b-- {
		at := c.t.blocks[b]
		var all float64
		for i := at.from; i < at.to; i++ {
			w := sums[i]
			all += w
			sums[parents[i]] += w
		}
		on[at.list] = all
	}
	return sums[0]
}

// slopeOfPrior adds the gradient of lnWeights in ln nu to the slope of tau.
func (c *chain) slopeOfPrior() {
	d := &c.drift
	last := len(c.classes) - 1
	rest := d.total     // of the moving classes from the one at hand on
	var inverse float64 // sum of 1/R_k over the classes so far
	h := 1
	for at, k := range d.moving {
		for ; h <= d.places[at] && h < last; h++ {
			inverse += 1 / (rest + d.stillRest[h])
		}
		d.tau.slope[at] -= k.nu * inverse
		if d.places[at] == last {
			d.tau.slope[at] += c.alpha - 1
		}
		rest -= k.nu
	}
}
