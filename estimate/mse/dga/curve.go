package dga

import (
	"context"
	"math"
	"slices"
)

// The posterior weight, summed over graphs, is a smooth function of the number missing,
// so it need not be added up at every whole number: on each of a few pieces its logarithm
// is interpolated from Chebyshev points, and a piece on which that is not exact is halved.
// A piece with fewer numbers than points is added up in full.

const (
	nodes      = 20    // Chebyshev points of a piece
	pieceError = 1e-11 // the largest relative error at the points of control,
	pieceNoise = 4e-16 // and more for each person, since terms of that size cancel
	pieceRatio = 1.6   // how far the first pieces reach
)

// curve adds up graphs at any number missing.
type curve struct {
	p      *problem
	graphs []window
	top    float64
	scale  float64 // κ of [curve.phi]; one a piece
	lift   float64 // ln κ − 1
	phis   []float64
	nodes  [nodes]float64 // cos θ, descending
	cosine [nodes][nodes]float64
	fejer  [nodes]float64
	sums   []float64 // weights of the graphs at the last point, for their own masses
}

// window is a graph with the range in which it has weight, and what of its logarithm does
// not change along n0.
type window struct {
	graph     int
	low, high float64
	fixed     float64
	excess    float64 // what is to be multiplied by ln κ − 1
}

func newCurve(p *problem, g *grid, to float64, saturated bool) *curve {
	c := &curve{p: p, top: g.best, phis: make([]float64, len(p.zero))}
	for i, graph := range p.graphs {
		low, high, any := g.window(i)
		if !any {
			continue
		}
		if graph.Saturated(p.j) && !saturated {
			continue
		}
		w := window{graph: i, low: low, high: min(high, to)}
		k := float64(graph.Components())
		x := p.n + p.shape - 1 - k*(p.n+p.prior)
		w.fixed = p.common + k*lgamma(p.prior) - g.best
		for _, q := range graph.Cliques {
			w.fixed += p.fixed[q]
			x += p.zero[q]
		}
		for _, q := range graph.Separators {
			w.fixed -= p.fixed[q]
			x -= p.zero[q]
		}
		w.excess = x
		c.graphs = append(c.graphs, w)
	}
	c.sums = make([]float64, len(c.graphs))
	for i := range nodes {
		theta := (float64(i) + 0.5) * math.Pi / nodes
		c.nodes[i] = math.Cos(theta)
		sum := 0.0
		for k := range nodes {
			c.cosine[k][i] = math.Cos(float64(k) * theta)
			if k > 0 && 2*k <= nodes {
				sum += math.Cos(2*float64(k)*theta) / (4*float64(k*k) - 1)
			}
		}
		c.fejer[i] = (1 - 2*sum) / nodes // over an interval of length one
	}
	return c
}

// phi is ln Γ(x) − (x − ½) ln κ + x − ½ ln 2π. In the weight of a graph the terms left out
// add up to the same for every n0, and what stays is small, so that far fewer digits are
// lost than in differences of ln Γ.
func (c *curve) phi(x float64) float64 {
	if x < 20 {
		return lgamma(x) - (x-0.5)*math.Log(c.scale) + x - 0.5*math.Log(2*math.Pi)
	}
	i := 1 / (x * x)
	return (x-0.5)*math.Log1p((x-c.scale)/c.scale) + (1.0/12-i*(1.0/360-i*(1.0/1260-i/1680)))/x
}

// at returns the weight at n0 times e^−top of all graphs, and leaves each graph's in sums.
func (c *curve) at(n0 float64) float64 {
	for a := 1; a < len(c.phis); a++ {
		c.phis[a] = c.phi(n0 + c.p.zero[a])
	}
	n := c.p.n + n0
	common := c.phi(n+c.p.shape) - c.phi(n0+1) + n*math.Log(c.p.odds)
	part := c.phi(n + c.p.prior)
	total := 0.0
	for k := range c.graphs {
		w := &c.graphs[k]
		c.sums[k] = 0
		if n0 < w.low-1 || n0 > w.high+1 {
			continue
		}
		g := &c.p.graphs[w.graph]
		v := w.fixed + w.excess*c.lift + common - float64(len(g.Cliques)-len(g.Separators))*part
		for _, q := range g.Cliques {
			v += c.phis[q]
		}
		for _, q := range g.Separators {
			v -= c.phis[q]
		}
		if v < -2*negligible {
			continue
		}
		e := math.Exp(v)
		c.sums[k] = e
		total += e
	}
	return total
}

// posterior adds up all graphs for n0 from … to; masses of the graphs are approximate.
func (p *problem) posterior(ctx context.Context, g *grid, from, to float64, saturated bool) (*stream, error) {
	s := &stream{from: from, top: g.best, post: make([]float64, int(to-from)+1), mass: make([]float64, len(p.graphs)), moment: make([]float64, len(p.graphs))}
	c := newCurve(p, g, to, saturated)
	for a := from; a <= to; {
		b := min(math.Floor(a*pieceRatio)+nodes, to)
		if err := c.piece(ctx, s, a, b); err != nil {
			return nil, err
		}
		a = b + 1
	}
	return s, nil
}

// measure sets κ to the size of the totals from a to b.
func (c *curve) measure(a, b float64) {
	c.scale = c.p.n + (a+b)/2
	c.lift = math.Log(c.scale) - 1
}

// piece fills in the posterior from a to b, both included.
func (c *curve) piece(ctx context.Context, s *stream, a, b float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.measure(a, b)
	if b-a < nodes+2 {
		for x := a; x <= b; x++ {
			s.post[int(x-s.from)] = c.at(x)
			c.share(s, 1)
		}
		return nil
	}
	middle, half := (a+b)/2, (b-a)/2
	var value [nodes]float64
	most, any := math.Inf(-1), true
	mass := slices.Clone(s.mass)
	for i, t := range c.nodes {
		v := c.at(middle + half*t)
		value[i] = math.Log(v)
		most, any = max(most, value[i]), any && v > 0
		c.share(s, c.fejer[i]*(b-a+1))
	}
	coefficients := c.transform(&value)
	if most > -3*negligible && (!any || !c.exact(&coefficients, middle, half)) {
		s.mass = mass
		cut := math.Floor(middle)
		if err := c.piece(ctx, s, a, cut); err != nil {
			return err
		}
		return c.piece(ctx, s, cut+1, b)
	}
	if !any {
		return nil // nothing here to be seen
	}
	for x := a; x <= b; x++ {
		s.post[int(x-s.from)] = math.Exp(clenshaw(&coefficients, (x-middle)/half))
	}
	return nil
}

// share adds what the last point says to the masses of the graphs.
func (c *curve) share(s *stream, weight float64) {
	for k, v := range c.sums {
		if v > 0 {
			s.mass[c.graphs[k].graph] += v * weight
		}
	}
}

// exact compares the interpolation with the sum at three points between the nodes.
func (c *curve) exact(coefficients *[nodes]float64, middle, half float64) bool {
	for _, t := range [...]float64{-0.99, 0.08, 0.93} {
		v := c.at(middle + half*t)
		if d := math.Exp(clenshaw(coefficients, t)) / v; !(math.Abs(d-1) < pieceError+pieceNoise*c.scale) {
			return false
		}
	}
	return true
}

// transform gives the Chebyshev coefficients of values at the nodes.
func (c *curve) transform(value *[nodes]float64) (out [nodes]float64) {
	for k := range out {
		sum := 0.0
		for i, v := range value {
			sum += v * c.cosine[k][i]
		}
		out[k] = 2 * sum / nodes
	}
	out[0] /= 2
	return out
}

// clenshaw sums a Chebyshev series at t in [−1, 1].
func clenshaw(c *[nodes]float64, t float64) float64 {
	b1, b2 := 0.0, 0.0
	for k := nodes - 1; k > 0; k-- {
		b1, b2 = c[k]+2*t*b1-b2, b1
	}
	return c[0] + t*b1 - b2
}
