package lcm

import (
	"math"
	"slices"

	"example.org/amparo/estimate/rng"
)

// part is a multivariate t distribution.
type part struct {
	mean    []float64
	root    []float64 // of the scale matrix: its lower triangle, whole rows
	inverse []float64 // 1 over the diagonal of root
	lnRoot  float64   // ln of the determinant of root
	lnScale float64   // ln of the density at the mean
}

const (
	// The tails of what is offered have to be heavier than those of the posterior: chains
	// that come to where nothing is offered stay there for long.
	freedom = 8
	// Parts of one group, and stands needed for each coordinate of each.
	mostParts, standsEach = 8, 4
	partRounds            = 10
)

// fitParts fits a mixture to points: normal distributions by expectation and maximisation, with
// covariances drawn a little towards the diagonal, which then become t distributions. It returns their shares.
//
// Source: Dempster, Laird and Rubin (1977), JRSS B 39(1), 1-38.
func fitParts(at [][]float64, r *rng.Rand) (parts []part, shares []float64) {
	d := len(at[0])
	n := min(mostParts, len(at)/(standsEach*d)+1)
	_, all := moments(at, nil)
	wide := make([]float64, d*d)
	for j := range d {
		wide[j*d+j] = all[j*d+j]/4 + 1e-6
	}
	for _, mean := range centres(at, wide, n, r) {
		p, _ := newPart(mean, wide)
		parts, shares = append(parts, p), append(shares, 1/float64(n))
	}
	for range partRounds {
		belongs := expect(parts, shares, at)
		parts, shares = parts[:0], shares[:0]
		for _, weight := range belongs {
			var sum float64
			for _, w := range weight {
				sum += w
			}
			if n > 1 && sum < float64(d) {
				continue // too few to tell a shape from; the largest part has more
			}
			mean, cov := moments(at, weight)
			pull := float64(d)
			for j := range cov {
				cov[j] = (sum*cov[j] + pull*wide[j]) / (sum + pull)
			}
			if p, ok := newPart(mean, cov); ok {
				parts, shares = append(parts, p), append(shares, sum/float64(len(at)))
			}
		}
	}
	return parts, shares
}

// expect returns by part and point the probability that the point is the part's.
func expect(parts []part, shares []float64, at [][]float64) [][]float64 {
	out := make([][]float64, len(parts))
	for i := range out {
		out[i] = make([]float64, len(at))
	}
	work := make([]float64, len(at[0]))
	for x, point := range at {
		most := math.Inf(-1)
		for i := range parts {
			out[i][x] = math.Log(shares[i]) - parts[i].lnRoot - parts[i].distance(point, work)/2
			most = max(most, out[i][x])
		}
		var sum float64
		for i := range parts {
			out[i][x] = math.Exp(out[i][x] - most)
			sum += out[i][x]
		}
		for i := range parts {
			out[i][x] /= sum
		}
	}
	return out
}

// centres picks n of the points, each the likelier the farther it is from those before.
//
// Source: Arthur and Vassilvitskii (2007), k-means++, SODA, 1027-1035.
func centres(at [][]float64, wide []float64, n int, r *rng.Rand) [][]float64 {
	d := len(at[0])
	out := [][]float64{slices.Clone(at[r.Below(len(at))])}
	far := make([]float64, len(at))
	for i := range far {
		far[i] = math.Inf(1)
	}
	for len(out) < n {
		var sum float64
		last := out[len(out)-1]
		for i, x := range at {
			var s float64
			for j := range d {
				s += (x[j] - last[j]) * (x[j] - last[j]) / wide[j*d+j]
			}
			far[i] = min(far[i], s)
			sum += far[i]
		}
		u, i := r.Uniform()*sum, 0
		for ; i < len(at)-1 && u >= far[i]; i++ {
			u -= far[i]
		}
		out = append(out, slices.Clone(at[i]))
	}
	return out
}

// moments returns mean and covariance (its lower triangle) of points, weighted where weights are given.
func moments(at [][]float64, weight []float64) (mean, cov []float64) {
	const light = 1e-4 // weights that make no difference
	d := len(at[0])
	mean, cov = make([]float64, d), make([]float64, d*d)
	var sum float64
	each := func(do func(w float64, point []float64)) {
		for x, point := range at {
			if weight == nil {
				do(1, point)
			} else if weight[x] > light {
				do(weight[x], point)
			}
		}
	}
	each(func(w float64, point []float64) {
		sum += w
		for j, v := range point {
			mean[j] += w * v
		}
	})
	for j := range mean {
		mean[j] /= sum
	}
	from := make([]float64, d)
	each(func(w float64, point []float64) {
		for j, v := range point {
			from[j] = v - mean[j]
			row, by := cov[j*d:j*d+j+1], w*from[j]/sum
			for l := range row {
				row[l] += by * from[l]
			}
		}
	})
	return mean, cov
}

// newPart returns a part by its mean and the lower triangle of its scale matrix, false when that is not
// positive definite.
func newPart(mean, scale []float64) (part, bool) {
	d := len(mean)
	p := part{mean: mean, root: make([]float64, d*d), inverse: make([]float64, d)}
	for i := range d {
		for j := range i + 1 {
			s := scale[i*d+j]
			for k := range j {
				s -= p.root[i*d+k] * p.root[j*d+k]
			}
			if i != j {
				p.root[i*d+j] = s * p.inverse[j]
				continue
			}
			if !(s > 0) {
				return part{}, false
			}
			p.root[i*d+i] = math.Sqrt(s)
			p.inverse[i] = 1 / p.root[i*d+i]
			p.lnRoot += math.Log(s) / 2
		}
	}
	up, _ := math.Lgamma(float64(freedom+d) / 2)
	down, _ := math.Lgamma(freedom / 2.)
	p.lnScale = up - down - float64(d)/2*math.Log(freedom*math.Pi) - p.lnRoot
	return p, true
}

// distance is the square of the distance of x from the mean, in units of the scale.
func (p *part) distance(x, work []float64) float64 {
	d := len(p.mean)
	var sum float64
	x, work = x[:d], work[:d]
	for i := range d {
		s := x[i] - p.mean[i]
		row := p.root[i*d : i*d+i]
		for j, z := range work[:len(row)] {
			s -= row[j] * z
		}
		s *= p.inverse[i]
		work[i] = s
		sum += s * s
	}
	return sum
}

// lnDensity is ln of the density at x.
func (p *part) lnDensity(x, work []float64) float64 {
	return p.lnScale - float64(freedom+len(p.mean))/2*math.Log1p(p.distance(x, work)/freedom)
}

// draw sets x to a draw.
func (p *part) draw(r *rng.Rand, x, work []float64) {
	d := len(p.mean)
	for i := range d {
		work[i] = r.Normal()
	}
	wide := math.Sqrt(freedom / (2 * r.Gamma(freedom/2.)))
	for i := range d {
		var s float64
		row := p.root[i*d : i*d+i+1]
		for j, z := range work[:len(row)] {
			s += row[j] * z
		}
		x[i] = p.mean[i] + wide*s
	}
}
