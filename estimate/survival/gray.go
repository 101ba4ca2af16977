package survival

import (
	"slices"

	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Gray compares the probability of one cause over time between groups, the other causes
// being what else can happen. With no other cause its score is that of the log-rank test.
// Late entries and weights are refused.
//
// The covariance is that of the paper, with the number tied at a time corrected as in the
// hypergeometric; other programs correct ties otherwise, which moves the statistic in the
// fourth digit.
//
// Source: Gray (1988), Annals of Statistics 16, 1141-1154, ρ = 0.
func Gray(in []Outcome, cause string) (Test, error) {
	obs := make([]Observation, len(in))
	for i, v := range in {
		if v.Late || v.Weight != 0 && v.Weight != 1 {
			return Test{}, fault.Problem{Row: i + 1, Column: "entry", Reason: "Gray's test takes neither late entries nor weights", Remedy: "compare the curves with their bands"}
		}
		obs[i] = Observation{Time: v.Time, Event: v.Cause != "", Group: v.Group}
	}
	if err := check(obs); err != nil {
		return Test{}, err
	}
	obs = tied(obs)
	g := &grayTest{groups: Groups(obs), cause: cause}
	if len(g.groups) < 2 {
		return Test{}, fault.New(fault.Invalid, "Gray's test", "there is one group").With("name a column of groups with at least two values")
	}
	g.tally(obs, in)
	t := Test{Name: "Gray", Groups: g.groups, N: g.n, DF: len(g.groups) - 1}
	t.Observed, t.Expected = g.forward()
	score := make([]float64, len(g.groups))
	for k := range score {
		score[k] = t.Observed[k] - t.Expected[k]
	}
	t.Chi2 = quadratic(score, g.backward())
	t.P = quantile.ChiSquaredTail(t.Chi2, float64(t.DF))
	return t, nil
}

// grayTest holds, at each time of any end, what the groups look like.
type grayTest struct {
	groups []string
	cause  string
	n      []int
	steps  []grayStep
}

// grayStep has an entry a group: at risk, ends by the cause and by others; from forward,
// h = Y/S(t−), R = h(1−F(t−)) and S after; and of all together dF/(1−F), dF and F after.
type grayStep struct {
	time                float64
	risk, ours, others  []float64
	h, r, after         []float64
	hazard, jump, share float64
}

func (g *grayTest) tally(obs []Observation, in []Outcome) {
	k := len(g.groups)
	g.n = make([]int, k)
	var times []float64
	for _, o := range obs {
		if o.Event {
			times = append(times, o.Time)
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	for _, t := range times {
		g.steps = append(g.steps, grayStep{time: t, risk: make([]float64, k), ours: make([]float64, k), others: make([]float64, k),
			h: make([]float64, k), r: make([]float64, k), after: make([]float64, k)})
	}
	for i, o := range obs {
		a := slices.Index(g.groups, o.Group)
		g.n[a]++
		last, exact := slices.BinarySearch(times, o.Time)
		if exact {
			last++
		}
		for s := range last {
			g.steps[s].risk[a]++
		}
		switch {
		case !o.Event:
		case in[i].Cause == g.cause:
			g.steps[last-1].ours[a]++
		default:
			g.steps[last-1].others[a]++
		}
	}
}

// forward runs the curves of the groups and the common one, and returns what was observed
// and expected by group.
func (g *grayTest) forward() (observed, expected []float64) {
	k := len(g.groups)
	observed, expected = make([]float64, k), make([]float64, k)
	surv, inc, common := make([]float64, k), make([]float64, k), 0.0
	for a := range surv {
		surv[a] = 1
	}
	for i := range g.steps {
		s := &g.steps[i]
		var h, r, d float64
		for a := range surv {
			if s.risk[a] > 0 {
				s.h[a] = s.risk[a] / surv[a]
				s.r[a] = s.h[a] * (1 - inc[a])
			}
			h, r, d = h+s.h[a], r+s.r[a], d+s.ours[a]
		}
		for a := range surv {
			observed[a] += s.ours[a]
			if r > 0 {
				expected[a] += d * s.r[a] / r
			}
			if s.risk[a] > 0 {
				inc[a] += surv[a] * s.ours[a] / s.risk[a]
				surv[a] *= (s.risk[a] - s.ours[a] - s.others[a]) / s.risk[a]
			}
			s.after[a] = surv[a]
		}
		s.jump = d / h
		if common < 1 {
			s.hazard = s.jump / (1 - common)
		}
		common += s.jump
		s.share = common
	}
	return observed, expected
}

// backward sums the covariance from the last time: c[a][b] is the integral, over later
// times, of how the score of a moves with the curve of b.
func (g *grayTest) backward() [][]float64 {
	k := len(g.groups)
	v, c := zeros(k), zeros(k)
	for i := len(g.steps) - 1; i >= 0; i-- {
		s := g.steps[i]
		h, r, d := sum(s.h), sum(s.r), sum(s.ours)
		for b := range g.groups {
			if s.risk[b] == 0 {
				continue
			}
			n1 := s.h[b] * s.jump * untied(d, r)
			n2 := s.others[b] * untied(s.others[b], s.risk[b])
			ours, others := make([]float64, k), make([]float64, k)
			for a := range ours {
				ours[a] = delta(a, b) - s.h[a]/h - c[a][b]*(1-s.share-s.after[b])/s.risk[b]
				others[a] = -c[a][b] * (1 - s.share) / s.risk[b]
			}
			for a := range ours {
				for e := range ours {
					v[a][e] += ours[a]*ours[e]*n1 + others[a]*others[e]*n2
				}
			}
		}
		for a := range c {
			for b := range c {
				c[a][b] += (delta(a, b) - s.h[a]/h) * s.h[b] * s.hazard
			}
		}
	}
	return v
}

// untied is the factor by which d events at once vary less than one by one.
func untied(d, n float64) float64 {
	if d <= 1 || n <= 1 {
		return 1
	}
	return max(0, 1-(d-1)/(n-1))
}

func delta(a, b int) float64 {
	if a == b {
		return 1
	}
	return 0
}

func sum(v []float64) float64 {
	t := 0.0
	for _, x := range v {
		t += x
	}
	return t
}

func zeros(k int) [][]float64 {
	m := make([][]float64, k)
	for i := range m {
		m[i] = make([]float64, k)
	}
	return m
}
