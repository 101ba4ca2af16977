package linkage

import (
	"math/bits"

	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
)

// column is one field of a block of records. The values are numbered from the last record
// to the first as they come up, so that the values that the records after a given one have
// are always the first ones, and comparing a value with all of them is one run over
// values. Missing is number 0.
type column struct {
	known  bool
	ids    []uint32  // by place in the block: the value
	local  []uint32  // its number
	ahead  []uint32  // how many values the records after it have
	values []uint32  // by number
	rows   [][]uint8 // by number: the codes against the other values, once they are known
	room   int       // bytes that may still be kept in rows
	row    []uint8   // of a value that does not come again, which is not kept
	number numbering
}

// rowsKept is the most bytes of rows a worker keeps of a field: with those of all fields,
// about what a core has of near memory. Rows past it are made again.
const rowsKept = 1 << 20

// learn numbers the values of field k of a block.
func (c *column) learn(e *engine, k int, block []uint32) {
	n := len(block)
	c.known, c.room = true, rowsKept
	c.ids, c.local, c.ahead = sized(c.ids, n), sized(c.local, n), sized(c.ahead, n)
	c.values = append(c.values[:0], 0)
	c.number.clear(n)
	for at := n - 1; at >= 0; at-- {
		id := e.rows.IDs[int(block[at])*e.rows.Stride+k]
		c.ids[at] = id
		c.ahead[at] = uint32(len(c.values) - 1)
		if id == 0 {
			c.local[at] = 0
			continue
		}
		v := c.number.of(id, uint32(len(c.values)))
		if int(v) == len(c.values) {
			c.values = append(c.values, id)
		}
		c.local[at] = v
	}
	clear(c.rows[:cap(c.rows)])
	if cap(c.rows) < len(c.values) {
		c.rows = make([][]uint8, len(c.values))
	}
	c.rows = c.rows[:len(c.values)]
}

// against is the codes of the value at a place against the values of all records after it,
// by number; nil where it has no value. It is valid until the next call.
func (c *column) against(f *field, at int) []uint8 {
	v, n := c.local[at], c.ahead[at]
	if v == 0 {
		return nil
	}
	if row := c.rows[v]; row != nil {
		return row // made for an earlier record, which had more records after it
	}
	size := int(n) + 1
	var row []uint8
	if v <= n && size <= c.room {
		row = make([]uint8, size)
		c.rows[v] = row
		c.room -= size
	} else {
		c.row = sized(c.row, size)
		row = c.row
	}
	f.levels(c.values[v], c.values[1:size], row[1:])
	row[0] = fs.Missing
	if v <= n {
		row[v] = f.same(c.values[v])
	}
	return row
}

// each compares a record with its partners one by one, for a comparer that is slow: a row
// would be of all the records after it, and here only some are partners.
func (c *column) each(f *field, m memo, s *block.Strip, codes []uint64, shift int) {
	a := c.ids[s.At]
	for t, at := range s.With {
		code := uint8(fs.Missing)
		if b := c.ids[at]; a != 0 && a == b {
			code = f.same(a)
		} else if a != 0 && b != 0 {
			code = m.level(f, a, b)
		}
		codes[t] |= uint64(code) << shift
	}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/2)[:n]
	}
	return s[:n]
}

// levels is the codes of a value against others. The code against itself is left open.
func (f *field) levels(a uint32, bs []uint32, out []uint8) {
	if r, ok := f.prep.(compare.Rowed); ok {
		r.Levels(a, bs, out)
	} else {
		for k, b := range bs {
			if a != b {
				out[k] = f.prep.Level(a, b)
			}
		}
	}
	if f.swap >= 0 {
		for k, l := range out {
			if int(l) == f.shape.Levels-2 { // the comparer calls two texts the same
				out[k] = l + 1
			}
		}
	}
}

// compareStrip compares a record with many of its block.
func (c *counter) compareStrip(s *block.Strip) {
	e := c.e
	n := len(s.With)
	c.codes = sized(c.codes, max(n, batchSize))
	codes := c.codes[:n]
	clear(codes)
	for k, f := range e.fields {
		col := &c.columns[k]
		if !col.known {
			col.learn(e, k, s.Block)
		}
		if m := c.memos[k]; m != nil && !s.Whole() {
			col.each(f, m, s, codes, 4*k)
			continue
		}
		row := col.against(f, s.At)
		switch {
		case row == nil:
			for t := range codes {
				codes[t] |= fs.Missing << (4 * k)
			}
		case s.Whole():
			for t, v := range col.local[s.At+1 : s.At+1+n] {
				codes[t] |= uint64(row[v]) << (4 * k)
			}
		default:
			for t, at := range s.With {
				codes[t] |= uint64(row[col.local[at]]) << (4 * k)
			}
		}
	}
	for _, k := range c.swaps {
		c.exchange(k, s, codes)
	}
	i := s.Block[s.At]
	for t, at := range s.With {
		c.count(codes[t], i, s.Block[at])
	}
}

// exchange looks for values of field k that are its partner's of the other record.
func (c *counter) exchange(k int, s *block.Strip, codes []uint64) {
	e, stride := c.e, c.e.rows.Stride
	one, two := c.columns[k].ids, c.columns[e.fields[k].swap].ids
	x, y := one[s.At], two[s.At]
	if x == 0 {
		x = none
	}
	if y == 0 {
		y = none
	}
	a := e.rows.IDs[int(s.Block[s.At])*stride:]
	for t, at := range s.With {
		if two[at] == x || one[at] == y {
			codes[t] = e.exchange(codes[t], a, e.rows.IDs[int(s.Block[at])*stride:])
		}
	}
}

// none is no value's number.
const none = ^uint32(0)

// numbering numbers the distinct values of a block.
type numbering struct {
	key, number []uint32 // open addressing
	shift       int
}

// clear makes the numbering empty, with room for n values.
func (t *numbering) clear(n int) {
	size := 1 << bits.Len(uint(max(2*n, 16)-1))
	if cap(t.key) < size {
		t.key, t.number = make([]uint32, size), make([]uint32, size)
	}
	t.key, t.number = t.key[:size], t.number[:size]
	clear(t.key)
	t.shift = 32 - bits.Len(uint(size)-1)
}

// of is the number of a value that is not 0; next, if it has none yet.
func (t *numbering) of(id, next uint32) uint32 {
	mask := uint32(len(t.key) - 1)
	at := id * 0x9E3779B1 >> t.shift & mask
	for t.key[at] != id {
		if t.key[at] == 0 {
			t.key[at], t.number[at] = id, next
			return next
		}
		at = (at + 1) & mask
	}
	return t.number[at]
}
