package survival

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Interval is a duration known to lie in (Left, Right], or in [Left, Right] when Closed.
// Left = Right is an exact one; Right = +Inf is still running at Left.
type Interval struct {
	Left, Right float64
	Closed      bool
	Weight      float64 // 0 stands for 1
	Group       string
}

func (v Interval) weight() float64 {
	if v.Weight == 0 {
		return 1
	}
	return v.Weight
}

// Mass is probability somewhere in (Left, Right], or in [Left, Right] when Closed; where
// in it, the data cannot say. Exact says that it lies on Right = Left.
type Mass struct {
	Left   float64         `json:"left"`
	Right  estimate.Number `json:"right"` // infinite: beyond the last time
	P      float64         `json:"p"`
	Exact  bool            `json:"exact,omitempty"`
	Closed bool            `json:"closed,omitempty"`
}

// Turnbull is the nonparametric maximum likelihood estimate for interval-censored times.
// Masses are the innermost intervals with probability, in order; Gap bounds how far the
// log-likelihood is from its maximum. Unique is false when other masses are as likely.
type Turnbull struct {
	Masses        []Mass  `json:"masses"`
	LogLikelihood float64 `json:"loglik"`
	Gap           float64 `json:"gap"`
	Rounds        int     `json:"rounds"`
	Unique        bool    `json:"unique"`
	N             int     `json:"n"`

	clique *clique
	p      []float64 // over all innermost intervals, also those without probability
}

func checkIntervals(in []Interval) error {
	if len(in) == 0 {
		return fault.New(fault.Invalid, "survival", "there are no durations").With("give at least one row")
	}
	for i, v := range in {
		switch {
		case math.IsNaN(v.Left) || math.IsInf(v.Left, 0) || v.Left < 0:
			return fault.Problem{Row: i + 1, Column: "left", Reason: "the left end is a number from 0 on", Remedy: "give 0 where nothing is known but that it ended by right"}
		case math.IsNaN(v.Right) || v.Right < v.Left:
			return fault.Problem{Row: i + 1, Column: "right", Reason: "the right end lies before the left end", Remedy: "leave right empty where it had not ended"}
		case math.IsNaN(v.Weight) || math.IsInf(v.Weight, 0) || v.Weight < 0:
			return fault.Problem{Row: i + 1, Column: "weight", Reason: "a weight is a positive number", Remedy: "leave rows of weight 0 out"}
		}
	}
	return nil
}

// clique is the incidence of observations on innermost intervals: observation i covers
// the innermost intervals first[i] to last[i], without a gap.
type clique struct {
	inner       []Mass
	first, last []int
	w           []float64
	n           float64
}

// end is an end of an interval with its place among equal values: a closed left end comes
// before what ends there, an open one after it.
type end struct {
	at    float64
	order int // 0 closed left end, 1 right end, 2 open left end
}

func ends(v Interval) (left, right end) {
	if v.Left == v.Right || v.Closed {
		return end{v.Left, 0}, end{v.Right, 1}
	}
	return end{v.Left, 2}, end{v.Right, 1}
}

func (e end) compare(o end) int {
	return cmp.Or(cmp.Compare(e.at, o.at), cmp.Compare(e.order, o.order))
}

// newClique finds the innermost intervals: a left end followed at once by a right end.
//
// Source: Peto (1973), JRSS C 22, 86-91; Turnbull (1976), JRSS B 38, 290-295.
func newClique(in []Interval) *clique {
	c := &clique{}
	all := make([]end, 0, 2*len(in))
	for _, v := range in {
		l, r := ends(v)
		all = append(all, l, r)
	}
	slices.SortFunc(all, end.compare)
	all = slices.Compact(all)
	var lefts []end
	for i := 0; i+1 < len(all); i++ {
		if l, r := all[i], all[i+1]; l.order != 1 && r.order == 1 {
			c.inner = append(c.inner, Mass{Left: l.at, Right: estimate.Number(r.at), Exact: l.at == r.at, Closed: l.order == 0 && l.at < r.at})
			lefts = append(lefts, l)
		}
	}
	for _, v := range in {
		l, r := ends(v)
		a, _ := slices.BinarySearchFunc(lefts, l, end.compare)
		b, found := slices.BinarySearchFunc(c.inner, r, func(m Mass, r end) int { return cmp.Compare(float64(m.Right), r.at) })
		if !found {
			b--
		} else {
			for b+1 < len(c.inner) && float64(c.inner[b+1].Right) == r.at { // an exact time at the end of an open interval
				b++
			}
		}
		c.first, c.last, c.w = append(c.first, a), append(c.last, b), append(c.w, v.weight())
		c.n += v.weight()
	}
	return c
}

// chances fills pr with the probability of each observation and returns the
// log-likelihood.
func (c *clique) chances(p, cum, pr []float64) float64 {
	cum[0] = 0
	for s, v := range p {
		cum[s+1] = cum[s] + v
	}
	ll := 0.0
	for i := range c.first {
		pr[i] = cum[c.last[i]+1] - cum[c.first[i]]
		ll += c.w[i] * math.Log(pr[i])
	}
	return ll
}

// gradient fills d with Σ_i w_i α_is / P_i and returns its largest value.
func (c *clique) gradient(pr, d []float64) float64 {
	clear(d)
	for i, v := range pr {
		d[c.first[i]] += c.w[i] / v
		if k := c.last[i] + 1; k < len(d) {
			d[k] -= c.w[i] / v
		}
	}
	top, run := math.Inf(-1), 0.0
	for s := range d {
		run += d[s]
		d[s] = run
		top = math.Max(top, run)
	}
	return top
}

// TurnbullRounds bounds the iteration.
const TurnbullRounds = 20000

// turnbullGap is when the estimate is done: the log-likelihood is within it of the
// maximum, by max_s Σ_i w_iα_is/P_i − n, the largest violation of the Karush-Kuhn-Tucker
// conditions.
const turnbullGap = 1e-10

// NPMLE estimates the distribution of interval-censored times: EM steps, which keep the
// likelihood rising, alternate with iterative-convex-minorant steps, which move
// probability between distant intervals.
//
// Sources: Turnbull (1976), JRSS B 38, 290-295; Wellner and Zhan (1997), JASA 92, 945-959
// (EM-ICM); Gentleman and Geyer (1994), Biometrika 81, 618-623 (when it is done).
func NPMLE(in []Interval) (*Turnbull, error) {
	if err := checkIntervals(in); err != nil {
		return nil, err
	}
	c := newClique(in)
	m := len(c.inner)
	p := make([]float64, m)
	for s := range p {
		p[s] = 1 / float64(m)
	}
	cum, pr, d := make([]float64, m+1), make([]float64, len(in)), make([]float64, m)
	t := &Turnbull{N: len(in), clique: c}
	for t.Rounds = 1; ; t.Rounds++ {
		t.LogLikelihood = c.chances(p, cum, pr)
		t.Gap = c.gradient(pr, d) - c.n
		if t.Gap <= turnbullGap*math.Max(1, c.n/100) {
			break
		}
		if t.Rounds == TurnbullRounds {
			return nil, fault.New(fault.Internal, "survival", "the estimate for interval-censored times did not settle in %d rounds; the log-likelihood may rise by %.2g", TurnbullRounds, t.Gap).
				With("merge times that are nearly equal")
		}
		for s := range p {
			p[s] *= d[s] / c.n
		}
		c.minorant(p, cum, pr)
		if t.Rounds%5 == 0 {
			c.newton(p, cum, pr, d)
		}
	}
	t.p = p
	for s, v := range p {
		if v > 1e-9 {
			mass := c.inner[s]
			mass.P = v
			t.Masses = append(t.Masses, mass)
		}
	}
	t.Unique = c.unique(p, d)
	return t, nil
}

// Range returns the lowest and highest the survival curve can be at t: they differ only
// inside an interval that holds mass.
func (t *Turnbull) Range(at float64) (lower, upper float64) {
	return tail(t.Masses, at)
}

// tail adds the mass surely beyond at, and possibly beyond it.
func tail(masses []Mass, at float64) (lower, upper float64) {
	for _, m := range masses {
		switch {
		case m.Exact:
			if m.Left > at {
				lower, upper = lower+m.P, upper+m.P
			}
		case m.Left > at || m.Left == at && !m.Closed:
			lower, upper = lower+m.P, upper+m.P
		case float64(m.Right) > at:
			upper += m.P
		}
	}
	return lower, upper
}

// Median returns the interval in which the time lies by which half have ended. An
// infinite right end means "more than Left".
func (t *Turnbull) Median() Mass { return t.Quantile(0.5) }

// Quantile returns the interval in which the time lies by which a share p has ended.
func (t *Turnbull) Quantile(p float64) Mass {
	sum := 0.0
	for i, m := range t.Masses {
		sum += m.P
		if sum >= p-1e-9 {
			if math.Abs(sum-p) <= 1e-9 && i+1 < len(t.Masses) { // flat at exactly p: anywhere up to the next
				m.Right = t.Masses[i+1].Right
			}
			return m
		}
	}
	return t.Masses[len(t.Masses)-1]
}
