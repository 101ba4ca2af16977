package linkage

import (
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/cluster"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
	"example.org/amparo/linkage/table"
)

// Options are what a run is given beside table and model. The zero value is one worker, no
// memory limit, no decisions.
type Options struct {
	Workers int
	// Memory is the most bytes the run may take by its own reckoning, the table included;
	// a run that would need more is refused before it allocates. 0 is no limit.
	Memory int64
	// Comparers by name, beside the built-in ones.
	Comparers map[string]compare.Comparer
	// Background is, by field and normalised value, the share of people who have the
	// value, where a census or register tells.
	Background map[string]map[string]float64
	// Decisions of people on pairs, by record number.
	Decisions []Decision
	// Apart tells pairs that are different entities by the nature of the data: two
	// victims named in one testimony. It must be symmetric and safe for concurrent use.
	Apart func(i, j uint32) bool
	// Progress, if set, is told what begins.
	Progress func(stage string)
}

// Result is a finished run. Its methods answer questions about any record or pair.
type Result struct {
	e      *engine
	model  *fs.Model
	chance []*chance
	tied   []fs.Tie
	// of the fitted model, for scoring: the fields with frequencies, see tabulate
	rare            []int
	counted         []uint32 // the entity of every record when values were counted; nil: each its own
	level0, weights [][16]float64
	prior           float64
	rules           [][]string
	swept           *compared
	in              cluster.Input
	index           *Index // once made

	// Link is the kind of linkage that was done, which Auto leaves to the data, and
	// OneToOne whether no source was let to repeat itself.
	Link     string
	OneToOne bool
	// Clusters is the entity of every record: the number of its first record.
	Clusters cluster.Result
	// Edges are the pairs found by blocking with a weight of at least the threshold.
	Edges []cluster.Edge
	// Compared is the number of pairs compared, Patterns how many ways they came out.
	Compared int64
	Patterns int
	// Blocks reports on the rules, Runs on the starts of the last EM, the best first.
	Blocks []block.Report
	Runs   []fs.Run
	// Recall is the estimated share of matching pairs that blocking found.
	Recall float64
}

// rounds is how often parameters are estimated: once from random pairs, then from pairs of
// different clusters.
const rounds = 3

var trust = []float64{1, 1, 1}

// surely is how many bits above the threshold a pair must weigh to count as known after
// the first round, whose parameters are rough.
const surely = 0

// Link links the records of a table.
//
// It is an error for the model not to fit the table, for decisions to contradict each
// other, for the run to need more memory than allowed, and for there to be no two records
// to compare.
func Link(t *table.Table, m Model, o Options) (*Result, error) {
	o.Workers = max(o.Workers, 1)
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if len(t.Sources) > 255 {
		return nil, fault.New(fault.TooLarge, "linkage.Link", "there are %d sources, at most 255 can be told apart", len(t.Sources)).
			With("put smaller sources together")
	}
	o.Progress("preparing")
	e, err := prepare(t, m, o)
	if err != nil {
		return nil, err
	}
	must, cannot, err := decided(o.Decisions, t.Rows())
	if err != nil {
		return nil, err
	}
	r := &Result{e: e, Link: m.Link, OneToOne: m.OneToOne, Recall: 1}
	r.in = cluster.Input{Records: t.Rows(), Score: r.Bits, Must: must, Cannot: cannot}
	r.settle()
	if err := r.compare(); err != nil {
		return nil, err
	}
	for round := range rounds {
		if err := r.estimate(round); err != nil {
			return nil, err
		}
		cut := m.Threshold
		if round == 0 {
			cut += surely
		}
		r.cluster(cut)
		if round == 0 && r.Link == Auto {
			r.choose()
		}
	}
	return r, nil
}

// across reports whether pairs of one source are left out.
func (r *Result) across() bool { return r.Link == LinkOnly }

// settle decides what Auto leaves open before there is anything to go by.
func (r *Result) settle() {
	sources := len(r.e.t.Sources)
	if sources < 2 && (r.Link == Auto || r.Link == "" || r.Link == LinkOnly) {
		r.Link = Dedupe
	}
	if r.Link == "" {
		r.Link = Auto
	}
	r.apart()
}

// apart sets which pairs are apart by nature.
func (r *Result) apart() {
	own := r.e.opt.Apart
	r.in.Apart = own
	if !r.OneToOne || r.e.rows.Source == nil {
		return
	}
	r.in.Apart = func(i, j uint32) bool {
		src := r.e.rows.Source // which an index appends to
		return src[i] == src[j] || own != nil && own(i, j)
	}
}

// oneToOneShare is the most records that may look repeated within their source for the
// source to be taken as free of repetitions: less is within the error of linkage.
const oneToOneShare = 0.01

// choose is Auto's choice after the first round: files that do not repeat themselves are
// linked one to one. A repeated record is as near its repetition as records of two files are
// that are one, half of the time nearer than their median; a look-alike is not.
func (r *Result) choose() {
	src := r.e.rows.Source
	var across, within []float64
	for _, g := range r.Clusters.Groups() {
		for k, i := range g {
			if best := r.bestAcross(i, g); !math.IsInf(best, -1) {
				across = append(across, best)
			}
			best := math.Inf(-1)
			for _, j := range g[:k] {
				if src[i] == src[j] {
					best = math.Max(best, r.Bits(j, i))
				}
			}
			if !math.IsInf(best, -1) {
				within = append(within, best)
			}
		}
	}
	r.Link = LinkDedup
	if float64(repeated(within, across)) < oneToOneShare*float64(len(src)) {
		r.Link, r.OneToOne = LinkOnly, true
		r.apart()
	}
}

// repeated estimates how many records repeat another of their file, from the best weights
// within and across files.
func repeated(within, across []float64) int {
	if len(across) == 0 {
		return len(within)
	}
	slices.Sort(across)
	median, n := across[len(across)/2], 0
	for _, w := range within {
		if w >= median {
			n++
		}
	}
	return 2 * n
}

// bestAcross is the best weight of a record to one of another source in its cluster.
func (r *Result) bestAcross(i uint32, cluster []uint32) float64 {
	best := math.Inf(-1)
	for _, j := range cluster {
		if r.e.rows.Source[i] != r.e.rows.Source[j] {
			best = math.Max(best, r.Bits(min(i, j), max(i, j)))
		}
	}
	return best
}

// compare plans the blocks if need be and compares.
func (r *Result) compare() error {
	e := r.e
	r.e.opt.Progress("comparing")
	u := make([][]float64, len(e.fields))
	r.chance = make([]*chance, len(e.fields))
	inParallel(e.opt.Workers, len(e.fields), func(i int) {
		r.chance[i] = e.sample(i, r.across())
		e.update(i, r.chance[i], r.across(), nil, nil)
		u[i] = r.chance[i].u
	})
	r.rules = e.model.Blocks
	if r.rules == nil {
		r.rules = e.plan(e.rows.Len())
	}
	rules, err := e.rules(r.rules)
	if err != nil {
		return err
	}
	r.swept, err = e.sweep(rules, r.across(), u)
	if err != nil {
		return err
	}
	r.Compared, r.Patterns, r.Blocks = r.swept.visited, len(r.swept.counts), r.swept.reports
	return nil
}

// total is the number of pairs that could match.
func (r *Result) total() float64 {
	n := float64(r.e.rows.Len())
	all := n * (n - 1) / 2
	if r.across() {
		for s := range r.e.t.Sources {
			m := float64(r.e.t.Starts[s+1] - r.e.t.Starts[s])
			all -= m * (m - 1) / 2
		}
	}
	return math.Max(all, 1)
}

// estimate finds the parameters, the first time with matches among the random pairs, later
// with pairs of different clusters only.
func (r *Result) estimate(round int) error {
	e := r.e
	e.opt.Progress("estimating")
	start := &fs.Model{Prior: e.model.Prior}
	if round > 0 {
		r.counted = slices.Clone(r.Clusters.Of)
		groups := r.Clusters.Groups()
		inParallel(e.opt.Workers, len(e.fields), func(i int) {
			e.update(i, r.chance[i], r.across(), r.Clusters.Of, groups)
		})
	}
	for i, f := range e.fields {
		start.Fields = append(start.Fields, f.shape)
		start.U = append(start.U, r.chance[i].u)
	}
	counts := r.swept.counts
	if e.rows.Source != nil && r.across() && round > 0 {
		counts = r.recount()
	}
	o := fs.Options{Pairs: r.total(), Recall: r.Recall, Contaminated: round == 0, FixedPrior: e.model.Prior > 0,
		Weight: 10, Trust: trust[round]}
	if start.Prior == 0 {
		start.Prior = math.Min(0.1, 1/math.Max(2*float64(e.rows.Len()), 10))
	}
	if e.model.Dependence {
		if round == 0 {
			r.tied = r.ties()
		}
		start.Ties = r.tied
	}
	runs, err := fs.Fit(start, r.judged(counts), o)
	if err != nil {
		return err
	}
	r.Runs, r.model = runs, runs[0].Model
	r.tabulate()
	return nil
}

// recount is the counts of kept pairs of different sources, after Auto chose to leave the
// others out. Pairs not kept are as good as certain not to match and change nothing.
func (r *Result) recount() []fs.Count {
	n := make([]float64, len(r.swept.counts))
	src := r.e.rows.Source
	for _, chunk := range r.swept.chunks {
		for _, p := range chunk {
			if src[p.i] != src[p.j] {
				n[p.pattern]++
			}
		}
	}
	var out []fs.Count
	for k, c := range r.swept.counts {
		if n[k] > 0 {
			out = append(out, fs.Count{Pattern: c.Pattern, N: n[k]})
		}
	}
	return out
}

// judged puts decisions into the counts as certainties, and pairs that are different
// entities by the nature of the data: five harms told of one stay agree on all but what
// they are, and EM would take them for one.
func (r *Result) judged(counts []fs.Count) []fs.Count {
	own := r.e.opt.Apart
	if len(r.in.Must)+len(r.in.Cannot) == 0 && own == nil {
		return counts
	}
	at := map[uint64]int{}
	out := append([]fs.Count(nil), counts...)
	for k, c := range out {
		at[c.Pattern] = k
	}
	if own != nil {
		decided := map[[2]uint32]bool{}
		for _, p := range append(append([][2]uint32(nil), r.in.Must...), r.in.Cannot...) {
			decided[[2]uint32{min(p[0], p[1]), max(p[0], p[1])}] = true
		}
		for _, chunk := range r.swept.chunks {
			for _, p := range chunk {
				k, ok := at[r.swept.counts[p.pattern].Pattern]
				if ok && own(p.i, p.j) && !decided[[2]uint32{min(p.i, p.j), max(p.i, p.j)}] {
					out[k].Apart = math.Min(out[k].Apart+1, out[k].N)
				}
			}
		}
	}
	enter := func(p [2]uint32, sure, apart float64) {
		pattern := r.e.pattern(p[0], p[1])
		k, ok := at[pattern]
		if !ok {
			k = len(out)
			at[pattern] = k
			out = append(out, fs.Count{Pattern: pattern})
		}
		c := &out[k]
		c.Sure += sure
		c.Apart += apart
		c.N = math.Max(c.N, c.Sure+c.Apart)
	}
	for _, p := range r.in.Must {
		enter(p, 1, 0)
	}
	for _, p := range r.in.Cannot {
		enter(p, 0, 1)
	}
	return out
}

// cluster scores the kept pairs and clusters what is above the threshold.
func (r *Result) cluster(cut float64) {
	r.e.opt.Progress("clustering")
	r.Edges = r.score(cut)
	r.in.Edges = r.Edges
	r.Clusters = cluster.Find(r.in, cluster.Options{Cut: cut, Workers: r.e.opt.Workers})
	r.Recall = r.recall()
}

// score is the kept pairs at or above the cut, in order.
func (r *Result) score(cut float64) []cluster.Edge {
	base := make([]float64, len(r.swept.counts))
	top := make([]float64, len(r.swept.counts)) // with the rarest of values
	for k, c := range r.swept.counts {
		base[k] = r.patternBits(c.Pattern)
		top[k] = base[k]
		for _, f := range r.rare {
			if code := fs.Code(c.Pattern, f); code != fs.Missing && code >= r.e.fields[f].shape.Levels-1 {
				top[k] += math.Max(0, r.level0[f][code]-r.chance[f].rarest)
			}
		}
	}
	src, across := r.e.rows.Source, r.across()
	parts := make([][]cluster.Edge, len(r.swept.chunks))
	inParallel(r.e.opt.Workers, len(parts), func(k int) {
		var out []cluster.Edge
		var batch [scoreBatch]scored
		n := 0
		score := func() {
			var rare [scoreBatch]float64
			r.frequencies(batch[:n], &rare)
			for t, p := range batch[:n] {
				if w := base[p.pattern] + rare[t]; w >= cut {
					out = append(out, cluster.Edge{I: p.i, J: p.j, Bits: float32(w)})
				}
			}
			n = 0
		}
		for _, p := range r.swept.chunks[k] {
			if top[p.pattern] < cut || r.stale(p.i, p.j) || across && src[p.i] == src[p.j] {
				continue
			}
			batch[n] = p
			if n++; n == len(batch) {
				score()
			}
		}
		score()
		parts[k] = out
	})
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	edges := make([]cluster.Edge, 0, n)
	for _, p := range parts {
		edges = append(edges, p...)
	}
	for _, p := range r.since() {
		if float64(p.Bits) >= cut {
			edges = append(edges, p)
		}
	}
	return edges
}

// scoreBatch is how many kept pairs are scored at once: their records are fetched while
// those of others are on their way.
const scoreBatch = 128

// frequencies sets out to [Result.frequency] of kept pairs.
func (r *Result) frequencies(pairs []scored, out *[scoreBatch]float64) {
	ids, s := r.e.rows.IDs, r.e.rows.Stride
	for _, k := range r.rare {
		same, level0 := r.e.fields[k].shape.Levels-1, &r.level0[k]
		for t, p := range pairs {
			code := fs.Code(r.swept.counts[p.pattern].Pattern, k)
			if code < same || code == fs.Missing {
				continue
			}
			if id := ids[int(p.i)*s+k]; id == ids[int(p.j)*s+k] {
				out[t] += level0[code] - r.rarity(k, p.i, p.j, id)
			}
		}
	}
}

// inParallel calls fn for 0 to n-1 from several goroutines.
func inParallel(workers, n int, fn func(k int)) {
	var at atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(workers, n)) {
		wg.Go(func() {
			for k := int(at.Add(1)) - 1; k < n; k = int(at.Add(1)) - 1 {
				fn(k)
			}
		})
	}
	wg.Wait()
}

// tabulate prepares what scoring many pairs needs: log2 of m of each field's highest level
// less the weight of its band.
func (r *Result) tabulate() {
	r.rare = r.rare[:0]
	r.level0 = make([][16]float64, len(r.e.fields))
	for k, f := range r.e.fields {
		if !f.decl.Frequency {
			continue
		}
		r.rare = append(r.rare, k)
		m := 0.0
		for c := f.shape.Levels - 1; c < f.shape.Codes(); c++ {
			m += r.model.M[k][c]
		}
		for c := f.shape.Levels - 1; c < f.shape.Codes(); c++ {
			r.level0[k][c] = math.Log2(m) - r.model.Weight(k, c)
		}
	}
	r.weights = make([][16]float64, len(r.e.fields))
	for k, f := range r.e.fields {
		for c := range f.shape.Codes() {
			r.weights[k][c] = r.model.Weight(k, c)
		}
	}
	r.prior = r.model.PriorBits()
}

// patternBits is the weight of a pattern: prior, fields, ties.
func (r *Result) patternBits(p uint64) float64 {
	w := r.prior
	for k := range r.weights {
		w += r.weights[k][fs.Code(p, k)]
	}
	for _, t := range r.model.Ties {
		w += t.Bits(r.model.Fields, p)
	}
	return w
}

// Bits is the weight of any two records, compared or not: log2 odds that they are of one
// entity. i and j are different and below the number of records.
func (r *Result) Bits(i, j uint32) float64 {
	p := r.e.pattern(i, j)
	return r.patternBits(p) + r.frequency(i, j, p)
}

// recall estimates from the rules that find each linked pair how many linked pairs no rule
// found: Chao's lower bound, the rules being the occasions of capture.
//
// Source: Chao (1987), Biometrics 43, 783-791, bias-corrected form.
func (r *Result) recall() float64 {
	var f1, f2, all float64
	for _, e := range r.Edges {
		if r.Clusters.Of[e.I] != r.Clusters.Of[e.J] {
			continue
		}
		switch bits.OnesCount64(r.swept.sweeper.Found(e.I, e.J)) {
		case 1:
			f1++
		case 2:
			f2++
		}
		all++
	}
	if len(r.rules) < 2 || all == 0 {
		return 1
	}
	missed := f1 * math.Max(f1-1, 0) / (2 * (f2 + 1))
	return math.Max(0.2, all/(all+missed))
}

// Draws samples numbers of entities: see [cluster.Draws].
func (r *Result) Draws(draws int) []int {
	in := r.in
	in.Edges = r.Edges // those of an index have grown
	return cluster.Draws(in, cluster.Options{Cut: r.e.model.Threshold}, draws, r.e.model.Seed)
}

// looser is how many bits below the threshold a pair may weigh and still be one entity in a
// draw: a pair of 6 bits less is a match once in 65 times at even odds.
const looser = 6

// Partitions samples who is who: of each draw the entity of every record. Pairs below the
// threshold are one entity as often as their weight says, or each draw would have too many
// entities: links that were missed are as much a part of what is not known as links that
// are wrong. See [cluster.Partitions].
func (r *Result) Partitions(draws int) [][]uint32 {
	in := r.in
	cut := r.e.model.Threshold - looser
	in.Edges = r.score(cut)
	return cluster.Partitions(in, cluster.Options{Cut: cut}, draws, r.e.model.Seed)
}

// Unresolved is the share of links in doubt: of the pairs that blocking found, how many are
// expected to be judged wrongly by their weight alone, over how many are expected to be
// matches. A pair that somebody decided is in no doubt, nor is one that is apart by nature.
// It is 0 where there is nothing to link.
func (r *Result) Unresolved() float64 {
	decided := map[[2]uint32]bool{}
	for _, p := range slices.Concat(r.in.Must, r.in.Cannot) {
		decided[[2]uint32{min(p[0], p[1]), max(p[0], p[1])}] = true
	}
	wrong, links := 0.0, float64(len(r.in.Must))
	r.EachPair(func(i, j uint32, bits float64) {
		if decided[[2]uint32{min(i, j), max(i, j)}] || r.in.Apart != nil && r.in.Apart(i, j) {
			return
		}
		p := Probability(bits)
		wrong += math.Min(p, 1-p)
		links += p
	})
	if links == 0 {
		return 0
	}
	return wrong / links
}

// Probability turns a weight in bits into the probability of a match.
func Probability(bits float64) float64 { return fs.Probability(bits) }
