// Package weight brings a sample to published margins and says what that costs: post-
// stratification, raking, Kish's effective number, the design effect, and shares with
// standard errors that know of weights, strata, clusters and calibration.
//
// Weights repair who was asked, by what is known of everybody. They repair nothing that
// the margins do not know of; see package bounds.
package weight

import (
	"math"
	"sort"

	"example.org/amparo/fault"
)

// Margin is one variable with published totals. Category[i] is that of row i; Totals holds
// the number of people in the population in every category.
type Margin struct {
	Name     string
	Category []string
	Totals   map[string]float64
}

// Calibrated are weights brought to margins. Rounds is 1 for one margin; Miss is the
// largest relative distance left between a weighted category and its total.
type Calibrated struct {
	Weights []float64 `json:"-"`
	Rounds  int       `json:"rounds"`
	Miss    float64   `json:"miss"`
}

// PostStratify scales weights so that each category of m adds up to its total.
//
// Source: Holt and Smith (1979), JRSS A 142, 33-46.
func PostStratify(weights []float64, m Margin) (Calibrated, error) {
	return Rake(weights, []Margin{m})
}

// rakeRounds bounds the iteration; consistent margins converge in tens.
const rakeRounds = 10000

// Rake scales weights to each margin in turn until all of them hold to 1e-12, relative.
// Margins need not share a grand total beyond rounding, but one that differs by more than
// one part in a thousand is refused: raking would go round for ever.
//
// A category with people in the population and none in the sample is refused with the
// remedy to merge it: no weight can stand for people of whom nobody was asked.
//
// Source: Deming and Stephan (1940), Annals of Mathematical Statistics 11, 427-444.
func Rake(weights []float64, margins []Margin) (Calibrated, error) {
	w := append([]float64(nil), weights...)
	groups, err := prepare(w, margins)
	if err != nil {
		return Calibrated{}, err
	}
	c := Calibrated{Weights: w}
	for c.Rounds = 1; c.Rounds <= rakeRounds; c.Rounds++ {
		for _, g := range groups {
			g.scale(w)
		}
		c.Miss = 0
		for _, g := range groups {
			c.Miss = math.Max(c.Miss, g.miss(w))
		}
		if c.Miss < 1e-12 {
			return c, nil
		}
	}
	return Calibrated{}, fault.New(fault.Invalid, "raking", "the margins do not meet after %d rounds: %.2g is left", rakeRounds, c.Miss).
		With("check that the margins add up to one population and that no two of them contradict each other in the sample")
}

// grouping is a margin as row numbers by category, in sorted order of the categories.
type grouping struct {
	rows   [][]int
	totals []float64
}

func prepare(w []float64, margins []Margin) ([]grouping, error) {
	for i, v := range w {
		if !(v > 0) || math.IsInf(v, 1) {
			return nil, fault.New(fault.Invalid, "weights", "the weight of row %d is %g", i+1, v).With("weights are positive numbers")
		}
	}
	if len(margins) == 0 || len(w) == 0 {
		return nil, fault.New(fault.Invalid, "weights", "there is nothing to calibrate").With("give at least one row and one margin")
	}
	var groups []grouping
	first := 0.0
	for k, m := range margins {
		g, sum, err := m.group(len(w))
		if err != nil {
			return nil, err
		}
		if k == 0 {
			first = sum
		} else if math.Abs(sum-first) > 1e-3*first {
			return nil, fault.New(fault.Invalid, "raking", "the margin %q adds up to %g, the first to %g", m.Name, sum, first).
				With("all margins describe the same population: give totals that agree")
		}
		if k > 0 {
			for i := range g.totals { // rounding of published tables: bring to one total
				g.totals[i] *= first / sum
			}
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func (m Margin) group(n int) (g grouping, sum float64, err error) {
	if len(m.Category) != n {
		return g, 0, fault.New(fault.Invalid, "weights", "the margin %q has %d rows, the weights %d", m.Name, len(m.Category), n)
	}
	byName := map[string][]int{}
	for i, c := range m.Category {
		if _, ok := m.Totals[c]; !ok {
			return g, 0, fault.New(fault.Invalid, "weights", "row %d is in a category of %q without a total", i+1, m.Name).
				With("give the total of every category, or leave the row out")
		}
		byName[c] = append(byName[c], i)
	}
	names := make([]string, 0, len(m.Totals))
	for c := range m.Totals {
		names = append(names, c)
	}
	sort.Strings(names)
	for _, c := range names {
		t := m.Totals[c]
		if !(t >= 0) || math.IsInf(t, 1) {
			return g, 0, fault.New(fault.Invalid, "weights", "a total of %q is %g", m.Name, t).With("totals are numbers of people")
		}
		if t == 0 && len(byName[c]) == 0 {
			continue
		}
		if t == 0 || len(byName[c]) == 0 {
			return g, 0, fault.New(fault.Invalid, "weights", "the category %q of %q has %d rows and a total of %g", c, m.Name, len(byName[c]), t).
				With("merge it with a neighbouring category: nobody asked can stand for it")
		}
		g.rows = append(g.rows, byName[c])
		g.totals = append(g.totals, t)
		sum += t
	}
	return g, sum, nil
}

func (g grouping) scale(w []float64) {
	for k, rows := range g.rows {
		f := g.totals[k] / sumOf(w, rows)
		for _, i := range rows {
			w[i] *= f
		}
	}
}

func (g grouping) miss(w []float64) float64 {
	worst := 0.0
	for k, rows := range g.rows {
		worst = math.Max(worst, math.Abs(sumOf(w, rows)/g.totals[k]-1))
	}
	return worst
}

func sumOf(w []float64, rows []int) float64 {
	s := 0.0
	for _, i := range rows {
		s += w[i]
	}
	return s
}

// Kish returns the effective number (Σw)²/Σw² and the design effect of weighting
// n·Σw²/(Σw)²: how many equally weighted people would know as much, and how many times
// over the sample was paid for.
//
// Source: Kish (1965), Survey Sampling, section 11.7.
func Kish(weights []float64) (effective, designEffect float64) {
	var s, s2 float64
	for _, w := range weights {
		s += w
		s2 += w * w
	}
	return s * s / s2, float64(len(weights)) * s2 / (s * s)
}
