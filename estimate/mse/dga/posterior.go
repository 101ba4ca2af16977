package dga

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/estimate"
)

// Posterior is the distribution of the total.
type Posterior struct {
	First int       // the total of P[0]
	P     []float64 // probabilities, adding up to one
}

// normalise turns weights into probabilities; ok is false when there is no weight.
func normalise(first int, weights []float64) (Posterior, float64, bool) {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return Posterior{}, total, false
	}
	for i := range weights {
		weights[i] /= total
	}
	return Posterior{first, weights}, total, true
}

// Mean returns the mean and the standard deviation.
func (p Posterior) Mean() (mean, sd float64) {
	for i, w := range p.P {
		mean += w * float64(i)
	}
	for i, w := range p.P {
		d := float64(i) - mean
		sd += w * d * d
	}
	return mean + float64(p.First), math.Sqrt(sd)
}

// Quantiles returns for each probability, which must ascend, the smallest total up to
// which there is at least that much.
func (p Posterior) Quantiles(probabilities ...float64) []int {
	out := make([]int, 0, len(probabilities))
	sum, i := 0.0, 0
	for _, q := range probabilities {
		for i < len(p.P)-1 && sum+p.P[i] < q {
			sum += p.P[i]
			i++
		}
		out = append(out, p.First+i)
	}
	return out
}

// Mode returns the most probable total.
func (p Posterior) Mode() int {
	at := 0
	for i, w := range p.P {
		if w > p.P[at] {
			at = i
		}
	}
	return p.First + at
}

// Peak is one mode: its total, and the probability of the totals around it up to the
// valleys on either side.
type Peak struct {
	N     int     `json:"n"`
	Lower int     `json:"lower"` // first total of the peak
	Upper int     `json:"upper"` // last total of the peak
	Share float64 `json:"share"`
}

// What makes a mode: the valley beside it is below this part of the lower of its two
// peaks, and it holds at least this share.
const (
	valleyDepth = 0.9
	leastShare  = 0.05
)

// Peaks returns the modes in ascending order. Neighbouring maxima without a true valley
// between them are one; those with a share below one in twenty are not shown.
func (p Posterior) Peaks() []Peak {
	type part struct{ top, low, high int } // indices
	var parts []part
	last := len(p.P) - 1
	for i := range p.P {
		if (i == 0 || p.P[i-1] < p.P[i]) && (i == last || p.P[i+1] <= p.P[i]) && p.P[i] > 0 {
			parts = append(parts, part{i, i, i})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	valley := func(a, b part) int {
		at := a.top
		for i := a.top; i <= b.top; i++ {
			if p.P[i] < p.P[at] {
				at = i
			}
		}
		return at
	}
	joined := parts[:1]
	for _, b := range parts[1:] {
		a := &joined[len(joined)-1]
		if v := valley(*a, b); p.P[v] > valleyDepth*min(p.P[a.top], p.P[b.top]) {
			if p.P[b.top] > p.P[a.top] {
				a.top = b.top
			}
			continue
		}
		joined = append(joined, b)
	}
	for k := range joined {
		joined[k].low, joined[k].high = 0, last
		if k > 0 {
			joined[k].low = valley(joined[k-1], joined[k]) + 1
			joined[k-1].high = joined[k].low - 1
		}
	}
	var out []Peak
	for _, q := range joined {
		share := 0.0
		for _, w := range p.P[q.low : q.high+1] {
			share += w
		}
		if share < leastShare && len(joined) > 1 {
			continue
		}
		out = append(out, Peak{p.First + q.top, p.First + q.low, p.First + q.high, share})
	}
	return out
}

// sampleSize is the number of equally likely totals that stand for the distribution.
const sampleSize = 200

// sample returns totals in the middle of equal parts of the probability.
func (p Posterior) sample() []float64 {
	at := make([]float64, sampleSize)
	for i := range at {
		at[i] = (float64(i) + 0.5) / sampleSize
	}
	out := make([]float64, 0, sampleSize)
	for _, q := range p.Quantiles(at...) {
		out = append(out, float64(q))
	}
	return out
}

// Figure is one figure of the model average.
type Figure struct {
	Delta  float64         `json:"delta"`
	Mean   estimate.Number `json:"mean"`
	Median int             `json:"median"`
	Lower  int             `json:"lower"`
	Upper  int             `json:"upper"`
}

// ModelShare is one graph with its posterior probability and its own mean of the total.
type ModelShare struct {
	Graph string          `json:"graph"`
	Share float64         `json:"share"`
	Mean  estimate.Number `json:"mean"`
}

// largest returns the k graphs with the largest mass.
func (s *stream) largest(k int, include func(i int) bool) []int {
	var order []int
	for i, m := range s.mass {
		if m > 0 && include(i) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.mass[b], s.mass[a]) })
	return order[:min(k, len(order))]
}
