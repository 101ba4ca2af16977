package linkage

import (
	"math"

	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
)

// counter is one worker's share of a sweep. Pairs of small blocks it compares field by
// field, a batch at a time. Of a large block it compares distinct values, a row of them at
// a time, and looks the pairs up: see [column].
type counter struct {
	e       *engine
	slots   []slot   // open addressing
	seen    []uint64 // patterns in the order met
	best    [][]float64
	floor   float64
	memos   []memo
	swaps   []int // fields that may be exchanged with another
	batch   []pair
	codes   []uint64
	columns []column
	rows    [][]uint8 // of the record of a strip, by field; nil where it has no value
	kept    []scored  // of the current chunk, at the end of a slab
	chunk   int
	chunks  []chunk
	visited int64
}

type pair struct{ i, j uint32 }

// slot counts a pattern; n is 0 in a free one.
type slot struct {
	pattern uint64
	n       int64
	id      uint32
	keep    bool // its pairs could be matches
}

type chunk struct {
	number, worker int
	pairs          []scored
}

const (
	batchSize = 1024    // pairs compared at once: their records stay in the cache
	slabSize  = 1 << 15 // kept pairs that are allocated at once
)

func newCounter(e *engine, u [][]float64) *counter {
	c := &counter{e: e, slots: make([]slot, 1<<10), batch: make([]pair, 0, batchSize), codes: make([]uint64, batchSize),
		columns: make([]column, len(e.fields)), rows: make([][]uint8, len(e.fields)), chunk: -1}
	for i, f := range e.fields {
		c.memos = append(c.memos, newMemo(f))
		if f.swap >= 0 {
			c.swaps = append(c.swaps, i)
		}
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

// A strip of at least tabledPairs pairs that has a fair share of the rest of its block is
// worth a look at the block's distinct values.
const (
	tabledPairs = 16
	tabledShare = 4
)

// strip takes the pairs of a record with later records of its block.
func (c *counter) strip(s *block.Strip) {
	if s.Chunk != c.chunk {
		c.compareBatch()
		c.flush()
		c.chunk = s.Chunk
	}
	if s.First {
		for k := range c.columns {
			c.columns[k].known = false
		}
	}
	c.visited += int64(len(s.With))
	if len(s.With) >= tabledPairs && len(s.With)*tabledShare >= len(s.Block)-s.At {
		c.compareBatch()
		c.compareStrip(s)
		return
	}
	i := s.Block[s.At]
	for _, at := range s.With {
		c.batch = append(c.batch, pair{i, s.Block[at]})
		if len(c.batch) == batchSize {
			c.compareBatch()
		}
	}
}

// compareBatch compares the pairs that wait, field by field.
func (c *counter) compareBatch() {
	codes := c.codes[:len(c.batch)]
	clear(codes)
	for k := range c.e.fields {
		c.compareField(k, codes)
	}
	stride, ids := c.e.rows.Stride, c.e.rows.IDs
	for n, p := range c.batch {
		code := codes[n]
		if c.exchangeable(code) {
			code = c.e.exchange(code, ids[int(p.i)*stride:], ids[int(p.j)*stride:])
		}
		c.count(code, p.i, p.j)
	}
	c.batch = c.batch[:0]
}

// exchangeable reports whether a field that may be exchanged with another disagrees.
func (c *counter) exchangeable(pattern uint64) bool {
	for _, k := range c.swaps {
		if fs.Code(pattern, k) < c.e.fields[k].shape.Levels-1 {
			return true
		}
	}
	return false
}

// compareField puts the code of field k of every pair that waits into codes.
func (c *counter) compareField(k int, codes []uint64) {
	f := c.e.fields[k]
	stride, ids := c.e.rows.Stride, c.e.rows.IDs
	shift := 4 * k
	m := c.memos[k]
	for n, p := range c.batch {
		a, b := ids[int(p.i)*stride+k], ids[int(p.j)*stride+k]
		var code uint64
		switch {
		case a == 0 || b == 0:
			code = fs.Missing
		case a == b:
			code = uint64(f.same(a))
		default:
			code = uint64(m.level(f, a, b))
		}
		codes[n] |= code << shift
	}
}

// same is the code of two records that have the same value.
func (f *field) same(id uint32) uint8 {
	code := uint8(f.shape.Levels - 1)
	if f.band != nil {
		code += f.band[id]
	}
	return code
}

// level asks the comparer about two values that differ.
func (f *field) level(a, b uint32) int {
	l := int(f.prep.Level(a, b))
	if f.swap >= 0 && l == f.shape.Levels-2 { // the comparer calls two texts the same
		return l + 1
	}
	return l
}

// memo remembers pairs of values of a field whose comparison costs more than a look at
// memory: all but those that have a form to compare in bits.
type memo []struct {
	a, b uint32
	code uint8
}

// memoSize is the number of value pairs a worker remembers for a field.
const memoSize = 1 << 14

func newMemo(f *field) memo {
	if _, quick := f.prep.(compare.Rowed); quick {
		return nil
	}
	return make(memo, memoSize)
}

func (m memo) level(f *field, a, b uint32) uint8 {
	if m == nil {
		return uint8(f.level(a, b))
	}
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

// count counts the pattern of a pair and keeps the pair if it could be a match.
func (c *counter) count(p uint64, i, j uint32) {
	mask := uint64(len(c.slots) - 1)
	at := p * 0x9E3779B97F4A7C15 >> 32 & mask
	for c.slots[at].pattern != p || c.slots[at].n == 0 {
		if c.slots[at].n == 0 {
			if 2*len(c.seen) >= len(c.slots) {
				c.grow()
				c.count(p, i, j)
				return
			}
			c.slots[at] = slot{pattern: p, id: uint32(len(c.seen)), keep: c.hope(p)}
			c.seen = append(c.seen, p)
			break
		}
		at = (at + 1) & mask
	}
	s := &c.slots[at]
	s.n++
	if s.keep {
		c.keep(scored{i, j, s.id})
	}
}

func (c *counter) keep(s scored) {
	if len(c.kept) == cap(c.kept) {
		c.flush()
		c.kept = make([]scored, 0, slabSize)
	}
	c.kept = append(c.kept, s)
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
		if s.n == 0 {
			continue
		}
		at := s.pattern * 0x9E3779B97F4A7C15 >> 32 & mask
		for c.slots[at].n > 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = s
	}
}

// flush closes what was kept of the chunk; the rest of the slab is for the next one.
func (c *counter) flush() {
	if n := len(c.kept); n > 0 {
		c.chunks = append(c.chunks, chunk{number: c.chunk, pairs: c.kept[:n:n]})
		c.kept = c.kept[n:]
	}
}
