// Package eval measures linkage against known truth: how many of the pairs are right and
// found, how the clusters look from each record, whether probabilities mean what they say.
// What blocking missed counts as missed: truth is all true pairs.
package eval

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// Score is precision (share of what was found that is true), recall (share of what is true
// that was found) and their harmonic mean. Where there is nothing to divide by, 1.
type Score struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// ScoreOf is the score of counts: pairs both found and true, found, and true.
func ScoreOf(both, found, truth float64) Score { return score(both, found, truth) }

func score(both, found, truth float64) Score {
	s := Score{Precision: 1, Recall: 1}
	if found > 0 {
		s.Precision = both / found
	}
	if truth > 0 {
		s.Recall = both / truth
	}
	return s.withF1()
}

func (s Score) withF1() Score {
	s.F1 = 0
	if s.Precision+s.Recall > 0 {
		s.F1 = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
	}
	return s
}

// Report is a partition measured against another.
type Report struct {
	Records    int     `json:"records"` // with a known entity
	Pairs      Score   `json:"pairwise"`
	BCubed     Score   `json:"b_cubed"`
	TruePairs  int64   `json:"true_pairs"`
	FoundPairs int64   `json:"found_pairs"`
	BothPairs  int64   `json:"both_pairs"`
	Entities   int     `json:"entities"`
	Clusters   int     `json:"clusters"`
	Exact      float64 `json:"exact_clusters"` // share of entities whose records are exactly one cluster
}

// Unknown is the truth of a record without a label; it takes no part.
const Unknown = math.MaxUint32

// Partition measures found against truth, both an entity number by record. With source
// (by record), only pairs of different sources count among pairs; nil counts all. B-cubed
// always looks at all records.
//
// Source of B-cubed: Bagga and Baldwin (1998), Proceedings of the LREC Workshop on
// Linguistic Coreference, 563-566.
func Partition(found, truth []uint32, source []uint8) Report {
	t := tabulate(found, truth, source)
	r := Report{Records: t.records, Entities: len(t.truth), Clusters: len(t.found)}
	r.TruePairs, r.FoundPairs, r.BothPairs = sum(t.truth), sum(t.found), 0
	var p, q float64
	exact := 0
	for _, c := range t.cells {
		n, k, e := float64(c.n.n), float64(t.found[c.found].n), float64(t.truth[c.truth].n)
		r.BothPairs += c.n.pairs()
		p += n * n / k
		q += n * n / e
		if n == k && n == e {
			exact++
		}
	}
	r.Pairs = score(float64(r.BothPairs), float64(r.FoundPairs), float64(r.TruePairs))
	r.BCubed = Score{Precision: 1, Recall: 1, F1: 1}
	if t.records > 0 {
		r.BCubed = Score{Precision: p / float64(t.records), Recall: q / float64(t.records)}.withF1()
		r.Exact = float64(exact) / float64(r.Entities)
	}
	return r
}

// tally is the number of records, and by source when pairs within one do not count.
type tally struct {
	n  int64
	by map[uint8]int64
}

func (t *tally) add(source []uint8, r int) {
	t.n++
	if source != nil {
		if t.by == nil {
			t.by = map[uint8]int64{}
		}
		t.by[source[r]]++
	}
}

func (t *tally) pairs() int64 {
	n := t.n * (t.n - 1) / 2
	for _, k := range t.by {
		n -= k * (k - 1) / 2
	}
	return n
}

// cell is the records of one cluster and one entity.
type cell struct {
	found, truth uint32
	n            tally
}

// table is the records by cluster and by entity. Both go by rank: their place among the
// numbers that occur.
type table struct {
	records      int
	found, truth []tally
	cells        []cell // in order of found, then truth
}

func tabulate(found, truth []uint32, source []uint8) table {
	var records []uint32 // with a known entity
	for r, e := range truth {
		if e != Unknown {
			records = append(records, uint32(r))
		}
	}
	t := table{records: len(records)}
	var f, e []uint32 // ranks by record
	f, t.found = ranked(found, records, source)
	e, t.truth = ranked(truth, records, source)
	for _, group := range grouped(records, f, t.found) {
		slices.SortStableFunc(group, func(a, b uint32) int { return cmp.Compare(e[a], e[b]) })
		for k, r := range group {
			if k == 0 || e[r] != e[group[k-1]] {
				t.cells = append(t.cells, cell{found: f[r], truth: e[r]})
			}
			t.cells[len(t.cells)-1].n.add(source, int(r))
		}
	}
	return t
}

// ranked is the rank of every record's number among those of these records, and how many
// records have each.
func ranked(of, records []uint32, source []uint8) (rank []uint32, n []tally) {
	numbers := make([]uint32, 0, len(records))
	for _, r := range records {
		numbers = append(numbers, of[r])
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	rank, n = make([]uint32, len(of)), make([]tally, len(numbers))
	at := func(x uint32) uint32 {
		k, _ := slices.BinarySearch(numbers, x)
		return uint32(k)
	}
	if len(numbers) > 0 && int(numbers[len(numbers)-1]) < 4*len(of) { // as numbers of records are
		place := make([]uint32, numbers[len(numbers)-1]+1)
		for k, x := range numbers {
			place[x] = uint32(k)
		}
		at = func(x uint32) uint32 { return place[x] }
	}
	for _, r := range records {
		rank[r] = at(of[r])
		n[rank[r]].add(source, int(r))
	}
	return rank, n
}

// grouped is the records of every rank, in order.
func grouped(records, rank []uint32, n []tally) [][]uint32 {
	all := make([]uint32, len(records))
	out := make([][]uint32, len(n))
	from := 0
	for k := range n {
		out[k] = all[from : from : from+int(n[k].n)]
		from += int(n[k].n)
	}
	for _, r := range records {
		out[rank[r]] = append(out[rank[r]], r)
	}
	return out
}

func sum(all []tally) (n int64) {
	for k := range all {
		n += all[k].pairs()
	}
	return n
}

// Interval is a point with the 2.5 and 97.5 percentiles of a bootstrap.
type Interval struct {
	Point float64 `json:"point"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Bootstrapped is F1 of pairs and B-cubed with intervals.
type Bootstrapped struct {
	Pairs  Interval `json:"pairwise_f1"`
	BCubed Interval `json:"b_cubed_f1"`
}

// Bootstrap draws entities with replacement, draws times: entities, because records of one
// entity are not independent. A found pair of two entities counts half for each.
func Bootstrap(found, truth []uint32, source []uint8, draws int, seed uint64) Bootstrapped {
	t := tabulate(found, truth, source)
	type entity struct{ both, found, truth, p, q, n float64 }
	at := make([]int, len(t.truth)) // by entity: one more than its place in all
	var all []entity
	for _, c := range t.cells {
		if at[c.truth] == 0 {
			all = append(all, entity{truth: float64(t.truth[c.truth].pairs())})
			at[c.truth] = len(all)
		}
		k := at[c.truth] - 1
		n, cl := float64(c.n.n), &t.found[c.found]
		e := &all[k]
		both := float64(c.n.pairs())
		e.both += both
		e.found += both
		rest := tally{n: cl.n - c.n.n, by: map[uint8]int64{}}
		for s, m := range cl.by {
			rest.by[s] = m - c.n.by[s]
		}
		e.found += (float64(cl.pairs()) - both - float64(rest.pairs())) / 2
		e.p += n * n / float64(cl.n)
		e.q += n * n / float64(t.truth[c.truth].n)
		e.n += n
	}
	measure := func(pick func(i int) entity) (pairs, cubed float64) {
		var s entity
		for i := range all {
			e := pick(i)
			s = entity{s.both + e.both, s.found + e.found, s.truth + e.truth, s.p + e.p, s.q + e.q, s.n + e.n}
		}
		return score(s.both, s.found, s.truth).F1, Score{Precision: s.p / s.n, Recall: s.q / s.n}.withF1().F1
	}
	if len(all) == 0 {
		return Bootstrapped{}
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	var ps, cs []float64
	for range draws {
		p, c := measure(func(int) entity { return all[rng.IntN(len(all))] })
		ps, cs = append(ps, p), append(cs, c)
	}
	p, c := measure(func(i int) entity { return all[i] })
	return Bootstrapped{interval(p, ps), interval(c, cs)}
}

func interval(point float64, draws []float64) Interval {
	slices.Sort(draws)
	at := func(q float64) float64 {
		if len(draws) == 0 {
			return point
		}
		return draws[int(math.Round(q*float64(len(draws)-1)))]
	}
	return Interval{point, at(0.025), at(0.975)}
}

// Bin is the pairs with a probability in one tenth.
type Bin struct {
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	Pairs  int     `json:"pairs"`
	Mean   float64 `json:"mean_probability"`
	Actual float64 `json:"share_true"`
}

// Calibration says whether probabilities are met: of pairs given 0.8, 80 in 100 should be
// true.
type Calibration struct {
	Pairs   int     `json:"pairs"`
	Error   float64 `json:"expected_calibration_error"` // mean distance of Mean and Actual, weighted by pairs
	LogLoss float64 `json:"log_loss"`                   // natural logarithm, p kept within 1e-15 of 0 and 1
	Brier   float64 `json:"brier"`
	Bins    []Bin   `json:"bins"`
}

// Calibrate measures pairs whose truth is known, in ten bins: the probability given to
// each, and whether it is a match.
func Calibrate(judged iter.Seq2[float64, bool]) Calibration {
	var c Calibration
	bins := make([]Bin, 10)
	for p, match := range judged {
		k := min(9, int(p*10))
		y := 0.0
		if match {
			y = 1
		}
		c.Pairs++
		b := &bins[k]
		b.Pairs++
		b.Mean += p
		b.Actual += y
		c.Brier += (p - y) * (p - y)
		p = math.Min(1-1e-15, math.Max(1e-15, p))
		if match {
			c.LogLoss -= math.Log(p)
		} else {
			c.LogLoss -= math.Log(1 - p)
		}
	}
	for k, b := range bins {
		b.From, b.To = float64(k)/10, float64(k+1)/10
		if b.Pairs == 0 {
			continue
		}
		n := float64(b.Pairs)
		b.Mean, b.Actual = b.Mean/n, b.Actual/n
		c.Error += math.Abs(b.Mean-b.Actual) * n / float64(c.Pairs)
		c.Bins = append(c.Bins, b)
	}
	if c.Pairs > 0 {
		c.LogLoss /= float64(c.Pairs)
		c.Brier /= float64(c.Pairs)
	}
	return c
}
