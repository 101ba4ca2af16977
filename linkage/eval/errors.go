package eval

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Answer is what a person said of a pair drawn at random, with what the machine had said
// of it before.
type Answer struct {
	Bits     float64 // weight: log2 of the odds of a match
	Together bool    // the machine had put the two in one cluster
	Same     bool    // the person says they are one
}

// Compare orders answers by weight; equal ones are the same.
func (a Answer) Compare(b Answer) int {
	order := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Bits, b.Bits), order(a.Together)-order(b.Together), order(a.Same)-order(b.Same))
}

// Stratum is pairs nobody has decided, of about one weight and on one side of the
// clustering.
type Stratum struct {
	Bits     float64
	Together bool
	Pairs    int
}

// Known are the pairs that people decided: they are right by definition.
type Known struct {
	Same int // of them, all in one cluster
}

// Errors is the precision and recall of pairs with 95 % intervals, and the answers they
// rest on. With few answers the intervals are wide and lean on the model's own
// probabilities; they never rest on answers that were chosen for being doubtful.
type Errors struct {
	Precision Interval `json:"precision"`
	Recall    Interval `json:"recall"`
	Answers   int      `json:"random_answers"`
}

// recalibration is one hypothesis of how the true probability of a match follows from the
// weight: logit p = shift + slope * ln(2)*bits, and apart more for clustered pairs.
type recalibration struct{ shift, slope, clustered float64 }

func (r recalibration) of(bits float64, together bool) float64 {
	x := r.shift + r.slope*math.Ln2*bits
	if together {
		x += r.clustered
	}
	return 1 / (1 + math.Exp(-x))
}

// Standard deviations of the hypotheses before any answer: the shift and what clustering
// adds in natural log odds, the slope around 1.
const (
	shiftSpread     = 1.0
	slopeSpread     = 0.3
	clusteredSpread = 1.0
)

// EstimateErrors estimates precision and recall of a clustering from answers to randomly
// drawn pairs. It recalibrates the model's weights on the answers (Platt 1999, with a
// normal prior around the model as it is; posterior by grid), and sums the expected
// matches over the undecided pairs. blocked is the share of matching pairs that were
// compared at all: of the rest the clustering has none. The result is the same for the
// same input.
func EstimateErrors(undecided []Stratum, known Known, answers []Answer, blocked float64) Errors {
	if blocked <= 0 || blocked > 1 {
		blocked = 1
	}
	grid, weight := posterior(answers)
	rng := rand.New(rand.NewPCG(uint64(len(answers)), 0x6572726f72))
	const draws = 2000
	precisions, recalls := make([]float64, 0, draws), make([]float64, 0, draws)
	var meanP, meanR float64
	at := slices.Clone(weight)
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	// matches of a hypothesis: expected value and variance, together and apart
	type sums struct{ in, inVar, out, outVar float64 }
	of := map[int]sums{}
	linked := float64(known.Same)
	for _, s := range undecided {
		if s.Together {
			linked += float64(s.Pairs)
		}
	}
	for range draws {
		k, _ := slices.BinarySearch(at, rng.Float64()*at[len(at)-1])
		k = min(k, len(at)-1)
		m, seen := of[k]
		if !seen {
			for _, s := range undecided {
				p, n := grid[k].of(s.Bits, s.Together), float64(s.Pairs)
				if s.Together {
					m.in, m.inVar = m.in+n*p, m.inVar+n*p*(1-p)
				} else {
					m.out, m.outVar = m.out+n*p, m.outVar+n*p*(1-p)
				}
			}
			of[k] = m
		}
		in := math.Min(math.Max(m.in+rng.NormFloat64()*math.Sqrt(m.inVar), 0), linked-float64(known.Same))
		out := math.Max(m.out+rng.NormFloat64()*math.Sqrt(m.outVar), 0)
		right := float64(known.Same) + in
		s := score(right, linked, (right+out)/blocked)
		precisions, recalls = append(precisions, s.Precision), append(recalls, s.Recall)
		meanP, meanR = meanP+s.Precision, meanR+s.Recall
	}
	return Errors{Precision: interval(meanP/draws, precisions), Recall: interval(meanR/draws, recalls), Answers: len(answers)}
}

// posterior weighs hypotheses on a grid by prior and answers.
func posterior(answers []Answer) ([]recalibration, []float64) {
	steps := func(n int) (out []float64) { // standard normal, three deviations
		for i := range n {
			out = append(out, -3+6*float64(i)/float64(n-1))
		}
		return out
	}
	var grid []recalibration
	var logs []float64
	for _, a := range steps(25) {
		for _, b := range steps(13) {
			slope := 1 + slopeSpread*b
			if slope <= 0 {
				continue
			}
			for _, c := range steps(13) {
				h := recalibration{shiftSpread * a, slope, clusteredSpread * c}
				l := -(a*a + b*b + c*c) / 2
				for _, x := range answers {
					p := h.of(x.Bits, x.Together)
					if !x.Same {
						p = 1 - p
					}
					l += math.Log(math.Max(p, 1e-300))
				}
				grid, logs = append(grid, h), append(logs, l)
			}
		}
	}
	top := slices.Max(logs)
	for i := range logs {
		logs[i] = math.Exp(logs[i] - top)
	}
	return grid, logs
}
