// Package cluster turns scored pairs of records into entities. Pairs above the cut join
// records into components; inside a component every pair is scored, and average linkage
// divides it, so that a chain of look-alikes does not make one person of a village. What
// people decided is never overruled: records that must be together are one node from the
// start, and no merge crosses a pair that must be apart.
package cluster

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Edge is a pair of records with its weight in bits.
type Edge struct {
	I, J uint32
	Bits float32
}

// Input is what is clustered.
type Input struct {
	Records int
	// Edges above the cut, from blocking; others may be present and are ignored.
	Edges []Edge
	// Score is the weight of any two records in bits. It is called for the pairs of a
	// component and must be safe for concurrent use.
	Score func(i, j uint32) float64
	// Must are pairs of the same entity, Cannot pairs of different ones. They must not
	// contradict each other: see [Check].
	Must, Cannot [][2]uint32
	// Apart, if set, tells further pairs that are different entities.
	Apart func(i, j uint32) bool
}

// Options steer [Find]. The zero value of each field means its default.
type Options struct {
	Cut     float64 // bits; merging stops when the best average falls below it; default 0
	Clip    float64 // bits; no pair counts more than this for or against; default 10
	Largest int     // records; a component above it is cut harder first; default 3000
	Workers int     // default 1; the result does not depend on it
}

func (o Options) filled() Options {
	if o.Clip == 0 {
		o.Clip = 10
	}
	if o.Largest == 0 {
		o.Largest = 3000
	}
	o.Workers = max(o.Workers, 1)
	return o
}

// Result is a partition of the records.
type Result struct {
	// Of is the cluster of every record: the lowest record number in it.
	Of []uint32
	// Components is the number of components of two records or more, Largest the size
	// of the largest, Raised those that were over the limit and cut harder.
	Components, Largest, Raised int
}

// Groups lists the clusters of two records or more, in order of their first record.
func (r *Result) Groups() [][]uint32 { return groups(r.Of, nil) }

// groups lists the sets of two or more among members (nil means all), in order; of is the
// name of every record's set, a record of it.
func groups(of, members []uint32) [][]uint32 {
	each := func(fn func(r uint32)) {
		if members == nil {
			for r := range of {
				fn(uint32(r))
			}
		}
		for _, r := range members {
			fn(r)
		}
	}
	size := make([]uint32, len(of))
	each(func(r uint32) { size[of[r]]++ })
	sets, records := 0, 0
	for _, n := range size {
		if n > 1 {
			sets++
			records += int(n)
		}
	}
	all := make([]uint32, 0, records) // of all sets, one after the other
	at := make([]uint32, len(of))     // by name, one more than the set's place in out
	out := make([][]uint32, 0, sets)
	each(func(r uint32) {
		c := of[r]
		n := int(size[c])
		if n < 2 {
			return
		}
		if at[c] == 0 {
			from := len(all)
			all = all[:from+n]
			out = append(out, all[from:from:from+n])
			at[c] = uint32(len(out))
		}
		out[at[c]-1] = append(out[at[c]-1], r)
	})
	return out
}

// Count is the number of clusters, single records included.
func (r *Result) Count() int {
	n := 0
	for i, c := range r.Of {
		if uint32(i) == c {
			n++
		}
	}
	return n
}

// Find clusters the input.
func Find(in Input, o Options) Result {
	o = o.filled()
	out := Result{Of: make([]uint32, in.Records)}
	must := newForest(in.Records)
	for _, p := range in.Must {
		must.join(p[0], p[1])
	}
	comps := components(in, o, &out)
	cannot := cannotByRecord(in.Cannot)
	for i := range out.Of {
		out.Of[i] = must.find(uint32(i))
	}
	var at atomic.Int64
	var wg sync.WaitGroup
	for range o.Workers {
		wg.Go(func() {
			for {
				k := int(at.Add(1)) - 1
				if k >= len(comps) {
					return
				}
				for _, group := range divide(in, o, comps[k], must.parent, cannot) {
					for _, r := range group {
						out.Of[r] = group[0]
					}
				}
			}
		})
	}
	wg.Wait()
	return out
}

// components lists the components of two records or more, each in order, none above the
// limit unless people's decisions alone hold it together.
func components(in Input, o Options, out *Result) [][]uint32 {
	f := newForest(in.Records)
	for _, p := range in.Must {
		f.join(p[0], p[1])
	}
	for _, e := range in.Edges {
		if float64(e.Bits) >= o.Cut {
			f.join(e.I, e.J)
		}
	}
	var done [][]uint32
	groups := f.groups(nil)
	byRoot := map[uint32][]Edge{}
	for _, g := range groups {
		if len(g) > o.Largest {
			byRoot[f.find(g[0])] = nil
		}
	}
	if len(byRoot) > 0 {
		for _, e := range in.Edges {
			root := f.find(e.I)
			if _, big := byRoot[root]; big && root == f.find(e.J) {
				byRoot[root] = append(byRoot[root], e)
			}
		}
	}
	for _, g := range groups {
		if len(g) <= o.Largest {
			done = append(done, g)
			continue
		}
		out.Raised++
		done = append(done, raise(in, o, g, byRoot[f.find(g[0])], o.Cut+1)...)
	}
	out.Components = len(done)
	for _, g := range done {
		out.Largest = max(out.Largest, len(g))
	}
	return done
}

// raise divides one component by a cut that rises bit by bit.
func raise(in Input, o Options, members []uint32, edges []Edge, cut float64) [][]uint32 {
	f := newForest(in.Records)
	for _, p := range in.Must {
		f.join(p[0], p[1])
	}
	top := math.Inf(-1)
	for _, e := range edges {
		if float64(e.Bits) >= cut {
			f.join(e.I, e.J)
		}
		top = math.Max(top, float64(e.Bits))
	}
	var out [][]uint32
	for _, g := range f.groups(members) {
		if len(g) <= o.Largest || cut > top {
			out = append(out, g)
			continue
		}
		in2 := map[uint32]bool{}
		for _, r := range g {
			in2[r] = true
		}
		own := slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return !in2[e.I] || !in2[e.J] })
		out = append(out, raise(in, o, g, own, cut+1)...)
	}
	return out
}

func cannotByRecord(pairs [][2]uint32) map[uint32][]uint32 {
	out := map[uint32][]uint32{}
	for _, p := range pairs {
		out[p[0]] = append(out[p[0]], p[1])
		out[p[1]] = append(out[p[1]], p[0])
	}
	return out
}

// Join is the transitive closure of pairs: of every record the lowest record it is joined
// to.
func Join(records int, pairs [][2]uint32) []uint32 {
	f := newForest(records)
	for _, p := range pairs {
		f.join(p[0], p[1])
	}
	for r := range f.parent {
		f.parent[r] = f.find(uint32(r))
	}
	return f.parent
}

// forest is union-find; the root of a set is its lowest member.
type forest struct{ parent []uint32 }

func newForest(n int) *forest {
	f := &forest{make([]uint32, n)}
	for i := range f.parent {
		f.parent[i] = uint32(i)
	}
	return f
}

func (f *forest) find(x uint32) uint32 {
	for f.parent[x] != x {
		f.parent[x] = f.parent[f.parent[x]]
		x = f.parent[x]
	}
	return x
}

func (f *forest) join(a, b uint32) {
	a, b = f.find(a), f.find(b)
	switch {
	case a < b:
		f.parent[b] = a
	case b < a:
		f.parent[a] = b
	}
}

// groups lists the sets of two or more among members (nil means all), in order, and leaves
// every parent a root.
func (f *forest) groups(members []uint32) [][]uint32 {
	for r := range f.parent {
		f.parent[r] = f.find(uint32(r))
	}
	return groups(f.parent, members)
}

// divide clusters one component by average linkage. Groups are in order, and their members
// too.
func divide(in Input, o Options, members []uint32, must []uint32, cannot map[uint32][]uint32) [][]uint32 {
	if len(members) == 2 && must[members[0]] == members[0] && must[members[1]] == members[1] { // the most of all
		if pair(in, o, members[0], members[1], cannot) >= o.Cut {
			return [][]uint32{members}
		}
		return [][]uint32{members[:1], members[1:]}
	}
	nodes := nodesOf(members, must)
	if len(nodes) == 1 {
		return [][]uint32{nodes[0]}
	}
	l := newLinkage(in, o, nodes, cannot)
	for {
		a, b := l.best(o.Cut)
		if a < 0 {
			break
		}
		l.merge(a, b)
	}
	var out [][]uint32
	for _, g := range l.nodes {
		if g != nil {
			slices.Sort(g)
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(x, y []uint32) int { return cmp.Compare(x[0], y[0]) })
	return out
}

// nodesOf puts members that must be together into one node.
func nodesOf(members, must []uint32) [][]uint32 {
	at := make(map[uint32]int, len(members))
	var nodes [][]uint32
	for _, r := range members {
		root := must[r]
		for must[root] != root {
			root = must[root]
		}
		k, ok := at[root]
		if !ok {
			k = len(nodes)
			at[root] = k
			nodes = append(nodes, nil)
		}
		nodes[k] = append(nodes[k], r)
	}
	return nodes
}

// linkage is the state of average linkage over one component: sums of clipped weights
// between nodes, minus infinity where a pair must be apart, and each node's best partner.
type linkage struct {
	nodes [][]uint32
	n     int
	sum   []float64 // n*n
	near  []int     // best partner by node, -1 none
	avg   []float64 // average weight to it
}

func newLinkage(in Input, o Options, nodes [][]uint32, cannot map[uint32][]uint32) *linkage {
	n := len(nodes)
	l := &linkage{nodes: nodes, n: n, sum: make([]float64, n*n), near: make([]int, n), avg: make([]float64, n)}
	for a := range nodes {
		for b := a + 1; b < n; b++ {
			s := 0.0
			for _, i := range nodes[a] {
				for _, j := range nodes[b] {
					s += pair(in, o, i, j, cannot)
				}
			}
			l.sum[a*n+b], l.sum[b*n+a] = s, s
		}
	}
	for a := range nodes {
		l.look(a)
	}
	return l
}

func pair(in Input, o Options, i, j uint32, cannot map[uint32][]uint32) float64 {
	if slices.Contains(cannot[i], j) || in.Apart != nil && in.Apart(i, j) {
		return math.Inf(-1)
	}
	return math.Max(-o.Clip, math.Min(o.Clip, in.Score(min(i, j), max(i, j))))
}

func (l *linkage) average(a, b int) float64 {
	return l.sum[a*l.n+b] / float64(len(l.nodes[a])*len(l.nodes[b]))
}

// look finds the best partner of a; of equals the lower.
func (l *linkage) look(a int) {
	l.near[a], l.avg[a] = -1, math.Inf(-1)
	for b := range l.nodes {
		if b == a || l.nodes[b] == nil {
			continue
		}
		if v := l.average(a, b); v > l.avg[a] {
			l.near[a], l.avg[a] = b, v
		}
	}
}

func (l *linkage) best(cut float64) (a, b int) {
	a = -1
	for i := range l.nodes {
		if l.nodes[i] != nil && l.near[i] >= 0 && l.avg[i] >= cut && (a < 0 || l.avg[i] > l.avg[a]) {
			a = i
		}
	}
	if a < 0 {
		return -1, -1
	}
	return a, l.near[a]
}

// merge puts b into a and renews the partners that pointed at either.
func (l *linkage) merge(a, b int) {
	l.nodes[a] = append(l.nodes[a], l.nodes[b]...)
	l.nodes[b] = nil
	for c := range l.nodes {
		if c != a && l.nodes[c] != nil {
			s := l.sum[a*l.n+c] + l.sum[b*l.n+c]
			l.sum[a*l.n+c], l.sum[c*l.n+a] = s, s
		}
	}
	for c := range l.nodes {
		if l.nodes[c] == nil {
			continue
		}
		if c == a || l.near[c] == a || l.near[c] == b {
			l.look(c)
			continue
		}
		if v := l.average(c, a); v > l.avg[c] {
			l.near[c], l.avg[c] = a, v
		}
	}
}
