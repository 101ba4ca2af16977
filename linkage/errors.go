package linkage

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/linkage/eval"
)

// Errors estimates the precision and recall of the clustering from answers to randomly
// drawn pairs, given with what the run had said of them before: see [eval.EstimateErrors].
// Pairs that decisions settle, also through others, count as right.
func (r *Result) Errors(answers []eval.Answer) eval.Errors {
	type key struct {
		bits     int
		together bool
	}
	count := map[key]int{}
	seen := map[[2]uint32]bool{}
	var known eval.Known
	decided := r.settled()
	add := func(i, j uint32, bits float64, together bool) {
		switch same, sure := decided(i, j); {
		case sure && same:
			known.Same++
		case !sure:
			count[key{int(math.Round(2 * bits)), together}]++
		}
	}
	of := r.Clusters.Of
	r.EachPair(func(i, j uint32, bits float64) {
		together := of[i] == of[j]
		if together {
			seen[[2]uint32{min(i, j), max(i, j)}] = true
		}
		add(i, j, bits, together)
	})
	for _, g := range r.Clusters.Groups() { // and those put together through others
		for a, i := range g {
			for _, j := range g[:a] {
				if !seen[[2]uint32{min(i, j), max(i, j)}] {
					add(i, j, r.Bits(i, j), true)
				}
			}
		}
	}
	var undecided []eval.Stratum
	for k, n := range count {
		undecided = append(undecided, eval.Stratum{Bits: float64(k.bits) / 2, Together: k.together, Pairs: n})
	}
	slices.SortFunc(undecided, func(a, b eval.Stratum) int { // the sum of floats must not depend on a map's order
		return cmp.Or(cmp.Compare(a.Bits, b.Bits), cmp.Compare(a.Pairs, b.Pairs))
	})
	return eval.EstimateErrors(undecided, known, answers, r.Recall)
}

// settled tells of two records whether decisions say what they are, and what.
func (r *Result) settled() func(i, j uint32) (same, sure bool) {
	one := forest{}
	for _, p := range r.in.Must {
		one.join(p[0], p[1])
	}
	cannot := map[[2]uint32]bool{}
	for _, p := range r.in.Cannot {
		a, b := one.find(p[0]), one.find(p[1])
		cannot[[2]uint32{min(a, b), max(a, b)}] = true
	}
	return func(i, j uint32) (same, sure bool) {
		a, b := one.find(i), one.find(j)
		if a == b {
			return true, true
		}
		return false, cannot[[2]uint32{min(a, b), max(a, b)}] || r.in.Apart != nil && r.in.Apart(i, j)
	}
}
