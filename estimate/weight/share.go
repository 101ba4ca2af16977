package weight

import (
	"math"
	"sort"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Survey is a sample with one row a person. Y says who has the outcome. Weights nil means
// all alike; Stratum nil one stratum; Cluster nil every person drawn alone. Calibrated
// names, for each margin that the weights were brought to, the category of every row: it
// takes out of the standard error what the margins fix. Design are the weights before
// calibration; nil means they were all alike.
type Survey struct {
	Y          []bool
	Weights    []float64
	Design     []float64
	Stratum    []string
	Cluster    []string
	Calibrated [][]string
}

// Share is a weighted share. SE is by linearisation, DF the number of clusters less the
// number of strata. DesignEffect is its variance over that of a simple random sample of
// as many people; NEffective = P(1−P)/SE². Kish's figures are of the weights alone.
type Share struct {
	P            float64           `json:"p"`
	SE           float64           `json:"se"`
	DF           float64           `json:"df"`
	N            int               `json:"n"`
	DesignEffect estimate.Number   `json:"design_effect"`
	NEffective   estimate.Number   `json:"n_effective"`
	KishN        float64           `json:"kish_n_effective"`
	KishEffect   float64           `json:"kish_design_effect"`
	Logit        estimate.Interval `json:"logit"` // NaN ends when P is 0 or 1
	KornGraubard estimate.Interval `json:"korn_graubard"`
}

// Estimate returns the weighted share of s with its intervals at level: on the logit scale
// with Student's t, and Korn and Graubard's, which is Clopper and Pearson's with the
// effective number and stays defined near 0 and 1.
//
// A stratum with one cluster is refused: its variance cannot be known.
//
// Source: Binder (1983), International Statistical Review 51, 279-292 (linearisation);
// Deville and Särndal (1992), JASA 87, 376-382 (residuals of calibration); Korn and
// Graubard (1998), Survey Methodology 24, 193-201.
func (s Survey) Estimate(level float64) (Share, error) {
	w, err := s.check(level)
	if err != nil {
		return Share{}, err
	}
	var sw, sy float64
	for i, y := range s.Y {
		sw += w[i]
		if y {
			sy += w[i]
		}
	}
	out := Share{P: sy / sw, N: len(s.Y)}
	out.KishN, out.KishEffect = Kish(w)
	u := make([]float64, len(w)) // the influence of a row on the share
	for i, y := range s.Y {
		u[i] = -out.P / sw
		if y {
			u[i] = (1 - out.P) / sw
		}
	}
	s.residuals(u)
	for i := range u {
		u[i] *= w[i]
	}
	v, df, err := s.variance(u)
	if err != nil {
		return Share{}, err
	}
	out.SE, out.DF = math.Sqrt(v), df
	out.intervals(level)
	return out, nil
}

func (s Survey) check(level float64) ([]float64, error) {
	n := len(s.Y)
	if n < 2 {
		return nil, fault.New(fault.Invalid, "share", "%d people are too few for a standard error", n).With("give at least two rows")
	}
	if !(level > 0 && level < 1) {
		return nil, fault.New(fault.Invalid, "share", "the level %g is not between 0 and 1", level).With("give 0.95")
	}
	w := s.Weights
	if w == nil {
		w = make([]float64, n)
		for i := range w {
			w[i] = 1
		}
	}
	columns := append([][]string{s.Stratum, s.Cluster}, s.Calibrated...)
	for k, col := range columns {
		if len(col) != n && (k > 1 || col != nil) {
			return nil, fault.New(fault.Invalid, "share", "a column has %d rows, the outcome %d", len(col), n)
		}
	}
	if len(w) != n || s.Design != nil && len(s.Design) != n {
		return nil, fault.New(fault.Invalid, "share", "there are %d weights for %d rows", len(w), n)
	}
	for i, v := range w {
		if !(v > 0) || math.IsInf(v, 1) {
			return nil, fault.New(fault.Invalid, "share", "the weight of row %d is %g", i+1, v).With("weights are positive numbers")
		}
	}
	return w, nil
}

// residuals takes from u its least-squares fit on the categories of the margins, weighted
// by the weights before calibration, by sweeping out the means of each in turn.
func (s Survey) residuals(u []float64) {
	w := s.Design
	if w == nil {
		w = make([]float64, len(u))
		for i := range w {
			w[i] = 1
		}
	}
	groups := make([][][]int, len(s.Calibrated))
	for k, col := range s.Calibrated {
		groups[k], _ = byValue(col)
	}
	for range rakeRounds {
		moved := 0.0
		for _, g := range groups {
			for _, rows := range g {
				var a, b float64
				for _, i := range rows {
					a += w[i] * u[i]
					b += w[i]
				}
				for _, i := range rows {
					u[i] -= a / b
				}
				moved = math.Max(moved, math.Abs(a))
			}
		}
		if moved < 1e-15 {
			return
		}
	}
}

// byValue groups row numbers by value, in the order of the values.
func byValue(col []string) (rows [][]int, names []string) {
	at := map[string]int{}
	for i, v := range col {
		k, ok := at[v]
		if !ok {
			k = len(rows)
			at[v] = k
			rows = append(rows, nil)
			names = append(names, v)
		}
		rows[k] = append(rows[k], i)
	}
	sort.Sort(&byName{rows, names})
	return rows, names
}

type byName struct {
	rows  [][]int
	names []string
}

func (b *byName) Len() int           { return len(b.rows) }
func (b *byName) Less(i, j int) bool { return b.names[i] < b.names[j] }
func (b *byName) Swap(i, j int) {
	b.rows[i], b.rows[j] = b.rows[j], b.rows[i]
	b.names[i], b.names[j] = b.names[j], b.names[i]
}

// variance adds, over strata, m/(m−1) Σ(z_c − z̄)², z_c the total of u in cluster c.
func (s Survey) variance(u []float64) (v, df float64, err error) {
	strata := [][]int{make([]int, len(u))}
	for i := range u {
		strata[0][i] = i
	}
	if s.Stratum != nil {
		strata, _ = byValue(s.Stratum)
	}
	for _, rows := range strata {
		z := s.clusterTotals(u, rows)
		m := float64(len(z))
		if len(z) < 2 {
			return 0, 0, fault.New(fault.Invalid, "share", "a stratum has one cluster: its variance cannot be known").
				With("merge it with a neighbouring stratum")
		}
		mean, ss := 0.0, 0.0
		for _, t := range z {
			mean += t / m
		}
		for _, t := range z {
			ss += (t - mean) * (t - mean)
		}
		v += m / (m - 1) * ss
		df += m - 1
	}
	return v, df, nil
}

func (s Survey) clusterTotals(u []float64, rows []int) []float64 {
	if s.Cluster == nil {
		z := make([]float64, len(rows))
		for k, i := range rows {
			z[k] = u[i]
		}
		return z
	}
	var z []float64
	at := map[string]int{}
	for _, i := range rows {
		k, ok := at[s.Cluster[i]]
		if !ok {
			k = len(z)
			at[s.Cluster[i]] = k
			z = append(z, 0)
		}
		z[k] += u[i]
	}
	return z
}

func (o *Share) intervals(level float64) {
	nan := estimate.Number(math.NaN())
	o.DesignEffect, o.NEffective = nan, nan
	o.Logit = estimate.Interval{Lower: nan, Upper: nan, Level: level}
	n, a := float64(o.N), (1-level)/2
	t := quantile.Student(1-a, o.DF)
	pq := o.P * (1 - o.P)
	effective := n
	if pq > 0 && o.SE > 0 {
		effective = pq / (o.SE * o.SE)
		o.DesignEffect = estimate.Number((n - 1) / effective)
		o.NEffective = estimate.Number(effective)
		logit, half := math.Log(o.P/(1-o.P)), t*o.SE/pq
		o.Logit.Lower = estimate.Number(1 / (1 + math.Exp(half-logit)))
		o.Logit.Upper = estimate.Number(1 / (1 + math.Exp(-half-logit)))
		r := quantile.Student(a, n-1) / quantile.Student(a, o.DF)
		effective *= r * r
	} else {
		effective = o.KishN // nothing to linearise at 0 and 1: what the weights alone cost
	}
	o.KornGraubard = kornGraubard(o.P, effective, level)
}

func kornGraubard(p, n, level float64) estimate.Interval {
	a := (1 - level) / 2
	lo, hi := 0.0, 1.0
	if p > 0 {
		lo = quantile.Beta(a, n*p, n*(1-p)+1)
	}
	if p < 1 {
		hi = quantile.Beta(1-a, n*p+1, n*(1-p))
	}
	return estimate.Interval{Lower: estimate.Number(lo), Upper: estimate.Number(hi), Level: level}
}
