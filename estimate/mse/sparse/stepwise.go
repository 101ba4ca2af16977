package sparse

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"example.org/amparo/estimate/lin"
)

// step is a fitted model on the way.
type step struct {
	terms []uint32 // with a finite coefficient: the empty set, lists, pairs
	empty []uint32 // pairs that nobody is on, in the model
	order []uint32 // pairs in the order they were added
	p     []float64
	fit   lin.Poisson
	se    float64
	df    int
}

// stepper chooses models for one table of counts after another and reuses its memory.
type stepper struct {
	j         int
	threshold float64
	pairs     []uint32
	solver    lin.Solver
	checker   lin.Checker

	y       []float64
	listed  uint32    // lists that name somebody
	overlap []float64 // by index of pair

	keep     []bool
	terms    []uint32
	empty    []uint32
	flat     []int8
	rows     [][]int8
	positive []bool
}

func newStepper(j int, threshold float64) *stepper {
	s := &stepper{j: j, threshold: threshold, keep: make([]bool, 1<<uint(j))}
	for a := range j {
		for b := a + 1; b < j; b++ {
			s.pairs = append(s.pairs, 1<<uint(a)|1<<uint(b))
		}
	}
	s.overlap = make([]float64, len(s.pairs))
	return s
}

// load takes counts by history and adds up the overlaps.
func (s *stepper) load(y []float64) {
	s.y, s.listed = y, 0
	clear(s.overlap)
	for h, c := range y {
		if c <= 0 || h == 0 {
			continue
		}
		s.listed |= uint32(h)
		for k, p := range s.pairs {
			if uint32(h)&p == p {
				s.overlap[k] += c
			}
		}
	}
}

// layout sets terms and histories for a model with these pairs: a list that names nobody
// and a pair that nobody is on take their histories out.
func (s *stepper) layout(pairs []uint32) {
	s.terms, s.empty = append(s.terms[:0], 0), s.empty[:0]
	for rest := s.listed; rest > 0; rest &= rest - 1 {
		s.terms = append(s.terms, rest&-rest)
	}
	for _, p := range pairs {
		if k := slices.Index(s.pairs, p); k >= 0 && s.overlap[k] > 0 {
			s.terms = append(s.terms, p)
		} else {
			s.empty = append(s.empty, p)
		}
	}
	for h := range s.keep {
		s.keep[h] = h != 0 && uint32(h)&^s.listed == 0 &&
			!slices.ContainsFunc(s.empty, func(p uint32) bool { return uint32(h)&p == p })
	}
}

// fit fits the model laid out.
func (s *stepper) fit() (step, bool) {
	f, err := s.solver.FitCube(&lin.Cube{J: s.j, Terms: s.terms}, s.y, s.keep, nil)
	if err != nil {
		return step{}, false
	}
	out := step{terms: slices.Clone(s.terms), empty: slices.Clone(s.empty), fit: f.Clone(), df: -len(s.terms)}
	for _, k := range s.keep {
		if k {
			out.df++
		}
	}
	return out, true
}

// main fits the model without pairs, with its standard error.
func (s *stepper) main(y []float64) (step, bool) {
	s.load(y)
	s.layout(nil)
	if s.code() != Fine {
		return step{}, false
	}
	out, ok := s.fit()
	if ok {
		out.se = math.Sqrt(s.solver.InterceptVariance())
	}
	return out, ok
}

type candidate struct {
	pair uint32
	p    float64
}

// run chooses the model for counts y; ok is false when the model without pairs has no
// answer.
func (s *stepper) run(y []float64) (step, bool) {
	s.load(y)
	s.layout(nil)
	if s.code() != Fine {
		return step{}, false
	}
	current, ok := s.fit()
	if !ok {
		return step{}, false
	}
	var in []uint32
	var surprise []float64
	for {
		next, p, added := s.next(in, current)
		if added == 0 {
			break
		}
		in, surprise, current = append(in, added), append(surprise, p), next
	}
	// The solver may hold another fit by now, that of a step not taken.
	s.layout(in)
	if current, ok = s.fit(); !ok {
		return step{}, false
	}
	current.se = math.Sqrt(s.solver.InterceptVariance())
	current.order, current.p = in, surprise
	return current, true
}

// next takes the most surprising pair below the threshold that leaves an answer, or none.
func (s *stepper) next(in []uint32, current step) (step, float64, uint32) {
	var open []candidate
	for k, pair := range s.pairs {
		if slices.Contains(in, pair) || pair&^s.listed != 0 {
			continue
		}
		if p := surprise(current.fit.Mu, pair, s.overlap[k]); p < s.threshold {
			open = append(open, candidate{pair, p})
		}
	}
	slices.SortStableFunc(open, func(a, b candidate) int { return cmp.Compare(a.p, b.p) })
	for _, c := range open {
		s.layout(append(slices.Clip(in), c.pair))
		if s.code() != Fine {
			continue
		}
		if f, ok := s.fit(); ok {
			return f, c.p, c.pair
		}
	}
	return step{}, 0, 0
}

// surprise is the smaller tail of the Poisson distribution of the overlap that the fitted
// means give, at the overlap that was seen.
func surprise(mu []float64, pair uint32, overlap float64) float64 {
	expected := 0.0
	// Histories that cover the pair: subsets of the rest, joined with it.
	rest := uint32(len(mu)-1) &^ pair
	for h := rest; ; h = (h - 1) & rest {
		expected += mu[h|pair]
		if h == 0 {
			break
		}
	}
	if expected <= 0 {
		return 1
	}
	below := mathext.GammaIncRegComp(overlap+1, expected)
	above := 1.0
	if overlap > 0 {
		above = mathext.GammaIncReg(overlap, expected)
	}
	return min(below, above)
}

// total is n + e^u, infinite when there is no answer.
func (s *stepper) total(y []float64) float64 {
	n := 0.0
	for _, c := range y {
		n += c
	}
	if c, ok := s.run(y); ok {
		return n + math.Exp(c.fit.Beta[0])
	}
	return math.Inf(1)
}
