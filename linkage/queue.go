package linkage

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/linkage/fs"
)

// Question is a pair worth a person's decision.
type Question struct {
	I           uint32  `json:"i"`
	J           uint32  `json:"j"`
	Bits        float64 `json:"bits"`
	Probability float64 `json:"probability"`
	Together    bool    `json:"together"`
	// Change is the expected number of pairs of records that a decision would put
	// together or part: the probability that it goes against the clustering, times the
	// pairs it would move.
	Change float64 `json:"expected_change"`
	// Random marks the stratum drawn at random, for honest error rates: each pair of its
	// probability band had the chance Drawn to be asked.
	Random bool    `json:"random,omitempty"`
	Drawn  float64 `json:"drawn,omitempty"`
}

// EachPair calls fn for every pair that blocking found and that could be a match, in a
// fixed order, with its weight in bits: pairs met since the run come last.
func (r *Result) EachPair(fn func(i, j uint32, bits float64)) {
	for _, chunk := range r.swept.chunks {
		for _, p := range chunk {
			if r.stale(p.i, p.j) || r.across() && r.e.rows.Source[p.i] == r.e.rows.Source[p.j] {
				continue
			}
			pattern := r.swept.counts[p.pattern].Pattern
			fn(p.i, p.j, r.patternBits(pattern)+r.frequency(p.i, p.j, pattern))
		}
	}
	for _, p := range r.since() {
		fn(p.I, p.J, r.Bits(p.I, p.J))
	}
}

// Queue is at most n pairs in the order in which deciding them changes most, and after
// them a random sample of at most sample pairs, even over ten bands of weight, whose
// answers estimate precision and recall without the bias of the choice. Decided pairs are
// left out; of the pairs between two clusters only the most telling is asked.
//
// It goes through the pairs twice and holds few of them: there may be millions.
func (r *Result) Queue(n, sample int) []Question {
	size := make([]int, len(r.Clusters.Of))
	for _, c := range r.Clusters.Of {
		size[c]++
	}
	decided := map[[2]uint32]bool{}
	for _, p := range append(slices.Clone(r.in.Must), r.in.Cannot...) {
		decided[p] = true
	}
	each := func(fn func(q Question, band int)) {
		r.EachPair(func(i, j uint32, bits float64) {
			if decided[[2]uint32{i, j}] || r.in.Apart != nil && r.in.Apart(i, j) {
				return
			}
			a, b := r.Clusters.Of[i], r.Clusters.Of[j]
			q := Question{I: i, J: j, Bits: bits, Probability: fs.Probability(bits), Together: a == b}
			q.Change = q.Probability * float64(size[a]*size[b])
			if q.Together { // parting two of a cluster parts each from about half of it
				q.Change = (1 - q.Probability) * float64(size[a]-1)
			}
			band, _ := slices.BinarySearch(bandEdges[:], bits)
			fn(q, band)
		})
	}
	var inBand [weightBands]int
	t := telling{most: n, of: r.Clusters.Of}
	each(func(q Question, band int) {
		inBand[band]++
		t.take(q)
	})
	return append(t.inOrder(), r.stratum(inBand, sample, each)...)
}

// telling gathers the questions that change most, one between any two clusters.
type telling struct {
	most int
	of   []uint32 // cluster of each record
	all  []Question
	at   map[[2]uint32]int // where the question between two clusters is
}

// before orders questions by what they change.
func before(x, y Question) int {
	return cmp.Or(cmp.Compare(y.Change, x.Change), cmp.Compare(x.I, y.I), cmp.Compare(x.J, y.J))
}

func (t *telling) between(q Question) [2]uint32 {
	a, b := t.of[q.I], t.of[q.J]
	return [2]uint32{min(a, b), max(a, b)}
}

// take keeps a question while it may be among the most telling: at times all but those are
// let go of.
func (t *telling) take(q Question) {
	if t.at == nil {
		t.at = map[[2]uint32]int{}
	}
	key := t.between(q)
	if i, ok := t.at[key]; ok {
		if before(q, t.all[i]) < 0 {
			t.all[i] = q
		}
		return
	}
	t.at[key] = len(t.all)
	if t.all = append(t.all, q); len(t.all) < 2*t.most+1024 {
		return
	}
	t.all = t.inOrder()
	clear(t.at)
	for i, q := range t.all {
		t.at[t.between(q)] = i
	}
}

func (t *telling) inOrder() []Question {
	slices.SortFunc(t.all, before)
	return t.all[:min(t.most, len(t.all))]
}

// bandEdges divide pairs by weight in bits for sampling. Most matches that a run misses lie
// between odds of one in a thousand and even odds, among hundreds of times as many pairs
// that are none: bands of probability would put them all in the lowest and ask of nine in
// ten of its pairs what everybody knows.
var bandEdges = [...]float64{-9, -7, -5, -3, -1, 1, 3, 6, 10}

// weightBands is how many there are.
const weightBands = len(bandEdges) + 1

// stratum draws from each band, of which it knows how many pairs it has.
func (r *Result) stratum(inBand [weightBands]int, sample int, each func(func(q Question, band int))) []Question {
	if sample <= 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(r.e.model.Seed, 0x71756575))
	var out []Question
	var place [weightBands]map[int]int // of a pair's number in its band, in out
	for band, n := range inBand {
		take := min(n, (sample+weightBands-1)/weightBands)
		place[band] = make(map[int]int, take)
		for _, k := range rng.Perm(n)[:take] {
			place[band][k] = len(out)
			out = append(out, Question{Random: true, Drawn: float64(take) / float64(n)})
		}
	}
	var seen [weightBands]int
	each(func(q Question, band int) {
		if i, ok := place[band][seen[band]]; ok {
			q.Random, q.Drawn = true, out[i].Drawn
			out[i] = q
		}
		seen[band]++
	})
	rng.Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] })
	return out[:min(sample, len(out))]
}

// Unlinkable says what share of a source's records could never reach a weight, however
// good their copy: compared with itself, the record stays below it for lack of data.
type Unlinkable struct {
	Source string    `json:"source"`
	Bits   []float64 `json:"bits"`
	Share  []float64 `json:"share"` // by weight in Bits: of the source's records
}

// Unlinkables is the data of a chart by source: whole bits from -10 to 40.
func (r *Result) Unlinkables() []Unlinkable {
	const low, high = -10, 40
	var out []Unlinkable
	for s, name := range r.e.t.Sources {
		below := make([]int, high-low+2)
		from, to := r.e.t.Starts[s], r.e.t.Starts[s+1]
		for i := from; i < to; i++ {
			k := int(math.Floor(r.self(uint32(i)))) - low + 1
			below[min(max(k, 0), len(below)-1)]++
		}
		u := Unlinkable{Source: name}
		n := 0
		for k := range high - low + 1 {
			n += below[k]
			u.Bits = append(u.Bits, float64(low+k))
			u.Share = append(u.Share, float64(n)/math.Max(float64(to-from), 1))
		}
		out = append(out, u)
	}
	return out
}

// self is the weight of a record compared with itself.
func (r *Result) self(i uint32) float64 {
	p := r.e.pattern(i, i)
	return r.patternBits(p) + r.frequency(i, i, p)
}
