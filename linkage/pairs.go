package linkage

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
)

// scored is a pair that could be a match, with the number of its pattern.
type scored struct {
	i, j    uint32
	pattern uint32
}

// compared is what a sweep leaves: how often each pattern was seen, and the pairs whose
// pattern could be that of a match.
type compared struct {
	counts  []fs.Count
	chunks  [][]scored
	visited int64
	reports []block.Report
	sweeper *block.Sweeper
}

// slack is how many bits a pattern may fall short of the threshold under the most
// favourable parameters (every m is 1) and still be kept for scoring. It covers what u
// loses when matches are taken out of it.
const slack = 10

// sweep compares all pairs that the rules find.
func (e *engine) sweep(rules []block.Rule, across bool, u [][]float64) (*compared, error) {
	n := e.rows.Len()
	need := prepareBytes(e.t, e.model) + block.Bytes(n, len(rules))
	if err := e.budget(need); err != nil {
		return nil, err
	}
	opt := block.Options{Cap: e.blockCap(), Divide: e.dividers(), Across: across, Workers: e.opt.Workers}
	if e.opt.Memory > 0 {
		// A pair kept takes 12 bytes; few are kept, but all might be.
		opt.Budget = max((e.opt.Memory-need)/12, 1) * keptShare
	}
	s := block.NewSweeper(e.rows, rules, opt)
	workers := make([]*counter, max(e.opt.Workers, 1))
	for w := range workers {
		workers[w] = newCounter(e, u)
	}
	reports, err := s.Sweep(func(w, chunk, _ int, pairs []block.Pair) { workers[w].add(chunk, pairs) })
	if err != nil {
		return nil, err
	}
	out := gather(workers)
	out.reports, out.sweeper = reports, s
	return out, nil
}

// keptShare is how many pairs are visited for one that is kept; measured on real data it
// is 5 to 50.
const keptShare = 4

// blockCap is the most records a block may have.
func (e *engine) blockCap() int {
	if e.model.Cap > 0 {
		return e.model.Cap
	}
	return 2000
}

// dividers are the whole values of the most telling fields, for blocks over the cap.
func (e *engine) dividers() []block.Part {
	var parts []block.Part
	for i := range e.fields {
		parts = append(parts, block.Part{Field: i, Keys: e.valueKeys(i, 0)})
	}
	slices.SortStableFunc(parts, func(a, b block.Part) int {
		return cmp.Compare(e.fields[b.Field].dict.Len(), e.fields[a.Field].dict.Len())
	})
	return parts
}

// valueKeys makes the keys of kind k of every value of field i.
func (e *engine) valueKeys(i, k int) *block.ValueKeys {
	f := e.fields[i]
	out := &block.ValueKeys{Start: make([]uint32, f.dict.Len()+1), Keys: make([]uint32, 0, f.dict.Len())}
	for id := 0; id < f.dict.Len(); id++ {
		out.Start[id] = uint32(len(out.Keys))
		out.Keys = f.prep.Keys(k, uint32(id), out.Keys)
	}
	out.Start[f.dict.Len()] = uint32(len(out.Keys))
	return out
}

// rules turns the model's rules into those of package block.
func (e *engine) rules(parts [][]string) ([]block.Rule, error) {
	by := map[string]compare.Comparer{}
	at := map[string]int{}
	for i, f := range e.fields {
		by[f.decl.Name], at[f.decl.Name] = f.cmp, i
	}
	made := map[[2]int]*block.ValueKeys{}
	var out []block.Rule
	for _, rule := range parts {
		r := block.Rule{Name: ruleName(rule)}
		for _, part := range rule {
			name, k, err := splitPart(part, by)
			if err != nil {
				return nil, err
			}
			key := [2]int{at[name], k}
			if made[key] == nil {
				made[key] = e.valueKeys(key[0], k)
			}
			r.Parts = append(r.Parts, block.Part{Field: key[0], Kind: k, Keys: made[key]})
		}
		out = append(out, r)
	}
	return out, nil
}

// counter is one worker's share of a sweep.
type counter struct {
	e       *engine
	slots   []slot   // open addressing
	seen    []uint64 // patterns in the order met
	hopeful []bool   // by pattern met
	best    [][]float64
	floor   float64
	memos   []memo
	codes   []uint64
	now     []scored // of the current chunk
	chunk   int
	chunks  []chunk
	visited int64
}

type slot struct {
	pattern uint64
	n       int64
	id      uint32
	taken   bool
}

type chunk struct {
	number, worker int
	pairs          []scored
}

// memoSize is the number of value pairs a worker remembers for a field.
const memoSize = 1 << 14

type memo []struct {
	a, b uint32
	code uint8
}

func newCounter(e *engine, u [][]float64) *counter {
	c := &counter{e: e, slots: make([]slot, 1<<10), codes: make([]uint64, 1<<10), chunk: -1}
	for i, f := range e.fields {
		var m memo
		if f.memo {
			m = make(memo, memoSize)
		}
		c.memos = append(c.memos, m)
		best := make([]float64, 16)
		for code, p := range u[i] {
			best[code] = -math.Log2(math.Max(p, 1e-12))
		}
		c.best = append(c.best, best)
	}
	n := float64(e.rows.Len())
	c.floor = e.model.Threshold - slack - math.Log2(20/math.Max(n, 20))
	return c
}

func (c *counter) add(chunk int, pairs []block.Pair) {
	if chunk != c.chunk {
		c.flush()
		c.chunk = chunk
	}
	c.visited += int64(len(pairs))
	if len(c.codes) < len(pairs) {
		c.codes = make([]uint64, len(pairs))
	}
	codes := c.codes[:len(pairs)]
	clear(codes)
	for k := range c.e.fields {
		c.compare(k, pairs, codes)
	}
	stride := c.e.rows.Stride
	ids := c.e.rows.IDs
	for k, f := range c.e.fields {
		if f.swap < 0 {
			continue
		}
		for n, p := range pairs {
			if fs.Code(codes[n], k) < f.shape.Levels-1 {
				codes[n] = c.e.exchange(codes[n], ids[int(p.I)*stride:], ids[int(p.J)*stride:])
			}
		}
	}
	for n, p := range pairs {
		if id, keep := c.count(codes[n]); keep {
			c.now = append(c.now, scored{p.I, p.J, id})
		}
	}
}

// compare puts the code of field k of every pair into codes.
func (c *counter) compare(k int, pairs []block.Pair, codes []uint64) {
	f := c.e.fields[k]
	stride, ids := c.e.rows.Stride, c.e.rows.IDs
	same, shift := uint64(f.shape.Levels-1), 4*k
	m := c.memos[k]
	for n, p := range pairs {
		a, b := ids[int(p.I)*stride+k], ids[int(p.J)*stride+k]
		var code uint64
		switch {
		case a == 0 || b == 0:
			code = fs.Missing
		case a == b:
			code = same
			if f.band != nil {
				code += uint64(f.band[a])
			}
		case m != nil:
			code = uint64(c.remembered(f, m, a, b))
		default:
			code = uint64(f.level(a, b))
		}
		codes[n] |= code << shift
	}
}

// level asks the comparer about two values that differ.
func (f *field) level(a, b uint32) int {
	l := int(f.prep.Level(a, b))
	if f.swap >= 0 && l == f.shape.Levels-2 { // the comparer calls two texts the same
		return l + 1
	}
	return l
}

func (c *counter) remembered(f *field, m memo, a, b uint32) uint8 {
	if a > b {
		a, b = b, a
	}
	at := (a*0x9E3779B1 ^ b*0x85EBCA77) >> 18 & (memoSize - 1)
	if s := &m[at]; s.a == a && s.b == b {
		return s.code
	}
	code := uint8(f.level(a, b))
	m[at].a, m[at].b, m[at].code = a, b, code
	return code
}

// count counts a pattern and tells its number and whether its pairs are kept.
func (c *counter) count(p uint64) (id uint32, keep bool) {
	mask := uint64(len(c.slots) - 1)
	at := p * 0x9E3779B97F4A7C15 >> 32 & mask
	for c.slots[at].taken && c.slots[at].pattern != p {
		at = (at + 1) & mask
	}
	s := &c.slots[at]
	if s.taken {
		s.n++
		return s.id, c.hopeful[s.id]
	}
	*s = slot{pattern: p, n: 1, id: uint32(len(c.seen)), taken: true}
	id = s.id
	c.seen = append(c.seen, p)
	c.hopeful = append(c.hopeful, c.hope(p))
	if len(c.seen)*2 > len(c.slots) {
		c.grow()
	}
	return id, c.hopeful[id]
}

// hope reports whether a pattern could reach the threshold.
func (c *counter) hope(p uint64) bool {
	w := 0.0
	for k := range c.best {
		if code := fs.Code(p, k); code > 0 {
			w += c.best[k][code]
		}
	}
	return w >= c.floor
}

func (c *counter) grow() {
	old := c.slots
	c.slots = make([]slot, 2*len(old))
	mask := uint64(len(c.slots) - 1)
	for _, s := range old {
		if !s.taken {
			continue
		}
		at := s.pattern * 0x9E3779B97F4A7C15 >> 32 & mask
		for c.slots[at].taken {
			at = (at + 1) & mask
		}
		c.slots[at] = s
	}
}

func (c *counter) flush() {
	if len(c.now) > 0 {
		c.chunks = append(c.chunks, chunk{number: c.chunk, pairs: slices.Clone(c.now)})
		c.now = c.now[:0]
	}
}

// gather joins the workers' shares in an order that does not depend on who did what:
// patterns by value, pairs by chunk.
func gather(workers []*counter) *compared {
	out := &compared{}
	total := map[uint64]int64{}
	var chunks []chunk
	for w, c := range workers {
		c.flush()
		out.visited += c.visited
		for _, s := range c.slots {
			if s.taken {
				total[s.pattern] += s.n
			}
		}
		for _, ch := range c.chunks {
			ch.worker = w
			chunks = append(chunks, ch)
		}
		c.chunks = nil
	}
	for p, n := range total {
		out.counts = append(out.counts, fs.Count{Pattern: p, N: float64(n)})
	}
	slices.SortFunc(out.counts, func(a, b fs.Count) int { return cmp.Compare(a.Pattern, b.Pattern) })
	number := make(map[uint64]uint32, len(out.counts))
	for i, c := range out.counts {
		number[c.Pattern] = uint32(i)
	}
	slices.SortFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.number, b.number) })
	global := make([][]uint32, len(workers))
	for w, c := range workers {
		for _, p := range c.seen {
			global[w] = append(global[w], number[p])
		}
	}
	for _, ch := range chunks {
		for k := range ch.pairs {
			ch.pairs[k].pattern = global[ch.worker][ch.pairs[k].pattern]
		}
		out.chunks = append(out.chunks, ch.pairs)
	}
	return out
}
