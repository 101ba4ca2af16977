package rds

import (
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/fault"
)

// Salganik returns the standard error of [Sample.II] over draws bootstrap chains: from a
// person drawn at random, each next one is drawn from those whom people with the same
// outcome brought.
//
// Source: Salganik (2006), Journal of Urban Health 83, i98-i112.
func (s *Sample) Salganik(draws int, r *rand.Rand) (float64, error) {
	var brought [2][]int
	for i, p := range s.parent {
		if p >= 0 {
			k := index(s.outcome[p])
			brought[k] = append(brought[k], i)
		}
	}
	if err := s.checkDraws(draws, brought); err != nil {
		return 0, err
	}
	n := len(s.degree)
	degree, outcome := make([]float64, n), make([]bool, n)
	values := make([]float64, draws)
	for b := range values {
		i := r.IntN(n)
		for k := range degree {
			if k > 0 {
				from := brought[index(s.outcome[i])]
				i = from[r.IntN(len(from))]
			}
			degree[k], outcome[k] = s.degree[i], s.outcome[i]
		}
		values[b] = inverseShare(degree, outcome)
	}
	return spread(values), nil
}

func (s *Sample) checkDraws(draws int, brought [2][]int) error {
	if draws < 2 {
		return fault.New(fault.Invalid, "rds", "%d bootstrap draws are too few", draws).With("give 500 or more")
	}
	for k, name := range []string{"without", "with"} {
		if len(brought[k]) == 0 {
			return fault.New(fault.Invalid, "rds", "nobody %s the outcome brought anybody", name).
				With("a standard error needs recruitment by both groups; describe the sample instead")
		}
	}
	return nil
}

func spread(v []float64) float64 {
	mean, ss := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		ss += (x - mean) * (x - mean)
	}
	return math.Sqrt(ss / float64(len(v)-1))
}

// SuccessiveError returns the standard error of the successive-sampling estimator over
// draws simulated recruitments: a population of size people is made from the weights, the
// tree of who brought how many is kept, each recruit's outcome follows the recruitment
// seen, less what of that group is used up, and the person is drawn by degree from those
// not yet in. Each draw is estimated by [Sample.Limit].
//
// Source: Gile (2011), JASA 106, 135-146, section 4.3; Gile and Handcock (2015), JRSS A
// 178, 241-269.
func (s *Sample) SuccessiveError(size, draws int, r *rand.Rand) (float64, error) {
	if err := s.checkSize(size); err != nil {
		return 0, err
	}
	var brought [2][]int
	for i, p := range s.parent {
		if p >= 0 {
			k := index(s.outcome[p])
			brought[k] = append(brought[k], i)
		}
	}
	if err := s.checkDraws(draws, brought); err != nil {
		return 0, err
	}
	w := s.world(size)
	values := make([]float64, draws)
	degree, outcome := make([]float64, len(s.degree)), make([]bool, len(s.degree))
	for b := range values {
		w.recruit(s, degree, outcome, r)
		cl := classes(degree)
		values[b] = weightedShare(degree, outcome, cl, limit(cl, float64(size)))
	}
	return spread(values), nil
}

// world is a population by outcome and degree class, and how the groups bring each other.
type world struct {
	degree []float64     // of the classes
	people [2][]int      // by outcome and class
	mass   [2]float64    // degree times people, by outcome
	moves  [2][2]float64 // share of those brought by a that are b
}

func (s *Sample) world(size int) *world {
	cl := classes(s.degree)
	pi := limit(cl, float64(size))
	w := &world{}
	// The classes of both groups, rounded together so that the population is size.
	var joint []class
	var chance []float64
	for y := range 2 {
		for k, c := range cl {
			seen := 0
			for i, d := range s.degree {
				if d == c.degree && index(s.outcome[i]) == y {
					seen++
				}
			}
			joint, chance = append(joint, class{c.degree, seen}), append(chance, pi[k])
		}
	}
	n := population(joint, chance, size)
	for _, c := range cl {
		w.degree = append(w.degree, c.degree)
	}
	for y := range 2 {
		w.people[y] = n[y*len(cl) : (y+1)*len(cl)]
		for k, m := range w.people[y] {
			w.mass[y] += float64(m) * w.degree[k]
		}
	}
	m := s.Shape().Moves
	for a := range 2 {
		for b := range 2 {
			w.moves[a][b] = float64(m[a][b]) / float64(m[a][0]+m[a][1])
		}
	}
	return w
}

// recruit fills degree and outcome with one simulated recruitment along the tree of s.
func (w *world) recruit(s *Sample, degree []float64, outcome []bool, r *rand.Rand) {
	left := [2][]int{slices.Clone(w.people[0]), slices.Clone(w.people[1])}
	mass := w.mass
	for i, p := range s.parent {
		chance := mass // a seed is drawn by degree from all
		if p >= 0 {
			a := index(outcome[p])
			for y := range 2 {
				chance[y] = 0
				if w.mass[y] > 0 {
					chance[y] = w.moves[a][y] * mass[y] / w.mass[y]
				}
			}
		}
		if chance[0]+chance[1] <= 0 { // the group that would be brought is used up
			chance = mass
		}
		y := 0
		if r.Float64()*(chance[0]+chance[1]) >= chance[0] && mass[1] > 0 || mass[0] <= 0 {
			y = 1
		}
		k := w.pick(left[y], mass[y], r)
		left[y][k]--
		mass[y] -= w.degree[k]
		degree[i], outcome[i] = w.degree[k], y == 1
	}
}

// pick draws a class in proportion to degree times people left in it.
func (w *world) pick(left []int, mass float64, r *rand.Rand) int {
	u := r.Float64() * mass
	last := 0
	for k, n := range left {
		if n == 0 {
			continue
		}
		last = k
		if u -= w.degree[k] * float64(n); u < 0 {
			return k
		}
	}
	return last
}

// Tree returns the standard error of [Sample.II] over draws resamplings of the trees
// themselves: seeds with replacement, then the recruits of each person drawn, and so on
// down. It keeps that people under one branch are alike, which chains forget, and is the
// wider of the two.
//
// Source: Baraff, McCormick and Raftery (2016), PNAS 113, 14668-14673.
func (s *Sample) Tree(draws int, r *rand.Rand) (float64, error) {
	children := make([][]int, len(s.degree))
	var seeds []int
	for i, p := range s.parent {
		if p < 0 {
			seeds = append(seeds, i)
		} else {
			children[p] = append(children[p], i)
		}
	}
	if draws < 2 || len(seeds) < 2 {
		return 0, fault.New(fault.Invalid, "rds", "%d draws of %d seeds are too few", draws, len(seeds)).
			With("trees are resampled from two seeds up; with one seed use the chain bootstrap")
	}
	values := make([]float64, draws)
	var stack []int
	for b := range values {
		var up, down float64
		for range seeds {
			stack = append(stack, seeds[r.IntN(len(seeds))])
		}
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			down += 1 / s.degree[i]
			if s.outcome[i] {
				up += 1 / s.degree[i]
			}
			for range children[i] {
				stack = append(stack, children[i][r.IntN(len(children[i]))])
			}
		}
		values[b] = up / down
	}
	return spread(values), nil
}
