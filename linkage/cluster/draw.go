package cluster

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Draws samples partitions around a result and returns the number of entities in each
// draw: what is not known about who is who, carried into a count. See [Partitions].
func Draws(in Input, o Options, draws int, seed uint64) []int {
	out := make([]int, draws)
	inside := 0
	eachDraw(in, o, draws, seed, func(members []uint32, _ [][]uint32) { inside += len(members) }, func(d int, g *gibbs) { out[d] += g.count() })
	for d := range out {
		out[d] += in.Records - inside
	}
	return out
}

// Partitions samples partitions around a result: of each draw the entity of every record,
// which is the number of one of its records. Each component is
// sampled by Gibbs: a node leaves its cluster and joins one of the component's clusters,
// or stands alone, with odds of 2 to the sum of clipped weights to the cluster's n records
// over the square root of n. (The sum would take each record of a cluster for new
// evidence, the average for none; copies of one entity are in between.) Decisions hold in
// every draw. The same seed gives the same draws.
//
// The uncertainty of the model's parameters is not in the draws, nor that of pairs that
// blocking did not find: they are narrower than what is not known.
//
// Source: Gibbs sampling of partitions as in Neal (2000), Journal of Computational and
// Graphical Statistics 9, 249-265, algorithm 3, with a pairwise score in place of the
// marginal likelihood.
func Partitions(in Input, o Options, draws int, seed uint64) [][]uint32 {
	alone := make([]uint32, in.Records)
	for i := range alone {
		alone[i] = uint32(i)
	}
	out := make([][]uint32, draws)
	for d := range out {
		out[d] = slices.Clone(alone)
	}
	var nodes [][]uint32
	var first []uint32 // by cluster, the first record of a draw
	eachDraw(in, o, draws, seed, func(_ []uint32, n [][]uint32) { nodes = n }, func(d int, g *gibbs) {
		first = append(first[:0], make([]uint32, len(nodes))...)
		for i := len(nodes) - 1; i >= 0; i-- {
			first[g.of[i]] = nodes[i][0]
		}
		for i, n := range nodes {
			for _, r := range n {
				out[d][r] = first[g.of[i]]
			}
		}
	})
	return out
}

// eachDraw samples every component in turn and calls draw after each of its draws. begin
// is told a component's records, and the records of each of its nodes.
func eachDraw(in Input, o Options, draws int, seed uint64, begin func(members []uint32, nodes [][]uint32), draw func(d int, g *gibbs)) {
	o = o.filled()
	var rep Result
	comps := components(in, o, &rep)
	must := newForest(in.Records)
	for _, p := range in.Must {
		must.join(p[0], p[1])
	}
	cannot := cannotByRecord(in.Cannot)
	for k, members := range comps {
		rng := rand.New(rand.NewPCG(seed, uint64(k)))
		g := newGibbs(in, o, members, must.parent, cannot)
		begin(members, nodesOf(members, must.parent))
		for d := range draws {
			g.sweep(rng)
			draw(d, g)
		}
	}
}

// gibbs samples the clusters of one component.
type gibbs struct {
	l       *linkage
	size    []int     // records in a node
	of      []int     // cluster of a node
	prob    []float64 // by cluster, as are sum and members
	sum     []float64 // of weights between the node and the cluster
	members []float64 // records
	taken   []int
}

func newGibbs(in Input, o Options, members, must []uint32, cannot map[uint32][]uint32) *gibbs {
	nodes := nodesOf(members, must)
	g := &gibbs{l: newLinkage(in, o, nodes, cannot), of: make([]int, len(nodes)), prob: make([]float64, len(nodes)), sum: make([]float64, len(nodes)), members: make([]float64, len(nodes)), size: make([]int, len(nodes))}
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
		clear(g.sum)
		clear(g.members)
		for j, c := range g.of {
			if c >= 0 {
				g.sum[c] += g.l.sum[i*g.l.n+j]
				g.members[c] += float64(g.size[j])
			}
		}
		free := -1
		total := 0.0
		for c := range n {
			g.prob[c] = 0
			switch {
			case g.members[c] > 0:
				pairs := g.members[c] * float64(g.size[i])
				g.prob[c] = math.Exp2(math.Min(500, g.sum[c]/math.Sqrt(pairs)))
			case free < 0:
				free = c
				g.prob[c] = 1
			}
			total += g.prob[c]
		}
		x := rng.Float64() * total
		for c := range n {
			if x -= g.prob[c]; x < 0 {
				g.of[i] = c
				break
			}
		}
		if g.of[i] < 0 {
			g.of[i] = free
		}
	}
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
