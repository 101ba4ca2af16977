package dga

import (
	"math"
	"slices"

	"example.org/amparo/estimate/hist"
)

// problem is a table made ready: for every set of lists A the terms of the marginal
// likelihood that do not depend on the number missing, and the one that does.
//
//	ℓ_A(n0) = Σ_a ln Γ(n_a + δ_A) − 2^|A| ln Γ(δ_A),  δ_A = δ 2^(J−|A|)
//
// Only the cell of nobody, a = 0, holds the n0 people on no list.
type problem struct {
	j      int
	n      float64
	graphs []Graph
	fixed  []float64 // ℓ_A without its zero cell
	zero   []float64 // z_A + δ_A: observed people on no list of A, and the prior weight
	prior  float64   // 2^J δ
	shape  float64   // of the prior of N: π(N) ∝ Γ(N+shape)/N! · odds^N
	odds   float64
	common float64 // −Σ ln n_x!
}

func newProblem(t hist.Table, graphs []Graph, o Options) *problem {
	j, delta := t.J(), o.Delta
	p := &problem{j: j, n: float64(t.N()), graphs: graphs, prior: math.Ldexp(delta, j), odds: 1}
	if o.Shape > 0 && o.Scale > 0 {
		p.shape, p.odds = o.Shape, o.Scale/(1+o.Scale)
	}
	p.fixed, p.zero = make([]float64, 1<<uint(j)), make([]float64, 1<<uint(j))
	for _, c := range t.Cells {
		p.common -= lgamma(float64(c.Count) + 1)
	}
	marginal := map[hist.History]float64{}
	for a := 1; a < len(p.fixed); a++ {
		set := hist.History(a)
		weight := math.Ldexp(delta, j-set.Size())
		clear(marginal)
		for _, c := range t.Cells {
			marginal[c.History&set] += float64(c.Count)
		}
		sum := 0.0
		// The cells in their order, so that the sum is the same every time.
		for s := set; s > 0; s = (s - 1) & set {
			sum += lgamma(marginal[s] + weight)
		}
		p.fixed[a] = sum - math.Ldexp(1, set.Size())*lgamma(weight)
		p.zero[a] = marginal[0] + weight
	}
	return p
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// base returns what the logarithms of all graphs have in common with n0 missing: ln N! −
// Σ ln n_x! − ln n0! + ln π(N).
func (p *problem) base(n0 float64) float64 {
	n := p.n + n0
	return p.common + lgamma(n+p.shape) - lgamma(n0+1) + n*math.Log(p.odds)
}

// log returns ln of the unnormalised posterior of graph g with n0 missing.
func (p *problem) log(g Graph, n0 float64) float64 {
	n := p.n + n0
	v := p.base(n0)
	v += float64(g.Components()) * (lgamma(p.prior) - lgamma(n+p.prior))
	for _, c := range g.Cliques {
		v += p.fixed[c] + lgamma(n0+p.zero[c])
	}
	for _, s := range g.Separators {
		v -= p.fixed[s] + lgamma(n0+p.zero[s])
	}
	return v
}

// grid is a coarse look at all graphs: where along n0 each has weight at all. The points
// are few and the marginal terms are shared between graphs, so it costs little.
type grid struct {
	at    []float64   // the points
	value [][]float64 // [graph][point] ln weight
	slope [][]float64 // [graph][point] ln of the ratio to the next n0
	top   []float64   // [graph] largest value seen
	best  float64     // the largest of the graphs that are averaged
}

// gridRatio is how far apart the points of the grid are.
const gridRatio = 1.08

func (p *problem) look(from, to float64, saturated bool) *grid {
	g := &grid{best: math.Inf(-1), top: make([]float64, len(p.graphs))}
	for x := from; x < to; x = math.Max(x+1, math.Floor(x*gridRatio)) {
		g.at = append(g.at, x)
	}
	g.at = append(g.at, to)
	m := len(g.at)
	g.value, g.slope = make([][]float64, len(p.graphs)), make([][]float64, len(p.graphs))
	flat := make([]float64, 2*m*len(p.graphs))
	for i := range p.graphs {
		g.value[i], g.slope[i] = flat[2*m*i:2*m*i+m], flat[2*m*i+m:2*m*(i+1)]
	}
	term, rise := make([]float64, len(p.fixed)), make([]float64, len(p.fixed))
	for k, n0 := range g.at {
		for a := 1; a < len(term); a++ {
			term[a] = p.fixed[a] + lgamma(n0+p.zero[a])
			rise[a] = math.Log(n0 + p.zero[a])
		}
		n := p.n + n0
		base := p.base(n0)
		part, partRise := lgamma(p.prior)-lgamma(n+p.prior), math.Log(n+p.prior)
		baseRise := math.Log((n + p.shape) * p.odds / (n0 + 1))
		for i, gr := range p.graphs {
			c := float64(gr.Components())
			v, s := base+c*part, baseRise-c*partRise
			for _, q := range gr.Cliques {
				v += term[q]
				s += rise[q]
			}
			for _, q := range gr.Separators {
				v -= term[q]
				s -= rise[q]
			}
			g.value[i][k], g.slope[i][k] = v, s
		}
	}
	for i, gr := range p.graphs {
		g.top[i] = slices.Max(g.value[i])
		if saturated || !gr.Saturated(p.j) {
			g.best = max(g.best, g.top[i])
		}
	}
	return g
}

// negligible is how far in logarithms below the top a weight may be left out: e^−40 of the
// largest, for each of a number of points that is added.
const negligible = 40

// window returns the range of n0 in which graph i has weight: the intervals of the grid
// where its curve, continued from either end along its slope, comes near the top.
func (g *grid) window(i int) (low, high float64, any bool) {
	top := max(g.best, g.top[i]) // a graph left out has its own
	for k := range len(g.at) - 1 {
		width := g.at[k+1] - g.at[k]
		bound := max(g.value[i][k]+max(g.slope[i][k], 0)*width, g.value[i][k+1]+max(-g.slope[i][k+1], 0)*width)
		if bound+math.Log(width)+negligible < top {
			continue
		}
		if !any {
			low, any = g.at[k], true
		}
		high = g.at[k+1]
	}
	return low, high, any
}
