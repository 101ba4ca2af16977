package survival

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// IntervalTest is the comparison of groups of interval-censored times. Z is the normal
// statistic for two groups, positive when the second, by name, ends later.
type IntervalTest struct {
	Test
	Z estimate.Number `json:"z"` // NaN with more than two groups
}

// IntervalLogRank compares groups of interval-censored times by permutation of Sun's
// log-rank scores under the pooled estimate; the distribution is the central limit of
// permutations, good when the way ends are observed is alike in the groups.
//
// Sources: Sun (1996), Statistics in Medicine 15, 1387-1395; Fay and Shaw (2010), Journal
// of Statistical Software 36(2), section 2 (scores and permutation form).
func IntervalLogRank(in []Interval) (IntervalTest, error) {
	pooled, err := NPMLE(in)
	if err != nil {
		return IntervalTest{}, err
	}
	var groups []string
	for i, v := range in {
		if v.weight() != 1 {
			return IntervalTest{}, fault.Problem{Row: i + 1, Column: "weight", Reason: "the test permutes people, who cannot have weights", Remedy: "leave the weights out"}
		}
		if !slices.Contains(groups, v.Group) {
			groups = append(groups, v.Group)
		}
	}
	slices.Sort(groups)
	k := len(groups)
	if k < 2 {
		return IntervalTest{}, fault.New(fault.Invalid, "log-rank", "there is one group").With("name a column of groups with at least two values")
	}
	t := IntervalTest{Test: Test{Name: "interval log-rank", Groups: groups, N: make([]int, k), DF: k - 1}}
	scores := pooled.scores()
	sum, mean, ss := make([]float64, k), 0.0, 0.0
	for i, v := range in {
		g := slices.Index(groups, v.Group)
		t.N[g]++
		sum[g] += scores[i]
		mean += scores[i] / float64(len(in))
	}
	for _, s := range scores {
		ss += square(s - mean)
	}
	n := float64(len(in))
	v := make([][]float64, k)
	for g := range v {
		v[g] = make([]float64, k)
		sum[g] -= mean * float64(t.N[g])
		for h := range v {
			v[g][h] = -ss / (n - 1) * float64(t.N[g]) * float64(t.N[h]) / n
			if g == h {
				v[g][h] += ss / (n - 1) * float64(t.N[g])
			}
		}
	}
	t.Chi2 = quadratic(sum, v)
	t.P = quantile.ChiSquaredTail(t.Chi2, float64(t.DF))
	t.Z = estimate.Number(math.NaN())
	if k == 2 {
		t.Z = estimate.Number(-sum[1] / math.Sqrt(v[1][1]))
	}
	return t, nil
}

// scores returns Sun's score of each observation: with S before and after its interval
// and H the sum of p/S along the innermost intervals, [S_R·H_R − S_L·H_L]/(S_L − S_R).
func (t *Turnbull) scores() []float64 {
	m := len(t.p)
	surv, haz := make([]float64, m+1), make([]float64, m+1)
	for s := m - 1; s >= 0; s-- {
		surv[s] = surv[s+1] + t.p[s]
	}
	surv[0] = 1
	for s := range t.p {
		haz[s+1] = haz[s]
		if t.p[s] > 0 {
			haz[s+1] += t.p[s] / surv[s]
		}
	}
	out := make([]float64, len(t.clique.first))
	for i := range out {
		a, b := t.clique.first[i], t.clique.last[i]+1
		out[i] = (surv[b]*haz[b] - surv[a]*haz[a]) / (surv[a] - surv[b])
	}
	return out
}
