package linkage

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// A plan of blocking chooses rules by what they cost, counted on a sample of the records,
// and by what they find, judged on imagined matches: pairs whose fields agree with the
// comparers' guessed probabilities, in good and bad copies alike. Rules are taken
// greedily, the most new matches for the pairs first, while pairs are left to spend.

// The size of a plan's work and of what it plans.
const (
	allPairs    = 2_000_000 // pairs; up to here everything is compared with everything
	perRecord   = 10        // pairs to spend for a record,
	perRecordL  = 4         // for one of a large table, and
	leastSpent  = 1_000_000 // at least this many
	imagined    = 4096      // matches to judge rules by
	planSample  = 5000      // records to count on, and
	planSampleL = 20000     // for large tables
	largeTable  = 200_000   // records
)

// atom is one key of one field.
type atom struct {
	field, key int
	name       string
	own        [][]uint32 // keys by sampled record
}

// candidate is a rule that might be taken.
type candidate struct {
	atoms []int
	pairs float64
	finds [imagined / 64]uint64
}

// plan chooses blocking rules for a table of so many records, of which the engine may hold
// a sample.
func (e *engine) plan(records int) [][]string {
	n := float64(records)
	if n*(n-1)/2 <= allPairs {
		return [][]string{{}}
	}
	atoms := e.atoms()
	matches := e.imagine(atoms)
	budget := math.Max(leastSpent, perRecord*n)
	most := 20
	if records >= largeTable {
		budget = math.Max(perRecord*largeTable, perRecordL*n)
		most = 8
	}
	list := e.candidates(atoms, matches, budget, n)
	var covered [imagined / 64]uint64
	var out [][]string
	for len(out) < most {
		best, bestGain := -1, 0.0
		for k := range list {
			c := &list[k]
			if c.pairs > budget {
				continue
			}
			gain := 0
			for w := range c.finds {
				gain += bits.OnesCount64(c.finds[w] &^ covered[w])
			}
			if gain*2000 < imagined {
				continue
			}
			if g := float64(gain) / (c.pairs + budget/float64(most)); g > bestGain {
				best, bestGain = k, g
			}
		}
		if best < 0 {
			break
		}
		c := &list[best]
		budget -= c.pairs
		for w := range c.finds {
			covered[w] |= c.finds[w]
		}
		var rule []string
		for _, a := range c.atoms {
			rule = append(rule, atoms[a].name)
		}
		out = append(out, rule)
	}
	if len(out) == 0 {
		return e.narrowest(atoms)
	}
	return out
}

// narrowest is the rule of last resort: the key with the most distinct values.
func (e *engine) narrowest(atoms []atom) [][]string {
	best, most := 0, -1
	for k, a := range atoms {
		if d := e.fields[a.field].dict.Len(); a.key == 0 && d > most {
			best, most = k, d
		}
	}
	return [][]string{{atoms[best].name}}
}

// atoms makes the keys of a sample of records, spread evenly over the table.
func (e *engine) atoms() []atom {
	rows := e.sampled(planSample)
	if e.rows.Len() >= planSampleL {
		rows = e.sampled(planSampleL)
	}
	var out []atom
	for i, f := range e.fields {
		for k, key := range f.keys {
			if len(out) == 64 {
				return out
			}
			a := atom{field: i, key: k, name: f.decl.Name + ":" + key.Name, own: make([][]uint32, len(rows))}
			if k == 0 {
				a.name = f.decl.Name
			}
			for s, r := range rows {
				a.own[s] = f.prep.Keys(k, e.rows.IDs[r*e.rows.Stride+i], nil)
			}
			out = append(out, a)
		}
	}
	return out
}

// sampled is the numbers of a random sample of records.
func (e *engine) sampled(want int) []int {
	n := e.rows.Len()
	rng := rand.New(rand.NewPCG(e.model.Seed, 0x706c616e))
	rows := rng.Perm(n)
	return rows[:min(want, n)]
}

// quality is how good the copies of an imagined match are: the share of pairs, and what
// their chance of disagreement is multiplied with.
var quality = []struct{ share, factor float64 }{{0.4, 0.3}, {0.3, 1}, {0.2, 2}, {0.1, 3}}

// imagine makes matches: for each, the atoms on which the two copies agree.
func (e *engine) imagine(atoms []atom) [][imagined / 64]uint64 {
	rng := rand.New(rand.NewPCG(e.model.Seed, 0x696d6167))
	out := make([][imagined / 64]uint64, len(atoms))
	n := math.Max(float64(e.rows.Len()), 1)
	for m := range imagined {
		factor := quality[len(quality)-1].factor
		x := rng.Float64()
		for _, q := range quality {
			if x -= q.share; x < 0 {
				factor = q.factor
				break
			}
		}
		last, present, exact := -1, false, false
		for k, a := range atoms {
			f := e.fields[a.field]
			if a.field != last {
				fill := float64(f.filled) / n
				last, present = a.field, rng.Float64() < fill*fill
				exact = rng.Float64() > (1-f.keys[0].Agree)*factor
			}
			near := rng.Float64() < (f.keys[a.key].Agree-f.keys[0].Agree)/(1-f.keys[0].Agree)/math.Max(1, factor)
			if present && (exact || near && a.key > 0) {
				out[k][m/64] |= 1 << (m % 64)
			}
		}
	}
	return out
}

// candidates lists the rules of one and two atoms, and of three whole values where two are
// still too many, with the pairs they cost.
func (e *engine) candidates(atoms []atom, finds [][imagined / 64]uint64, budget, records float64) []candidate {
	samples := len(atoms[0].own)
	scale := records / float64(samples)
	scale *= scale
	count := newTally(samples * 4)
	var out []candidate
	wide := make([]bool, len(atoms))
	try := func(set ...int) bool {
		c := candidate{atoms: set, pairs: float64(count.pairs(atoms, set, samples))*scale + scale/4}
		for w := range c.finds {
			c.finds[w] = ^uint64(0)
			for _, a := range set {
				c.finds[w] &= finds[a][w]
			}
		}
		if scale == 1 {
			c.pairs -= 0.25
		}
		if c.pairs <= budget {
			out = append(out, c)
			return true
		}
		return false
	}
	for a := range atoms {
		wide[a] = !try(a)
	}
	for a := range atoms {
		for b := a + 1; b < len(atoms); b++ {
			if atoms[a].field != atoms[b].field && (wide[a] || wide[b]) {
				try(a, b)
			}
		}
	}
	return out
}

// tally counts pairs that share a key.
type tally struct {
	key   []uint32
	count []uint32
	stamp []uint32
	now   uint32
}

func newTally(n int) *tally {
	size := 1 << bits.Len(uint(max(2*n, 64)))
	return &tally{make([]uint32, size), make([]uint32, size), make([]uint32, size), 0}
}

// pairs is how many pairs of sampled records agree on all atoms of the set. Of atoms with
// several keys a pair that shares two counts twice.
func (t *tally) pairs(atoms []atom, set []int, samples int) int {
	t.now++
	total := 0
	var buf [16]uint32
	for s := range samples {
		keys := append(buf[:0], 1)
		for _, a := range set {
			own := atoms[a].own[s]
			if len(own) == 0 {
				keys = keys[:0]
				break
			}
			n := len(keys)
			for _, k := range own[1:] {
				for _, d := range keys[:n] {
					if len(keys) < len(buf) {
						keys = append(keys, mixKeys(d, k))
					}
				}
			}
			for i := range keys[:n] {
				keys[i] = mixKeys(keys[i], own[0])
			}
		}
		for _, k := range keys {
			total += t.add(k)
		}
	}
	return total
}

func mixKeys(a, b uint32) uint32 {
	h := (uint64(a)<<32 | uint64(b)) * 0x9E3779B97F4A7C15
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	return uint32(h >> 32)
}

// add counts a key once more and returns how often it was there before.
func (t *tally) add(k uint32) int {
	mask := uint32(len(t.key) - 1)
	at := k * 0x9E3779B1 & mask
	for t.stamp[at] == t.now && t.key[at] != k {
		at = (at + 1) & mask
	}
	if t.stamp[at] != t.now {
		t.key[at], t.count[at], t.stamp[at] = k, 0, t.now
	}
	t.count[at]++
	return int(t.count[at]) - 1
}
