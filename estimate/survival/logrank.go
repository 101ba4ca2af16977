package survival

import (
	"math"
	"slices"

	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Test is a comparison of groups: by group what was observed and what would be expected
// were the groups alike, weighted, and a chi-squared statistic.
type Test struct {
	Name     string    `json:"name"`
	Groups   []string  `json:"groups"`
	N        []int     `json:"n"`
	Observed []float64 `json:"observed,omitempty"`
	Expected []float64 `json:"expected,omitempty"`
	Chi2     float64   `json:"chi2"`
	DF       int       `json:"df"`
	P        float64   `json:"p"`
}

// LogRank compares the groups in obs by the G^ρ family: each event time is weighted by
// S(t−)^ρ of the pooled curve. ρ = 0 is the log-rank test, ρ = 1 Peto's. Late entries are
// honoured; weights must be whole numbers, each so many people.
//
// Source: Harrington and Fleming (1982), Biometrika 69, 553-566.
func LogRank(obs []Observation, rho float64) (Test, error) {
	if err := check(obs); err != nil {
		return Test{}, err
	}
	for i, o := range obs {
		if w := o.weight(); w != math.Trunc(w) {
			return Test{}, fault.Problem{Row: i + 1, Column: "weight", Reason: "the log-rank test takes a weight as so many people", Remedy: "use whole numbers, or compare the restricted means"}
		}
	}
	obs = tied(obs)
	groups := Groups(obs)
	k := len(groups)
	if k < 2 {
		return Test{}, fault.New(fault.Invalid, "log-rank", "there is one group").With("name a column of groups with at least two values")
	}
	t := Test{Name: "log-rank", Groups: groups, N: make([]int, k), Observed: make([]float64, k), Expected: make([]float64, k), DF: k - 1}
	if rho != 0 {
		t.Name = "G-rho"
	}
	arms := make([]*Curve, k)
	for g, name := range groups {
		in := InGroup(obs, name)
		t.N[g] = len(in)
		arms[g] = &Curve{obs: in}
		arms[g].tally()
	}
	pooled := &Curve{obs: obs}
	pooled.tally()
	v := pooled.compareArms(arms, rho, &t)
	diff := make([]float64, k)
	for g := range diff {
		diff[g] = t.Observed[g] - t.Expected[g]
	}
	t.Chi2 = quadratic(diff, v)
	t.P = quantile.ChiSquaredTail(t.Chi2, float64(t.DF))
	return t, nil
}

// compareArms fills observed and expected and returns their covariance.
func (c *Curve) compareArms(arms []*Curve, rho float64, t *Test) [][]float64 {
	k := len(arms)
	v := make([][]float64, k)
	for g := range v {
		v[g] = make([]float64, k)
	}
	surv := 1.0
	r := make([]float64, k)
	for _, s := range c.Steps {
		if s.Events == 0 {
			continue
		}
		w := math.Pow(surv, rho)
		for g, a := range arms {
			var d float64
			r[g], d = a.riskAt(s.Time)
			t.Observed[g] += w * d
			t.Expected[g] += w * s.Events * r[g] / s.AtRisk
		}
		if s.AtRisk > 1 {
			f := w * w * s.Events * (s.AtRisk - s.Events) / (s.AtRisk - 1)
			for g := range arms {
				for h := range arms {
					same := 0.0
					if g == h {
						same = 1
					}
					v[g][h] += f * r[g] / s.AtRisk * (same - r[h]/s.AtRisk)
				}
			}
		}
		surv *= s.survivors() / s.AtRisk
	}
	return v
}

// riskAt returns the weight at risk and of events at exactly t.
func (c *Curve) riskAt(t float64) (r, d float64) {
	i, exact := slices.BinarySearchFunc(c.Steps, t, func(s Step, t float64) int { return compare(s.Time, t) })
	if exact {
		return c.Steps[i].AtRisk, c.Steps[i].Events
	}
	if i == len(c.Steps) {
		return 0, 0
	}
	r = c.Steps[i].AtRisk // those who are there at the next time, less those who enter before it
	for _, o := range c.obs {
		if o.Late && o.Entry >= t && o.Entry < c.Steps[i].Time {
			r -= o.weight()
		}
	}
	return r, 0
}

// quadratic returns dᵀ V⁻ d with the generalised inverse of a covariance whose rows add up
// to zero, by pivoted elimination; directions without variance are left out.
func quadratic(d []float64, v [][]float64) float64 {
	n := len(d)
	a := make([][]float64, n)
	b := slices.Clone(d)
	scale := 0.0
	for i := range a {
		a[i] = slices.Clone(v[i])
		scale = math.Max(scale, v[i][i])
	}
	used := make([]bool, n)
	q := 0.0
	for {
		p := -1
		for i := range a {
			if !used[i] && a[i][i] > 1e-10*scale && (p < 0 || a[i][i] > a[p][p]) {
				p = i
			}
		}
		if p < 0 {
			return q
		}
		used[p] = true
		q += b[p] * b[p] / a[p][p]
		for i := range a {
			if used[i] {
				continue
			}
			f := a[i][p] / a[p][p]
			b[i] -= f * b[p]
			for j := range a {
				a[i][j] -= f * a[p][j]
			}
		}
	}
}
