package survival

import (
	"math"
	"slices"
)

// minorant makes one iterative-convex-minorant step on p, in the distribution function
// F_k = p_0 + … + p_k: a quadratic with the diagonal of the second derivative, projected
// on increasing functions by pooling, halved until the likelihood does not fall.
//
// Source: Jongbloed (1998), Journal of Computational and Graphical Statistics 7, 310-321.
func (c *clique) minorant(p, cum, pr []float64) {
	m := len(p)
	if m < 2 {
		return
	}
	before := c.chances(p, cum, pr)
	g, h := make([]float64, m-1), make([]float64, m-1) // by F_0 … F_{m−2}
	for i, v := range pr {
		if k := c.last[i]; k < m-1 {
			g[k] += c.w[i] / v
			h[k] += c.w[i] / (v * v)
		}
		if k := c.first[i] - 1; k >= 0 {
			g[k] -= c.w[i] / v
			h[k] += c.w[i] / (v * v)
		}
	}
	target := make([]float64, m-1)
	for k := range target {
		if h[k] <= 0 {
			h[k] = 1e-12
		}
		target[k] = cum[k+1] + g[k]/h[k]
	}
	pool(target, h)
	next := make([]float64, m)
	for step := 1.0; step > 1e-4; step /= 2 {
		last := 0.0
		for k := range target {
			f := cum[k+1] + step*(math.Min(1, math.Max(0, target[k]))-cum[k+1])
			next[k] = math.Max(0, f-last)
			last = math.Max(last, f)
		}
		next[m-1] = math.Max(0, 1-last)
		tryCum, tryPr := make([]float64, m+1), make([]float64, len(pr))
		if ll := c.chances(next, tryCum, tryPr); ll >= before {
			copy(p, next)
			return
		}
	}
}

// pool replaces y by its weighted least-squares fit among increasing sequences.
//
// Source: Ayer et al. (1955), Annals of Mathematical Statistics 26, 641-647.
func pool(y, w []float64) {
	type block struct {
		mean, weight float64
		n            int
	}
	var blocks []block
	for i := range y {
		blocks = append(blocks, block{y[i], w[i], 1})
		for len(blocks) > 1 && blocks[len(blocks)-2].mean >= blocks[len(blocks)-1].mean {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			sum := a.weight + b.weight
			blocks = append(blocks[:len(blocks)-2], block{(a.mean*a.weight + b.mean*b.weight) / sum, sum, a.n + b.n})
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			y[i] = b.mean
			i++
		}
	}
}

// newtonSize bounds the support on which a Newton step is taken; beyond it EM and the
// minorant must do.
const newtonSize = 300

// newton finishes: on the intervals that hold probability, or would gain by it, one
// Newton step for the likelihood under Σp = 1, cut where it would leave the simplex, and
// kept only if the likelihood rises. It gives the last digits, which EM takes long for.
func (c *clique) newton(p, cum, pr, d []float64) {
	before := c.chances(p, cum, pr)
	c.gradient(pr, d)
	var on []int
	for s := range p {
		if p[s] > 1e-7 || d[s] > c.n*(1-1e-9) && p[s] > 0 {
			on = append(on, s)
		}
	}
	k := len(on)
	if k < 2 || k > newtonSize {
		return
	}
	step := c.newtonStep(on, pr, d)
	if step == nil {
		return
	}
	room := 1.0
	for j, s := range on {
		if step[j] < 0 {
			room = math.Min(room, -p[s]/step[j])
		}
	}
	next, tryCum, tryPr := make([]float64, len(p)), make([]float64, len(cum)), make([]float64, len(pr))
	for f := room; f > 1e-3*room; f /= 2 {
		sum := 0.0
		clear(next)
		for j, s := range on {
			next[s] = math.Max(0, p[s]+f*step[j])
			if next[s] < 1e-13 {
				next[s] = 0
			}
			sum += next[s]
		}
		for s := range next {
			next[s] /= sum
		}
		if c.chances(next, tryCum, tryPr) > before {
			copy(p, next)
			return
		}
	}
}

// newtonStep solves [H 1; 1ᵀ 0][x λ] = [g 0] with H_st = Σ_i w_i α_is α_it / P_i².
func (c *clique) newtonStep(on []int, pr, d []float64) []float64 {
	k := len(on)
	a := make([][]float64, k+1)
	for i := range a {
		a[i] = make([]float64, k+2)
	}
	for i, v := range pr {
		lo, _ := slices.BinarySearch(on, c.first[i])
		hi, found := slices.BinarySearch(on, c.last[i])
		if !found {
			hi--
		}
		f := c.w[i] / (v * v)
		for x := lo; x <= hi; x++ {
			for y := lo; y <= hi; y++ {
				a[x][y] += f
			}
		}
	}
	ridge := 0.0
	for j := range on {
		ridge = math.Max(ridge, a[j][j])
	}
	for j, s := range on {
		a[j][j] += 1e-12 * ridge
		a[j][k], a[k][j], a[j][k+1] = 1, 1, d[s]-c.n
	}
	return eliminate(a)
}

// eliminate solves the square system in the first columns of a for its last, by Gauss with
// partial pivoting; nil when it is singular. The last unknown is left out.
func eliminate(a [][]float64) []float64 {
	n := len(a)
	for col := range n {
		best := col
		for r := col + 1; r < n; r++ {
			if math.Abs(a[r][col]) > math.Abs(a[best][col]) {
				best = r
			}
		}
		if a[best][col] == 0 {
			return nil
		}
		a[col], a[best] = a[best], a[col]
		for r := col + 1; r < n; r++ {
			f := a[r][col] / a[col][col]
			if f == 0 {
				continue
			}
			for j := col; j <= n; j++ {
				a[r][j] -= f * a[col][j]
			}
		}
	}
	x := make([]float64, n)
	for r := n - 1; r >= 0; r-- {
		x[r] = a[r][n]
		for j := r + 1; j < n; j++ {
			x[r] -= a[r][j] * x[j]
		}
		x[r] /= a[r][r]
	}
	return x[:n-1]
}

// unique reports whether the masses are the only most likely ones: the incidence on the
// intervals that may hold probability has full column rank.
//
// Source: Gentleman and Geyer (1994), Biometrika 81, 618-623.
func (c *clique) unique(p, d []float64) bool {
	var on []int
	for s := range p {
		if p[s] > 1e-9 || d[s] > c.n*(1-1e-7) {
			on = append(on, s)
		}
	}
	// A row of ones from lo to hi is e_lo − e_{hi+1} after differencing columns: the rank
	// is that of a graph's incidence on k+1 points, k exactly when the graph is connected.
	root := make([]int, len(on)+1)
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	pieces := len(root)
	for i := range c.first {
		lo, _ := slices.BinarySearch(on, c.first[i])
		hi, found := slices.BinarySearch(on, c.last[i])
		if !found {
			hi--
		}
		if a, b := find(lo), find(hi+1); a != b {
			root[a] = b
			pieces--
		}
	}
	if a, b := find(0), find(len(on)); a != b { // the masses add up to one
		pieces--
	}
	return pieces == 1
}
