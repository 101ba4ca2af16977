package linkage

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/linkage/fs"
)

// The size of the search for dependence.
const (
	tieSample = 2000 // pairs of records that share a value, by field
	tieBits   = 1.0  // weaker dependence is left alone
	tieShrink = 4    // pairs by which a ratio is drawn towards independence
	// tieClear is how many times likelier than a match, at one match a record, sharing a
	// value must be for its pairs to be taken as non-matches before there are clusters.
	tieClear = 50
)

// ties finds fields that agree together by chance more often than if they were
// independent: a postcode and its town, a street and its quarter. For each field, pairs of
// records that share its value, of different entities as far as known, are sampled, and
// how the other fields then come out is compared with how they come out at random. Of all
// pairs of fields the strongest that form a forest are kept.
func (r *Result) ties(of []uint32) []fs.Tie {
	e := r.e
	given := make([][][3]float64, len(e.fields)) // given[f][g]: states of g among pairs that share f
	for f := range e.fields {
		if of == nil && r.chance[f].same*float64(e.rows.Len()) < tieClear {
			continue
		}
		given[f] = r.statesGiven(f, of)
	}
	var found []fs.Tie
	for f := range e.fields {
		for g := f + 1; g < len(e.fields); g++ {
			if t := r.tie(f, g, given); t.LogU[2][2] > tieBits || t.LogU[1][2] > tieBits || t.LogU[2][1] > tieBits {
				found = append(found, t)
			}
		}
	}
	strength := func(t fs.Tie) float64 { return max(t.LogU[2][2], t.LogU[1][2], t.LogU[2][1]) }
	slices.SortStableFunc(found, func(a, b fs.Tie) int { return cmp.Compare(strength(b), strength(a)) })
	return forest(found, len(e.fields))
}

// tie compares joint with independent agreement, from either side where both are known.
func (r *Result) tie(f, g int, given [][][3]float64) fs.Tie {
	t := fs.Tie{F: f, G: g}
	ratio := func(n [3]float64, field, state int) float64 {
		total := n[0] + n[1] + n[2]
		expect := total * r.stateChance(field, state)
		return math.Max(0, math.Log2((n[state]+tieShrink)/(expect+tieShrink)))
	}
	if n := given[f]; n != nil {
		t.LogU[2][1], t.LogU[2][2] = ratio(n[g], g, 1), ratio(n[g], g, 2)
	}
	if n := given[g]; n != nil {
		t.LogU[1][2] = ratio(n[f], f, 1)
		if given[f] == nil {
			t.LogU[2][2] = ratio(n[f], f, 2)
		} else {
			t.LogU[2][2] = (t.LogU[2][2] + ratio(n[f], f, 2)) / 2
		}
	}
	return t
}

// stateChance is the probability of a state of a field among pairs of different entities.
func (r *Result) stateChance(k, state int) float64 {
	sum := 0.0
	shape := r.e.fields[k].shape
	for c, u := range r.chance[k].u {
		if shape.State(c) == state {
			sum += u
		}
	}
	return sum
}

// statesGiven samples pairs that share a value of field f and counts the states of every
// field.
func (r *Result) statesGiven(f int, of []uint32) [][3]float64 {
	e := r.e
	out := make([][3]float64, len(e.fields))
	holders, start, cum := e.holdersOf(f)
	if len(cum) == 0 || cum[len(cum)-1] == 0 {
		return out
	}
	rng := rand.New(rand.NewPCG(e.model.Seed, 0x7469+uint64(f)))
	all := cum[len(cum)-1]
	for range tieSample {
		id, _ := slices.BinarySearch(cum, rng.Float64()*all)
		id = min(id, len(cum)-1)
		own := holders[start[id]:start[id+1]]
		if len(own) < 2 {
			continue
		}
		i, j := own[rng.IntN(len(own))], own[rng.IntN(len(own))]
		if i == j || of != nil && of[i] == of[j] || r.across() && e.rows.Source[i] == e.rows.Source[j] {
			continue
		}
		p := e.pattern(min(i, j), max(i, j))
		weight := 1.0
		if r.model != nil { // a pair that may be a match counts as far as it is none
			weight = 1 - fs.Probability(r.Bits(min(i, j), max(i, j)))
		}
		for k, other := range e.fields {
			if c := fs.Code(p, k); c != fs.Missing {
				out[k][other.shape.State(c)] += weight
			}
		}
	}
	return out
}

// holdersOf lists the records by value of a field, and the running number of pairs.
func (e *engine) holdersOf(f int) (rows, start []uint32, cum []float64) {
	n := e.fields[f].dict.Len()
	ids, stride := e.rows.IDs, e.rows.Stride
	start = make([]uint32, n+1)
	for at := f; at < len(ids); at += stride {
		start[ids[at]+1]++
	}
	cum = make([]float64, n)
	sum := 0.0
	for id := range n {
		if c := float64(start[id+1]); id > 0 {
			sum += c * (c - 1) / 2
		}
		cum[id] = sum
		start[id+1] += start[id]
	}
	rows = make([]uint32, e.rows.Len())
	next := slices.Clone(start)
	for r := range e.rows.Len() {
		id := ids[r*stride+f]
		rows[next[id]] = uint32(r)
		next[id]++
	}
	return rows, start, cum
}

// forest keeps the ties that close no circle, the first before the later.
func forest(ties []fs.Tie, fields int) []fs.Tie {
	root := make([]int, fields)
	for i := range root {
		root[i] = i
	}
	find := func(x int) int {
		for root[x] != x {
			x = root[x]
		}
		return x
	}
	var out []fs.Tie
	for _, t := range ties {
		a, b := find(t.F), find(t.G)
		if a != b {
			root[a] = b
			out = append(out, t)
		}
	}
	return out
}
