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
	tieRows   = 60_000 // records looked at
	tiePairs  = 6000   // pairs sampled for one parent, a third of them for two
	tieLeast  = 200    // fewer pairs than this tell nothing
	tieFirst  = 300    // pairs after which it is looked whether nearly all are matches
	tieBits   = 1.0    // weaker dependence is left alone
	tieShrink = 2      // pairs by which a ratio is drawn towards independence
	// tieAgree is the least share of matches that agree exactly on a field: with it, how
	// often sampled pairs agree on the fields outside the tie bounds how many of them
	// are matches.
	tieAgree = 0.6
)

// ties finds fields that agree by chance more often where one or two others agree: a
// town where the postcode is the same, an address of mail where both names are. For each
// set of parents, pairs of records that share their values are sampled, matches among
// them are taken off by a bound from the remaining fields, and how a child then comes out
// is compared with how it comes out at random. The strongest are kept, one set of parents
// for a child, without circles.
func (r *Result) ties() []fs.Tie {
	e := r.e
	rows := e.tieRows()
	var found []fs.Tie
	for f := range e.fields {
		found = r.tiesGiven(rows, []int{f}, found)
		for g := f + 1; g < len(e.fields); g++ {
			found = r.tiesGiven(rows, []int{f, g}, found)
		}
	}
	// Two parents must tell a bit more than one.
	strength := func(t fs.Tie) float64 { return slices.Max(t.Lift) - float64(len(t.Parents)) }
	slices.SortStableFunc(found, func(a, b fs.Tie) int { return cmp.Compare(strength(b), strength(a)) })
	return acyclic(found, len(e.fields))
}

// tieRows samples records.
func (e *engine) tieRows() []int {
	n := e.rows.Len()
	if n <= tieRows {
		out := make([]int, n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	out := make([]int, 0, tieRows)
	step := float64(n) / tieRows
	rng := rand.New(rand.NewPCG(e.model.Seed, 0x74696573))
	for k := range tieRows { // one of every stretch of the table
		out = append(out, int((float64(k)+rng.Float64())*step))
	}
	return out
}

// tiesGiven appends the ties of all children of one set of parents.
func (r *Result) tiesGiven(rows []int, parents []int, found []fs.Tie) []fs.Tie {
	e := r.e
	levels, n := e.levelsGiven(rows, parents, func(levels [][]float64) bool {
		for g := range levels {
			if !slices.Contains(parents, g) && r.matches(levels, parents, g) < surelyMatches {
				return false
			}
		}
		return true
	})
	if n < tieLeast {
		return found
	}
	for g, own := range levels {
		if slices.Contains(parents, g) {
			continue
		}
		matches := r.matches(levels, parents, g)
		t := fs.Tie{Child: g, Parents: parents, Lift: r.lifts(g, own, matches)}
		if slices.Max(t.Lift) > tieBits {
			found = append(found, t)
		}
	}
	return found
}

// surelyMatches is a bound above 1 that so few pairs reach only where all of them reach 1.
const surelyMatches = 1.2

// matches bounds the share of matches among sampled pairs, from the fields that are neither
// parents nor the child g. From 1 on it leaves nothing to look at.
func (r *Result) matches(levels [][]float64, parents []int, g int) (bound float64) {
	for h, other := range levels {
		if total := sum(other); h != g && !slices.Contains(parents, h) && total > 0 {
			same := other[len(other)-1]
			bound = math.Max(bound, (same/total-r.chance[h].same)/tieAgree)
		}
	}
	return bound
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

// lifts is by level log2 of how much likelier it is among the sampled pairs than among
// random ones, at least, when no more than a share of matches is among them; 0 where it is
// not likelier, and for "differs".
func (r *Result) lifts(k int, n []float64, matches float64) []float64 {
	out := make([]float64, len(n))
	total := sum(n)
	if total < tieLeast/2 || matches >= 1 {
		return out
	}
	shape := r.e.fields[k].shape
	chance := make([]float64, shape.Levels)
	for c, u := range r.chance[k].u {
		chance[shape.Level(c)] += u
	}
	rest := total * (1 - matches)
	for l := 1; l < shape.Levels; l++ {
		share := 1.0 // of the matches, at most at this level
		if l < shape.Levels-1 {
			share -= tieAgree
		}
		left := math.Max(0, n[l]-share*matches*total)
		out[l] = math.Max(0, math.Log2((left+tieShrink)/(rest*chance[l]+tieShrink)))
	}
	return out
}

// levelsGiven samples pairs that share the values of all parents and counts the levels of
// every field among them. After the first of them it asks whether that is enough, and then
// says that there are none.
func (e *engine) levelsGiven(rows, parents []int, enough func(levels [][]float64) bool) (levels [][]float64, pairs int) {
	ids, stride := e.rows.IDs, e.rows.Stride
	list := make([]uint64, 0, len(rows))
	for _, r := range rows {
		key := uint32(1)
		for _, f := range parents {
			id := ids[r*stride+f]
			if id == 0 {
				key = 0
				break
			}
			key = mixKeys(key, id)
		}
		if key != 0 {
			list = append(list, uint64(key)<<32|uint64(r))
		}
	}
	slices.Sort(list)
	for _, f := range e.fields {
		levels = append(levels, make([]float64, f.shape.Levels))
	}
	var start []int
	var cum []int
	sum := 0
	for lo := 0; lo < len(list); {
		hi := lo + 1
		for hi < len(list) && list[hi]>>32 == list[lo]>>32 {
			hi++
		}
		if n := hi - lo; n > 1 {
			sum += n * (n - 1) / 2
			start, cum = append(start, lo, hi), append(cum, sum)
		}
		lo = hi
	}
	if sum < tieLeast {
		return levels, sum
	}
	pairs = tiePairs
	if len(parents) > 1 {
		pairs /= 3
	}
	rng := rand.New(rand.NewPCG(e.model.Seed, uint64(parents[0])<<8|uint64(parents[len(parents)-1])))
	for k := range pairs {
		if k == tieFirst && enough(levels) {
			return levels, 0
		}
		at, _ := slices.BinarySearch(cum, rng.IntN(sum)+1)
		lo, hi := start[2*at], start[2*at+1]
		a := lo + rng.IntN(hi-lo)
		b := lo + rng.IntN(hi-lo-1)
		if b >= a {
			b++
		}
		p := e.pattern(uint32(list[min(a, b)]), uint32(list[max(a, b)]))
		for i, f := range e.fields {
			if c := fs.Code(p, i); c != fs.Missing {
				levels[i][f.shape.Level(c)]++
			}
		}
	}
	return levels, pairs
}

// acyclic keeps the first tie of every child that closes no circle.
func acyclic(ties []fs.Tie, fields int) []fs.Tie {
	parents := make([][]int, fields)
	var above func(child, of int) bool
	above = func(child, of int) bool { // whether child is of, or above it
		if child == of {
			return true
		}
		for _, p := range parents[of] {
			if above(child, p) {
				return true
			}
		}
		return false
	}
	var out []fs.Tie
	for _, t := range ties {
		if parents[t.Child] != nil || slices.ContainsFunc(t.Parents, func(p int) bool { return above(t.Child, p) }) {
			continue
		}
		parents[t.Child] = t.Parents
		out = append(out, t)
	}
	return out
}
