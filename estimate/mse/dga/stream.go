package dga

import (
	"context"
	"math"
)

// stream is what is added up over all graphs.
type stream struct {
	from   float64
	post   []float64 // posterior weight of n0 = from + index, times e^−top
	mass   []float64 // by graph
	moment []float64 // by graph, Σ N weight
	top    float64
}

// block is how many steps are taken at once; after each the running weights are scaled
// back, so that they neither overflow nor vanish.
const block = 32

type lane = [block]float64

// walker is one graph on its way along n0.
type walker struct {
	graph     int
	low, high float64
	begun     bool
	weight    float64 // of the next n0, times e^scale
	scale     float64
	factors   []*lane // of the ratio, but for what all graphs with as many components share
	shared    *lane
}

// table holds the factors of the ratio of neighbouring weights for one block of n0: they
// are the same for all graphs, which then only multiply.
//
//	w(n0+1)/w(n0) = Π_C (n0 + z_C + δ_C)/Π_S (n0 + z_S + δ_S) · (N + 2^J δ)^−c · (N+a)/(n0+1) · q
//
// with c components and a = 0, q = 1 for the prior 1/N. There is no logarithm in it.
type table struct {
	clique    []lane // by set of lists
	separator []lane
	parts     []lane // by number of components
}

func (p *problem) newTable() *table {
	return &table{clique: make([]lane, len(p.zero)), separator: make([]lane, len(p.zero)), parts: make([]lane, p.j+1)}
}

// fill writes the factors for n0, n0+1, ….
func (p *problem) fill(t *table, n0 float64) {
	for a := 1; a < len(p.zero); a++ {
		up, down := &t.clique[a], &t.separator[a]
		x := n0 + p.zero[a]
		for i := range up {
			up[i] = x + float64(i)
			down[i] = 1 / up[i]
		}
	}
	for i := range block {
		x := n0 + float64(i)
		n := p.n + x
		v, part := (n+p.shape)*p.odds/(x+1), 1/(n+p.prior)
		for c := 1; c < len(t.parts); c++ {
			v *= part
			t.parts[c][i] = v
		}
	}
}

// walker readies graph i for its way through the window, moved to whole blocks.
func (p *problem) walker(i int, g *grid, t *table, from, to float64) (walker, bool) {
	graph := p.graphs[i]
	low, high, any := g.window(i)
	w := walker{graph: i, high: min(high, to), shared: &t.parts[graph.Components()]}
	w.low = from + block*math.Floor((low-from)/block)
	for _, c := range graph.Cliques {
		w.factors = append(w.factors, &t.clique[c])
	}
	for _, c := range graph.Separators {
		w.factors = append(w.factors, &t.separator[c])
	}
	return w, any
}

// walk adds up some graphs exactly, one n0 after the other, into their masses and moments.
func (p *problem) walk(ctx context.Context, s *stream, g *grid, to float64, graphs []int) error {
	t := p.newTable()
	var walkers []walker
	for _, i := range graphs {
		s.mass[i], s.moment[i] = 0, 0
		if w, ok := p.walker(i, g, t, s.from, to); ok {
			walkers = append(walkers, w)
		}
	}
	for n0 := s.from; n0 <= to; n0 += block {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.fill(t, n0)
		for i := range walkers {
			if w := &walkers[i]; w.low <= n0 && n0 <= w.high {
				p.advance(s, w, n0, to)
			}
		}
	}
	return nil
}

// advance takes one graph through one block.
func (p *problem) advance(s *stream, w *walker, n0, to float64) {
	if !w.begun {
		w.begun, w.weight, w.scale = true, 1, p.log(p.graphs[w.graph], n0)-s.top
	}
	ratio := *w.shared
	rest := w.factors
	for len(rest) >= 2 {
		a, b := rest[0], rest[1]
		for i := range ratio {
			ratio[i] *= a[i] * b[i]
		}
		rest = rest[2:]
	}
	if len(rest) == 1 {
		a := rest[0]
		for i := range ratio {
			ratio[i] *= a[i]
		}
	}
	last := 1.0
	for i, r := range ratio {
		ratio[i] = last // the weight of this n0 in units of the first
		last *= r
	}
	if w.scale > -700 {
		s.collect(w, &ratio, n0-s.from, n0+p.n, int(min(block, to-n0+1)))
	}
	fraction, exponent := math.Frexp(w.weight * last)
	w.weight = fraction
	w.scale += float64(exponent) * math.Ln2
}

// collect adds a block of relative weights to the sums.
func (s *stream) collect(w *walker, relative *lane, at, n float64, count int) {
	factor := w.weight * math.Exp(w.scale)
	mass, moment := 0.0, 0.0
	for i, v := range relative[:count] {
		v *= factor
		mass += v
		moment += v * float64(i)
	}
	s.mass[w.graph] += mass
	s.moment[w.graph] += moment + mass*n
}
