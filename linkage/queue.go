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
func (r *Result) Queue(n, sample int) []Question {
	size := make([]int, len(r.Clusters.Of))
	for _, c := range r.Clusters.Of {
		size[c]++
	}
	decided := map[[2]uint32]bool{}
	for _, p := range append(slices.Clone(r.in.Must), r.in.Cannot...) {
		decided[p] = true
	}
	best := map[[2]uint32]Question{}
	var bands [len(bandEdges) + 1][]Question
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
		bands[band] = append(bands[band], q)
		key := [2]uint32{min(a, b), max(a, b)}
		if old, seen := best[key]; !seen || q.Change > old.Change {
			best[key] = q
		}
	})
	var out []Question
	for _, q := range best {
		out = append(out, q)
	}
	slices.SortFunc(out, func(x, y Question) int {
		return cmp.Or(cmp.Compare(y.Change, x.Change), cmp.Compare(x.I, y.I), cmp.Compare(x.J, y.J))
	})
	out = out[:min(n, len(out))]
	return append(out, r.stratum(bands, sample)...)
}

// bandEdges divide pairs by weight in bits for sampling. Most matches that a run misses lie
// between odds of one in a thousand and even odds, among hundreds of times as many pairs
// that are none: bands of probability would put them all in the lowest and ask of nine in
// ten of its pairs what everybody knows.
var bandEdges = [...]float64{-9, -7, -5, -3, -1, 1, 3, 6, 10}

func (r *Result) stratum(bands [len(bandEdges) + 1][]Question, sample int) []Question {
	rng := rand.New(rand.NewPCG(r.e.model.Seed, 0x71756575))
	var out []Question
	for _, b := range bands {
		take := min(len(b), (sample+len(bands)-1)/len(bands))
		for _, k := range rng.Perm(len(b))[:take] {
			q := b[k]
			q.Random, q.Drawn = true, float64(take)/float64(len(b))
			out = append(out, q)
		}
	}
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
