package latin

import (
	"math"
	"slices"
	"strings"
)

// Match is one Hangul name that a Latin one may stand for.
type Match struct {
	Index       int     // of the name in the list given to [NewRanker]
	Bits        float64 // log2 P(latin | this name) - log2 P(latin | somebody's name)
	Probability float64 // that this is the name, given that one of the list is
	Class       Class   // the likeliest way of writing
	Reading     Reading // the likeliest order
}

// Ranker ranks one list of Hangul names against Latin names. It keeps what it computed
// of chunks of letters, so it is for one goroutine; make one for each worker.
type Ranker struct {
	*lattice
	given    [][]int // distinct given names, as indexes of the lattice's syllables
	prior    [classes][]float64
	readings []listed
	scratch  [classes][]float64
	scores   []score
}

// listed is one reading of one name of the list.
type listed struct {
	name, surname, given int
}

// NewRanker prepares a list of Hangul names. Names without a Hangul syllable never match.
func NewRanker(m *Model, hangul []string) *Ranker {
	r := &Ranker{lattice: newLattice(m)}
	given := map[string]int{}
	for i, name := range hangul {
		for _, h := range ReadHangul(name) {
			g, ok := given[string(h.Given)]
			if !ok {
				g = len(r.given)
				given[string(h.Given)] = g
				r.given = append(r.given, r.index(h.Given))
			}
			r.readings = append(r.readings, listed{i, r.family(h.Surname), g})
			for c, share := range m.pop.shares(h) {
				r.prior[c] = append(r.prior[c], h.Weight*share)
			}
		}
	}
	for c := range classes {
		r.scratch[c] = make([]float64, len(r.given))
	}
	r.scores = make([]score, len(hangul))
	return r
}

// givenLetters is P(parts | given name, class) for every given name and class.
func (r *Ranker) givenLetters(parts []string) *[classes][]float64 {
	whole := strings.Join(parts, "")
	pop := r.m.pop
	if len(parts) == 0 { // missing: nothing is said for or against
		for z := range classes {
			for g := range r.scratch[z] {
				r.scratch[z][g] = 1
			}
		}
		return &r.scratch
	}
	single := r.chunk(whole)
	two := r.cuttings(parts, whole)
	foreign := r.m.n.letters.p(whole)
	for z := range classes {
		out := r.scratch[z]
		alone := pop.boundaries(z, parts, []int{0, len(whole)})
		for g, syl := range r.given {
			switch {
			case z == Foreign:
				out[g] = foreign
			case len(syl) == 2:
				a, b := syl[0], syl[1]
				var sum float64
				for i := range two {
					sum += two[i].share[z] * float64(two[i].head[z][a]) * float64(two[i].tail[z][b])
				}
				out[g] = sum
			case len(syl) == 1:
				out[g] = alone * float64(single[z][syl[0]])
			case len(syl) == 0:
				out[g] = 0
			default:
				out[g] = r.long(z, parts, whole, syl)
			}
		}
	}
	return &r.scratch
}

// long is P(parts | given name, class) for three syllables and more.
func (r *Ranker) long(c Class, parts []string, whole string, syl []int) float64 {
	n := len(whole)
	var sum float64
	var step func(at []int, p float64)
	step = func(at []int, p float64) {
		i, from := len(at)-1, at[len(at)-1]
		if i == len(syl)-1 {
			if n-from <= maxChunk {
				at = append(at, n)
				sum += p * float64(r.chunk(whole[from:])[c][syl[i]]) * r.m.pop.boundaries(c, parts, at)
			}
			return
		}
		for to := from; to <= min(n, from+maxChunk); to++ {
			if q := p * float64(r.chunk(whole[from:to])[c][syl[i]]); q > 1e-18 {
				step(append(at, to), q)
			}
		}
	}
	step(append(make([]int, 0, len(syl)+1), 0), 1)
	return sum
}

// Rank returns the top likeliest names of the list for a Latin name, the best first;
// names that are equally likely keep the order of the list. It is empty when the Latin
// name has no letter. Every name of the list is taken to be as likely beforehand.
func (r *Ranker) Rank(latin string, top int) []Match {
	reads := Read(latin)
	if len(reads) == 0 || len(r.scores) == 0 || top < 1 {
		return nil
	}
	clear(r.scores)
	for k, read := range reads {
		sur, giv := r.surname(read.Surname), r.givenLetters(read.Given)
		for i := range r.readings {
			l := &r.readings[i]
			s := &r.scores[l.name]
			for c := range classes {
				p := read.Weight * r.prior[c][i] * float64(sur[c][l.surname]) * giv[c][l.given]
				s.sum += p
				if p > s.most {
					s.most, s.class, s.read = p, c, int32(k)
				}
			}
		}
	}
	return r.best(reads, top)
}

// score is what was found of one name of the list.
type score struct {
	sum, most float64
	class     Class
	read      int32
}

// best picks the top scores.
func (r *Ranker) best(reads []Reading, top int) []Match {
	order := make([]int, 0, top+1)
	var sum float64
	for i := range r.scores {
		s := r.scores[i].sum
		sum += s
		if len(order) == top && s <= r.scores[order[top-1]].sum {
			continue
		}
		at, _ := slices.BinarySearchFunc(order, s, func(o int, s float64) int {
			if r.scores[o].sum >= s {
				return -1
			}
			return 1
		})
		order = slices.Insert(order, at, i)
		order = order[:min(top, len(order))]
	}
	any := log2(r.somebody(reads))
	out := make([]Match, len(order))
	for i, o := range order {
		s := r.scores[o]
		out[i] = Match{Index: o, Bits: log2(s.sum) - any, Class: s.class, Reading: reads[s.read], Probability: s.sum / math.Max(sum, 1e-300)}
	}
	return out
}
