package agreement

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Weights say how much a near miss counts in kappa, by how many ranks it misses.
type Weights string

// The weights.
const (
	Unweighted Weights = ""          // a miss is a miss
	Linear     Weights = "linear"    // by the ranks between
	Quadratic  Weights = "quadratic" // by their square
)

// Kappa is Cohen's kappa of the first two coders: the agreement observed beyond chance
// over the most that there could be, where chance deals each coder's own values at
// random. Units that one of them did not code are left out. Weights need values numbered
// in rank. The standard error in the Detail is for large samples and unweighted kappa.
//
// Source: Cohen (1960), Educational and Psychological Measurement 20, 37-46; weighted
// (1968), Psychological Bulletin 70, 213-220; the standard error is Fleiss, Cohen and
// Everitt (1969), Psychological Bulletin 72, 323-327, eq. 13.
func Kappa(r Ratings, weights Weights, opt Options) (estimate.Fit, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return estimate.Fit{}, err
	}
	if !slices.Contains([]Weights{Unweighted, Linear, Quadratic}, weights) {
		return estimate.Fit{}, fault.New(fault.Invalid, "agreement", "there are no weights %q", weights).With("use linear, quadratic or none")
	}
	two := Ratings{Values: r.Values[:min(2, len(r.Values))]}
	units, err := two.units(opt.Scale)
	if err != nil {
		return estimate.Fit{}, err
	}
	levels := distinct(units)
	point, counts := kappa(units, levels, weights)
	f, err := two.fit("cohen_kappa", opt, units, point, counts, func(sample [][]float64) float64 {
		k, _ := kappa(sample, levels, weights)
		return k
	})
	if f.Options != nil {
		f.Options["weights"] = string(weights)
	}
	return f, err
}

func distinct(units [][]float64) []float64 {
	var out []float64
	for _, u := range units {
		out = append(out, u...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// kappa computes the coefficient over levels; a resample may lack some of them.
func kappa(units [][]float64, levels []float64, weights Weights) (float64, Counts) {
	k := len(levels)
	p := make([][]float64, k)
	for i := range p {
		p[i] = make([]float64, k)
	}
	n := float64(len(units))
	for _, u := range units {
		i, _ := slices.BinarySearch(levels, u[0])
		j, _ := slices.BinarySearch(levels, u[1])
		p[i][j] += 1 / n
	}
	row, col := make([]float64, k), make([]float64, k)
	for i := range p {
		for j, x := range p[i] {
			row[i] += x
			col[j] += x
		}
	}
	c := Counts{Units: len(units), Values: 2 * len(units)}
	for i := range p {
		for j, x := range p[i] {
			w := weight(i, j, k, weights)
			c.Observed += w * x
			c.Expected += w * row[i] * col[j]
		}
	}
	if !(c.Expected < 1-1e-12) {
		return math.NaN(), c
	}
	kap := (c.Observed - c.Expected) / (1 - c.Expected)
	if weights == Unweighted {
		c.StdErr = stdErr(p, row, col, kap, c.Expected, n)
	}
	return kap, c
}

func weight(i, j, k int, weights Weights) float64 {
	miss := math.Abs(float64(i-j)) / math.Max(1, float64(k-1))
	switch weights {
	case Linear:
		return 1 - miss
	case Quadratic:
		return 1 - miss*miss
	}
	if i == j {
		return 1
	}
	return 0
}

func stdErr(p [][]float64, row, col []float64, kap, expected, n float64) float64 {
	a, b := 0.0, 0.0
	for i := range p {
		t := 1 - (row[i]+col[i])*(1-kap)
		a += p[i][i] * t * t
		for j := range p {
			if i != j {
				s := col[i] + row[j]
				b += p[i][j] * s * s
			}
		}
	}
	c := kap - expected*(1-kap)
	v := a + (1-kap)*(1-kap)*b - c*c
	return math.Sqrt(math.Max(0, v)/n) / (1 - expected)
}
