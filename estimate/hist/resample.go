package hist

import (
	"math/rand/v2"
	"slices"
)

// Resampler draws how many of n people fall into each of some cells, by the cells'
// weights. It is read only after it is made and may be shared.
type Resampler struct {
	upto  []float64 // running sums of the weights
	guide []int     // first cell that a draw in each equal slice can fall into
}

// NewResampler returns a resampler for weights, which need not add up to one. It draws
// nothing when no weight is above zero.
func NewResampler(weights []float64) *Resampler {
	r := &Resampler{upto: make([]float64, len(weights))}
	total := 0.0
	for i, w := range weights {
		if w > 0 {
			total += w
		}
		r.upto[i] = total
	}
	if total > 0 {
		r.guide = make([]int, 4*len(weights))
		for g := range r.guide {
			at := float64(g) / float64(len(r.guide)) * total
			r.guide[g], _ = slices.BinarySearch(r.upto, at)
		}
	}
	return r
}

// Draw sets counts to one draw of n people: a multinomial sample. counts has one element
// a weight.
func (r *Resampler) Draw(rng *rand.Rand, n int, counts []float64) {
	clear(counts)
	if r.guide == nil {
		return
	}
	total := r.upto[len(r.upto)-1]
	for range n {
		u := rng.Float64()
		i := r.guide[int(u*float64(len(r.guide)))]
		for at := u * total; r.upto[i] <= at && i < len(r.upto)-1; {
			i++
		}
		counts[i]++
	}
}
