package rds

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/fault"
)

// class is the people of one degree.
type class struct {
	degree float64
	seen   int
}

func classes(degree []float64) []class {
	sorted := slices.Clone(degree)
	slices.Sort(sorted)
	var out []class
	for _, d := range sorted {
		if len(out) == 0 || out[len(out)-1].degree != d {
			out = append(out, class{degree: d})
		}
		out[len(out)-1].seen++
	}
	return out
}

// limit returns the chance of being in the sample by degree class, when n are drawn one
// after the other without replacement, each draw in proportion to degree, from a
// population of size people: π_k = 1 − exp(−t·d_k) with t such that Σ seen_k/π_k = size.
// It is the limit of successive sampling for large populations, and needs no simulation.
//
// Source: Rosén (1972), Annals of Mathematical Statistics 43, 373-397 (the limit); Gile
// (2011), JASA 106, 135-146 (the fixed point).
func limit(cl []class, size float64) []float64 {
	total := func(logT float64) float64 {
		s := 0.0
		for _, c := range cl {
			s += float64(c.seen) / -math.Expm1(-math.Exp(logT)*c.degree)
		}
		return s
	}
	lo, hi := -60.0, 10.0 // total falls in t, from infinity to the number seen
	for range 200 {
		mid := (lo + hi) / 2
		if total(mid) > size {
			lo = mid
		} else {
			hi = mid
		}
	}
	pi := make([]float64, len(cl))
	for k, c := range cl {
		pi[k] = -math.Expm1(-math.Exp(hi) * c.degree)
	}
	return pi
}

// weightedShare is the share with weights 1/π by degree class.
func weightedShare(degree []float64, outcome []bool, cl []class, pi []float64) float64 {
	var up, down float64
	for i, d := range degree {
		k, _ := slices.BinarySearchFunc(cl, d, func(c class, d float64) int { return cmp.Compare(c.degree, d) })
		down += 1 / pi[k]
		if outcome[i] {
			up += 1 / pi[k]
		}
	}
	return up / down
}

func (s *Sample) checkSize(size int) error {
	if size <= len(s.degree) {
		return fault.New(fault.Invalid, "rds", "a population of %d is not larger than the sample of %d", size, len(s.degree)).
			With("give the number of people in hiding in the area, roughly; three values are shown")
	}
	return nil
}

// Limit returns Gile's estimator with the inclusion chances in the limit of a large
// population. It has no random error.
func (s *Sample) Limit(size int) (float64, error) {
	if err := s.checkSize(size); err != nil {
		return 0, err
	}
	cl := classes(s.degree)
	return weightedShare(s.degree, s.outcome, cl, limit(cl, float64(size))), nil
}

// largest is the population above which the chances are taken from the limit, which is
// then as exact as simulation could be.
const largest = 50000

// rounds of Gile's iteration; it starts at the limit, so few are needed.
const rounds = 5

// Successive returns Gile's successive-sampling estimator for a population of size people:
// inclusion chances by degree from simulated samples of a population made up to agree with
// them, iterated. draws samples are simulated a round; above 50,000 people the limit is
// used and r is not.
//
// Source: Gile (2011), JASA 106, 135-146.
func (s *Sample) Successive(size, draws int, r *rand.Rand) (float64, error) {
	if err := s.checkSize(size); err != nil {
		return 0, err
	}
	if draws < 1 {
		return 0, fault.New(fault.Invalid, "rds", "%d simulated samples are too few", draws).With("give 500 or more")
	}
	cl := classes(s.degree)
	pi := limit(cl, float64(size))
	if size <= largest {
		for range rounds {
			pi = simulate(cl, population(cl, pi, size), len(s.degree), draws, r)
		}
	}
	return weightedShare(s.degree, s.outcome, cl, pi), nil
}

// population rounds the class sizes seen_k/π_k to whole people that add up to size, the
// largest remainders first.
func population(cl []class, pi []float64, size int) []int {
	sum := 0.0
	for k, c := range cl {
		sum += float64(c.seen) / pi[k]
	}
	n, order, left := make([]int, len(cl)), make([]int, len(cl)), size
	rest := make([]float64, len(cl))
	for k, c := range cl {
		exact := float64(c.seen) / pi[k] * float64(size) / sum
		n[k], order[k] = int(exact), k
		rest[k] = exact - float64(n[k])
		left -= n[k]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for i := 0; left > 0; i, left = i+1, left-1 {
		n[order[i%len(order)]]++
	}
	return n
}

// simulate draws samples of n people in proportion to degree without replacement and
// returns how often a member of each class is in one. Successive draws in proportion to
// size are the order of exponential times divided by size; the n earliest are the sample.
func simulate(cl []class, people []int, n, draws int, r *rand.Rand) []float64 {
	var kind []int
	for k, m := range people {
		for range m {
			kind = append(kind, k)
		}
	}
	times, sorted := make([]float64, len(kind)), make([]float64, len(kind))
	hits := make([]int, len(cl))
	for range draws {
		for i, k := range kind {
			times[i] = -math.Log(1-r.Float64()) / cl[k].degree
		}
		copy(sorted, times)
		last := nth(sorted, n-1)
		for i, t := range times {
			if t <= last {
				hits[kind[i]]++
			}
		}
	}
	pi := make([]float64, len(cl))
	for k := range pi {
		pi[k] = float64(hits[k]+1) / float64(draws*people[k]+1)
	}
	return pi
}

// nth returns the element that would be at position k were v sorted; it reorders v.
func nth(v []float64, k int) float64 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		pivot := v[lo+(hi-lo)/2]
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}
