// Package fs is the Fellegi-Sunter model of linkage: how probable each level of agreement
// is among pairs of the same entity (m) and among pairs of different ones (u), how
// probable a match is before anything is compared, and from them the weight of a pair in
// bits. m is found without labels by the EM algorithm over counts of patterns.
//
// Sources: Fellegi and Sunter (1969), JASA 64, 1183-1210; Winkler (1988), Proceedings of
// the Section on Survey Research Methods, ASA, 667-671, for EM.
package fs

import "math"

// Missing is the code of a field that one of the two records lacks. Codes below it are
// levels.
const Missing = 15

// MaxFields is how many fields a pattern holds, four bits each.
const MaxFields = 16

// Code is the level of field f in a pattern.
func Code(pattern uint64, f int) int { return int(pattern >> (4 * f) & 15) }

// Field describes the codes of one field. Codes 0 to Levels-2 are levels of difference,
// rising; the codes from Levels-1 on are one level, "the same value", in Bands bands of
// frequency from common to rare. A band's m is Share times that of the level: how common
// a value is says nothing about whether it is typed right.
type Field struct {
	Levels int
	Share  []float64 // by band, sums to 1
	// Expect is by level the m expected before data; nil means a guess that is right
	// where most pairs of one entity are the same and few a slip away. It sums to 1.
	Expect []float64
	// Steady keeps m at what is expected, whatever the data seem to say.
	Steady bool
}

// Codes is the number of codes of the field.
func (f Field) Codes() int { return f.Levels - 1 + len(f.Share) }

// Level is the level of a code.
func (f Field) Level(code int) int { return min(code, f.Levels-1) }

// Model is the parameters. M[f][c] and U[f][c] are probabilities of code c of field f
// given that both records have a value, for matches and non-matches.
type Model struct {
	Fields []Field
	M, U   [][]float64
	// Prior is the probability that two records taken at random match.
	Prior float64
	// Ties are pairs of fields that depend on each other beyond the matching status.
	Ties []Tie
}

// Tie is dependence among non-matches: where two records of different entities agree on
// all parents, the child is likelier to be at some level above "differs", by Lift[level]
// bits. A lift is at least 0, so a tie takes away evidence that would be
// counted twice and never adds any. A field is the child of at most one tie, and there are
// no circles: the fields' distributions given their parents are those of a Bayesian
// network.
//
// Source: Chow and Liu (1968), IEEE Trans. Information Theory 14, 462-467, for one parent;
// Sahami (1996), KDD-96, 335-338, for two.
type Tie struct {
	Child   int
	Parents []int
	Lift    []float64
}

// Bits is the tie's part of the weight of a pattern, at most 0.
func (t Tie) Bits(fields []Field, pattern uint64) float64 {
	for _, p := range t.Parents {
		if c := Code(pattern, p); c == Missing || c < fields[p].Levels-1 {
			return 0
		}
	}
	c := Code(pattern, t.Child)
	if c == Missing {
		return 0
	}
	return -t.Lift[fields[t.Child].Level(c)]
}

// Weight is log2(m/u) of a code of a field; 0 for [Missing].
func (m *Model) Weight(f, code int) float64 {
	if code == Missing {
		return 0
	}
	return math.Log2(m.M[f][code] / m.U[f][code])
}

// PriorBits is the prior as log2 odds.
func (m *Model) PriorBits() float64 { return math.Log2(m.Prior / (1 - m.Prior)) }

// Bits is the weight of a pattern: prior, fields and ties. Term frequencies come on top.
func (m *Model) Bits(pattern uint64) float64 {
	w := m.PriorBits()
	for f := range m.Fields {
		w += m.Weight(f, Code(pattern, f))
	}
	for _, t := range m.Ties {
		w += t.Bits(m.Fields, pattern)
	}
	return w
}

// Probability turns a weight in bits into the probability of a match.
func Probability(bits float64) float64 {
	if bits >= 0 {
		return 1 / (1 + math.Exp2(-bits))
	}
	p := math.Exp2(bits)
	return p / (1 + p)
}

// Clone is a copy that shares nothing.
func (m *Model) Clone() *Model {
	c := *m
	c.M, c.U = clone(m.M), clone(m.U)
	c.Ties = append([]Tie(nil), m.Ties...)
	return &c
}

func clone(x [][]float64) [][]float64 {
	out := make([][]float64, len(x))
	for i := range x {
		out[i] = append([]float64(nil), x[i]...)
	}
	return out
}

// monotone raises the ratios m/u so that they do not fall from one level to the next: a
// nearer level never speaks less for a match than a farther one. It is the maximum of the
// likelihood of counts ~ m under that order: levels out of order are pooled.
//
// Source: Ayer et al. (1955), Annals of Mathematical Statistics 26, 641-647.
func monotone(m, u []float64) {
	type pool struct {
		m, u float64
		n    int
	}
	var pools []pool
	for l := range m {
		p := pool{m[l], u[l], 1}
		for len(pools) > 0 {
			last := pools[len(pools)-1]
			if last.m*p.u <= p.m*last.u {
				break
			}
			p = pool{last.m + p.m, last.u + p.u, last.n + p.n}
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, p)
	}
	l := 0
	for _, p := range pools {
		for range p.n {
			m[l] = p.m * u[l] / p.u
			l++
		}
	}
}
