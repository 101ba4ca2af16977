package lcm

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/estimate/rng"
)

// sketch is a rough picture of the posterior, drawn from where chains stood in warming up:
// the heaviest classes as multivariate t distributions, all others as the prior has them.
type sketch struct{ groups []group }

// group is the parts of one number of classes. Their coordinates are, for classes 0, ...,
// classes-1: ln nu_k - ln R_(k+1) (the log odds of a stick) of all but the last, and then the log
// odds of being on each list, class after class.
type group struct {
	classes  int
	lnLittle float64 // the other classes together mostly weigh less: about one person
	parts    []part
	lnShares []float64 // of the parts in the whole sketch
}

const (
	mostSketched = 4  // classes in a group
	mostTogether = 40 // coordinates of a part: in more dimensions hardly anything offered is taken
	// A class is sketched that holds sketchedLeast of the listed, or a tenth of a small table.
	sketchedLeast = 10
)

// stand is where a chain stood: its heaviest classes, by weight, in the coordinates of a group.
type stand struct {
	classes  int
	at       []float64
	lnPeople float64
}

// stand returns where the chain stands, and whether that can be part of a sketch.
func (c *chain) stand() (stand, bool) {
	order := slices.Clone(c.classes)
	slices.SortStableFunc(order, func(a, b *class) int { return cmp.Compare(b.lnNu, a.lnNu) })
	people := float64(c.people) / (1 - c.none)
	least := min(sketchedLeast, 0.1*float64(c.people)) / people
	n := 0
	for n < len(order)-1 && order[n].nu*(1-order[n].none) >= least {
		n++
	}
	if n == 0 || n > mostSketched || coordinates(n, c.t.lists) > mostTogether {
		return stand{}, false
	}
	at := make([]float64, n-1, coordinates(n, c.t.lists))
	lnRest := math.Inf(-1)
	for h := len(order) - 1; h >= 0; h-- {
		if h < n-1 {
			at[h] = order[h].lnNu - lnRest
		}
		lnRest = logAdd(lnRest, order[h].lnNu)
	}
	for _, k := range order[:n] {
		for _, o := range k.odds {
			at = append(at, math.Log(o))
		}
	}
	return stand{n, at, math.Log(people)}, true
}

// coordinates is how many a group has.
func coordinates(classes, lists int) int { return classes*(1+lists) - 1 }

// newSketch draws a sketch of where chains stood, nil when there is too little to go by. Parts have
// shares as the square root of the stands they are of, so that a small centre is offered
// more often than it is visited.
func newSketch(stands []stand, r *rng.Rand) *sketch {
	s := &sketch{}
	var total float64
	for n := 1; n <= mostSketched; n++ {
		g := group{classes: n}
		var at [][]float64
		var lnPeople float64
		for _, x := range stands {
			if x.classes == n {
				at = append(at, x.at)
				lnPeople += x.lnPeople
			}
		}
		if len(at) == 0 || len(at) < standsEach*len(at[0]) {
			continue
		}
		g.lnLittle = -lnPeople / float64(len(at))
		var shares []float64
		g.parts, shares = fitParts(at, r)
		for _, share := range shares {
			share = math.Sqrt(share * float64(len(at)))
			total += share
			g.lnShares = append(g.lnShares, math.Log(share))
		}
		s.groups = append(s.groups, g)
	}
	if len(s.groups) == 0 {
		return nil
	}
	for _, g := range s.groups {
		for i := range g.lnShares {
			g.lnShares[i] -= math.Log(total)
		}
	}
	return s
}
