package survival

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
)

// The influence of person i on S(t) is −S(t)·L_i(t), with
//
//	L_i(t) = [event of i at T ≤ t]/(r−d at T) − (A(min(t, T)) − A(entry)),
//	A(t) = Σ d/(r(r−d)) over event times up to t,
//
// and on the cumulative hazard the same with 1/r and Σ d/r². The variance is the sum over
// people (or families) of the squared weighted influence.

// ledger runs Σ (w·L)² over the steps, for one choice of jump and of A.
type ledger struct {
	jump, sum []float64 // by step: 1/(r−d) or 1/r, and A
	out       []float64 // by step: Σ (w L)²
}

func (c *Curve) ledgers() (km, na ledger) {
	m := len(c.Steps)
	km = ledger{make([]float64, m), make([]float64, m), make([]float64, m)}
	na = ledger{make([]float64, m), make([]float64, m), make([]float64, m)}
	var a, b float64
	for i, s := range c.Steps {
		if s.Events > 0 {
			if rest := s.survivors(); rest > 0 {
				km.jump[i] = 1 / rest
				a += s.Events / (s.AtRisk * rest)
			}
			na.jump[i] = 1 / s.AtRisk
			b += s.Events / (s.AtRisk * s.AtRisk)
		}
		km.sum[i], na.sum[i] = a, b
	}
	return km, na
}

// jackknife replaces the variances.
func (c *Curve) jackknife() {
	km, na := c.ledgers()
	families := c.families()
	for _, l := range []*ledger{&km, &na} {
		if families == nil {
			c.runAlone(l)
		} else {
			c.runFamilies(l, families)
		}
	}
	for i := range c.Steps {
		s := &c.Steps[i]
		s.SE = estimate.Number(s.Survival * math.Sqrt(km.out[i]))
		s.CumHazardSE = math.Sqrt(na.out[i])
	}
}

// families groups row numbers by ID, in order of first sight, or is nil when every row is
// alone.
func (c *Curve) families() [][]int {
	at := map[string]int{}
	var rows [][]int
	for i, o := range c.obs {
		k, ok := at[o.ID]
		if o.ID == "" || !ok {
			k = len(rows)
			rows = append(rows, nil)
			if o.ID != "" {
				at[o.ID] = k
			}
		}
		rows[k] = append(rows[k], i)
	}
	if len(rows) == len(c.obs) {
		return nil
	}
	return rows
}

// step returns the number of the step at t; it exists for every Time.
func (c *Curve) step(t float64) int {
	i, _ := slices.BinarySearchFunc(c.Steps, t, func(s Step, t float64) int { return compare(s.Time, t) })
	return i
}

// before returns A at an entry: the sum over event times up to and with it.
func (c *Curve) before(l *ledger, o Observation) float64 {
	if !o.Late {
		return 0
	}
	i, exact := slices.BinarySearchFunc(c.Steps, o.Entry, func(s Step, t float64) int { return compare(s.Time, t) })
	if !exact {
		i--
	}
	if i < 0 {
		return 0
	}
	return l.sum[i]
}

// runAlone does it in one sweep: people who left have a constant influence; those at risk
// share A(t) and differ by A(entry).
func (c *Curve) runAlone(l *ledger) {
	m := len(c.Steps)
	type moments struct{ w2, w2a, w2aa float64 } // Σw², Σw²A(entry), Σw²A(entry)²
	leave, enter := make([]moments, m), make([]moments, m+1)
	gone := make([]float64, m)
	var at moments
	for _, o := range c.obs {
		i, w2, a := c.step(o.Time), o.weight()*o.weight(), c.before(l, o)
		mo := moments{w2, w2 * a, w2 * a * a}
		v := -(l.sum[i] - a)
		if o.Event {
			v += l.jump[i]
		}
		gone[i] += w2 * v * v
		add := func(to *moments) { to.w2 += mo.w2; to.w2a += mo.w2a; to.w2aa += mo.w2aa }
		add(&leave[i])
		if !o.Late {
			add(&at)
			continue
		}
		k, exact := slices.BinarySearchFunc(c.Steps, o.Entry, func(s Step, t float64) int { return compare(s.Time, t) })
		if exact {
			k++ // at risk from the next time on
		}
		add(&enter[k])
	}
	done := 0.0
	for i := range c.Steps {
		at.w2 += enter[i].w2 - leave[i].w2
		at.w2a += enter[i].w2a - leave[i].w2a
		at.w2aa += enter[i].w2aa - leave[i].w2aa
		done += gone[i]
		a := l.sum[i]
		l.out[i] = done + math.Max(0, a*a*at.w2-2*a*at.w2a+at.w2aa)
	}
}

// runFamilies adds the influences within a family before squaring.
func (c *Curve) runFamilies(l *ledger, families [][]int) {
	for _, rows := range families {
		sum := make([]float64, len(c.Steps))
		for _, r := range rows {
			o := c.obs[r]
			end, w, a := c.step(o.Time), o.weight(), c.before(l, o)
			for i, s := range c.Steps {
				if s.Time <= o.entry() {
					continue
				}
				v := -(l.sum[min(i, end)] - a)
				if o.Event && i >= end {
					v += l.jump[end]
				}
				sum[i] += w * v
			}
		}
		for i, v := range sum {
			l.out[i] += v * v
		}
	}
}
