// Package rds estimates shares among people in hiding from a sample in which each person
// brought the next: respondent-driven sampling.
//
// A record of who brought whom is a list of people at risk and of their ties. So the
// package takes coupons only as keyed hashes, uses them once to find each recruiter, and
// keeps positions. Whoever holds the coupons should drop them, and the chain, once the
// weights are made.
package rds

import (
	"crypto/hmac"
	"crypto/sha256"
	"math"

	"example.org/amparo/fault"
)

// Coupon is the keyed hash of a coupon's number.
type Coupon [16]byte

// HashCoupon hashes a coupon's number under a key. With a key that is thrown away, nobody
// can go back from a hash to a number by trying them all.
func HashCoupon(key []byte, number string) Coupon {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(number))
	return Coupon(m.Sum(nil)[:16])
}

// Recruit is one person: the coupon the person came with, the recruiter's coupon (ignored
// for a Seed), how many members of the population the person knows, and the outcome.
type Recruit struct {
	Coupon, Recruiter Coupon
	Seed              bool
	Degree            float64
	Outcome           bool
}

// Sample is the recruits as positions: recruiter before recruit, no coupons.
type Sample struct {
	degree  []float64
	outcome []bool
	parent  []int // −1 for a seed
	wave    []int
}

// New checks the recruits and orders them by wave. A degree below 1 is refused: whoever
// was recruited knows the recruiter.
func New(in []Recruit) (*Sample, error) {
	if len(in) < 2 {
		return nil, fault.New(fault.Invalid, "rds", "there are %d people", len(in)).With("give one row a person, seeds among them")
	}
	at := make(map[Coupon]int, len(in))
	for i, r := range in {
		if _, twice := at[r.Coupon]; twice {
			return nil, fault.Problem{Row: i + 1, Column: "id", Reason: "two people came with one coupon", Remedy: "check the coupon numbers"}
		}
		at[r.Coupon] = i
		if !(r.Degree >= 1) || math.IsInf(r.Degree, 1) {
			return nil, fault.Problem{Row: i + 1, Column: "degree", Reason: "the number of members known is below 1", Remedy: "whoever was recruited knows at least the recruiter; ask again or leave the row out and say so"}
		}
	}
	children := make([][]int, len(in))
	var queue []int
	for i, r := range in {
		if r.Seed {
			queue = append(queue, i)
			continue
		}
		p, ok := at[r.Recruiter]
		if !ok || p == i {
			return nil, fault.Problem{Row: i + 1, Column: "recruiter", Reason: "the recruiter is not in the table", Remedy: "add the recruiter's row, or mark the person as a seed"}
		}
		children[p] = append(children[p], i)
	}
	if len(queue) == 0 {
		return nil, fault.New(fault.Invalid, "rds", "there is no seed").With("leave the recruiter of those who were not recruited empty")
	}
	s := &Sample{}
	position := make([]int, len(in))
	wave := make([]int, len(in))
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		r := in[i]
		position[i] = len(s.degree)
		parent := -1
		if !r.Seed {
			p := at[r.Recruiter]
			parent, wave[i] = position[p], wave[p]+1
		}
		s.degree, s.outcome = append(s.degree, r.Degree), append(s.outcome, r.Outcome)
		s.parent, s.wave = append(s.parent, parent), append(s.wave, wave[i])
		queue = append(queue, children[i]...)
	}
	if len(s.degree) < len(in) {
		return nil, fault.New(fault.Invalid, "rds", "%d people recruited each other in a circle", len(in)-len(s.degree)).
			With("check who brought whom; every chain begins with a seed")
	}
	return s, nil
}

// Shape is what the recruitment looked like. Moves[a][b] is how often somebody with
// outcome a brought somebody with outcome b.
type Shape struct {
	N     int       `json:"n"`
	Seeds int       `json:"seeds"`
	Waves int       `json:"waves"`
	Moves [2][2]int `json:"moves"`
	Raw   float64   `json:"raw"` // plain share
}

// Shape describes the sample.
func (s *Sample) Shape() Shape {
	sh := Shape{N: len(s.degree)}
	for i, y := range s.outcome {
		sh.Waves = max(sh.Waves, s.wave[i])
		if y {
			sh.Raw += 1 / float64(len(s.degree))
		}
		if s.parent[i] < 0 {
			sh.Seeds++
		} else {
			sh.Moves[index(s.outcome[s.parent[i]])][index(y)]++
		}
	}
	return sh
}

func index(y bool) int {
	if y {
		return 1
	}
	return 0
}

// I returns the first estimator: shares that balance the recruitment between the two
// groups, given their mean degrees. NaN when nobody of a group recruited.
//
// Source: Salganik and Heckathorn (2004), Sociological Methodology 34, 193-240.
func (s *Sample) I() float64 {
	m := s.Shape().Moves
	var inverse, n [2]float64
	for i, y := range s.outcome {
		inverse[index(y)] += 1 / s.degree[i]
		n[index(y)]++
	}
	cross := func(a, b int) float64 { return float64(m[a][b]) / float64(m[a][0]+m[a][1]) }
	d0, d1 := n[0]/inverse[0], n[1]/inverse[1]
	return d0 * cross(0, 1) / (d0*cross(0, 1) + d1*cross(1, 0))
}

// II returns the second estimator: the share with weights 1/degree.
//
// Source: Volz and Heckathorn (2008), Journal of Official Statistics 24, 79-97.
func (s *Sample) II() float64 { return inverseShare(s.degree, s.outcome) }

func inverseShare(degree []float64, outcome []bool) float64 {
	var up, down float64
	for i, d := range degree {
		down += 1 / d
		if outcome[i] {
			up += 1 / d
		}
	}
	return up / down
}
