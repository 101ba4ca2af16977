package cluster

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Draws samples partitions around a result and returns the number of entities in each
// draw: what is not known about who is who, carried into a count. Each component is
// sampled by Gibbs: a node leaves its cluster and joins one of the component's clusters,
// or stands alone, with probability in proportion to 2 to the average clipped weight to
// the cluster's records (0 bits for standing alone). Decisions hold in every draw.
//
// The average is the rule by which [Find] merges, so draws scatter around its result; it
// is narrower than the uncertainty of the model's parameters, which is not in it.
//
// Source: Gibbs sampling of partitions as in Neal (2000), Journal of Computational and
// Graphical Statistics 9, 249-265, algorithm 3, with a pairwise score in place of the
// marginal likelihood.
func Draws(in Input, o Options, draws int, seed uint64) []int {
	o = o.filled()
	var rep Result
	comps := components(in, o, &rep)
	must := newForest(in.Records)
	for _, p := range in.Must {
		must.join(p[0], p[1])
	}
	cannot := cannotByRecord(in.Cannot)
	inside := 0
	out := make([]int, draws)
	for k, members := range comps {
		inside += len(members)
		rng := rand.New(rand.NewPCG(seed, uint64(k)))
		g := newGibbs(in, o, members, must.parent, cannot)
		for d := range out {
			g.sweep(rng)
			out[d] += g.count()
		}
	}
	for d := range out {
		out[d] += in.Records - inside
	}
	return out
}

// gibbs samples the clusters of one component.
type gibbs struct {
	l     *linkage
	size  []int // records in a node
	of    []int // cluster of a node
	prob  []float64
	taken []int
}

func newGibbs(in Input, o Options, members, must []uint32, cannot map[uint32][]uint32) *gibbs {
	nodes := nodesOf(members, must)
	g := &gibbs{l: newLinkage(in, o, nodes, cannot), of: make([]int, len(nodes)), prob: make([]float64, len(nodes)+1), size: make([]int, len(nodes))}
	for i, n := range nodes {
		g.size[i] = len(n)
		g.of[i] = i
	}
	// begin where average linkage ends, so that the first draw counts
	for k, group := range divide(in, o, members, must, cannot) {
		for i, n := range nodes {
			if slices.Contains(group, n[0]) {
				g.of[i] = k
			}
		}
	}
	return g
}

func (g *gibbs) sweep(rng *rand.Rand) {
	n := len(g.of)
	for i := range n {
		g.of[i] = -1
		free := -1
		total := 0.0
		for c := range n {
			p := g.join(i, c)
			if p < 0 {
				if free < 0 {
					free = c
				}
				p = 0
			}
			g.prob[c] = p
			total += p
		}
		if free >= 0 {
			g.prob[free] = 1
			total++
		}
		x := rng.Float64() * total
		for c := range n {
			x -= g.prob[c]
			if x < 0 && g.prob[c] > 0 {
				g.of[i] = c
				break
			}
		}
		if g.of[i] < 0 {
			g.of[i] = max(free, 0)
		}
	}
}

// join is 2 to the average weight of node i to cluster c, or -1 when c is empty.
func (g *gibbs) join(i, c int) float64 {
	sum, members := 0.0, 0
	for j, of := range g.of {
		if of == c {
			sum += g.l.sum[i*g.l.n+j]
			members += g.size[j]
		}
	}
	if members == 0 {
		return -1
	}
	return math.Exp2(sum / float64(members*g.size[i]))
}

func (g *gibbs) count() int {
	g.taken = g.taken[:0]
	for _, c := range g.of {
		if !slices.Contains(g.taken, c) {
			g.taken = append(g.taken, c)
		}
	}
	return len(g.taken)
}
