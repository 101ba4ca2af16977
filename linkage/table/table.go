// Package table holds records by column for linkage: every distinct text once, and a
// number for it in every row. A million rows of eight fields are then eight million small
// numbers, two records agree on a field when two numbers are equal, and no comparison
// touches text twice.
package table

import "example.org/amparo/fault"

// Missing is the id of a value that is not there: an empty cell.
const Missing uint32 = 0

// Dict is a set of distinct texts, each with an id from 1 on and a count. The texts lie in
// one block of bytes, so a million of them cost the collector nothing. Id 0 is [Missing].
// The zero Dict is empty and ready. A Dict is not safe for concurrent writing.
type Dict struct {
	text  []byte
	end   []uint32 // end[id] is where text id ends; end[0] is 0
	count []uint32
	slots []uint64 // open addressing, a power of two: the hash above the id; 0 is free
}

// Len is the number of ids, with the one for missing: ids are below Len.
func (d *Dict) Len() int {
	if len(d.end) == 0 {
		return 1
	}
	return len(d.end)
}

// At is the text of an id, and "" for [Missing].
func (d *Dict) At(id uint32) string {
	if id == Missing {
		return ""
	}
	return string(d.text[d.end[id-1]:d.end[id]])
}

// Count is how many times the text was added.
func (d *Dict) Count(id uint32) int {
	if int(id) >= len(d.count) {
		return 0
	}
	return int(d.count[id])
}

// Counts is the counts by id; do not change it.
func (d *Dict) Counts() []uint32 {
	if len(d.count) == 0 {
		return []uint32{0}
	}
	return d.count
}

// Bytes is the memory held, for budgets.
func (d *Dict) Bytes() int64 {
	return int64(cap(d.text)) + 4*int64(cap(d.end)+cap(d.count)) + 8*int64(cap(d.slots))
}

// Add counts one more appearance of s and returns its id; an empty s is [Missing].
func (d *Dict) Add(s []byte) uint32 {
	if len(s) == 0 {
		return Missing
	}
	if len(d.end) == 0 {
		d.end, d.count, d.slots = append(d.end, 0), append(d.count, 0), make([]uint64, 64)
	}
	h := hash(s)
	at, found := d.slot(h, s)
	if found {
		id := uint32(d.slots[at])
		d.count[id]++
		return id
	}
	id := uint32(len(d.end))
	d.text = append(d.text, s...)
	d.end = append(d.end, uint32(len(d.text)))
	d.count = append(d.count, 1)
	d.slots[at] = uint64(h)<<32 | uint64(id)
	if len(d.end)*10 > len(d.slots)*7 {
		d.grow(2 * len(d.slots))
	}
	return id
}

// slot is where s with hash h is, or where it may go.
func (d *Dict) slot(h uint32, s []byte) (at uint32, found bool) {
	mask := uint32(len(d.slots) - 1)
	for at = h & mask; d.slots[at] != 0; at = (at + 1) & mask {
		if e := d.slots[at]; uint32(e>>32) == h {
			if id := uint32(e); string(d.text[d.end[id-1]:d.end[id]]) == string(s) {
				return at, true
			}
		}
	}
	return at, false
}

// Find is the id of s, or [Missing] when it was never added.
func (d *Dict) Find(s string) uint32 {
	if len(d.slots) == 0 || s == "" {
		return Missing
	}
	at, found := d.slot(hash([]byte(s)), []byte(s))
	if !found {
		return Missing
	}
	return uint32(d.slots[at])
}

// grow gives the texts so many slots.
func (d *Dict) grow(size int) {
	old := d.slots
	d.slots = make([]uint64, size)
	for _, e := range old {
		if e != 0 {
			d.put(e)
		}
	}
}

// put gives an entry that is not there yet a slot.
func (d *Dict) put(e uint64) {
	mask := uint32(len(d.slots) - 1)
	at := uint32(e>>32) & mask
	for d.slots[at] != 0 {
		at = (at + 1) & mask
	}
	d.slots[at] = e
}

// Seal drops what only adding needs. Find and Add do not work afterwards, until Reopen.
func (d *Dict) Seal() { d.slots = nil }

// Reopen makes a sealed Dict ready for Find and Add again.
func (d *Dict) Reopen() {
	if d.slots != nil || len(d.end) == 0 {
		return
	}
	size := 64
	for len(d.end)*10 > size*7 {
		size *= 2
	}
	d.slots = make([]uint64, size)
	for id := 1; id < len(d.end); id++ {
		d.put(uint64(hash(d.text[d.end[id-1]:d.end[id]]))<<32 | uint64(id))
	}
}

// hash is FNV-1a over eight bytes at a time with a final mix: only its spread matters.
func hash(s []byte) uint32 {
	h := uint64(14695981039346656037)
	for len(s) >= 8 {
		k := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		h = (h ^ k) * 0x9E3779B97F4A7C15
		h ^= h >> 29
		s = s[8:]
	}
	for _, c := range s {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	h ^= h >> 32
	return uint32(h)
}

// Column is one field of every record.
type Column struct {
	Name string
	IDs  []uint32 // by row; Missing where the cell is empty
	Dict Dict
}

// At is the text of a row.
func (c *Column) At(row int) string { return c.Dict.At(c.IDs[row]) }

// Filled is the number of rows that are not missing.
func (c *Column) Filled() int {
	n := 0
	for _, id := range c.IDs {
		if id != Missing {
			n++
		}
	}
	return n
}

// Table is records by column. Source says which file or list a row came from: rows of
// source s are Starts[s] up to Starts[s+1].
type Table struct {
	Columns []*Column
	Sources []string
	Starts  []int // one more than Sources; the last is the number of rows
}

// Rows is the number of records.
func (t *Table) Rows() int {
	if len(t.Starts) == 0 {
		return 0
	}
	return t.Starts[len(t.Starts)-1]
}

// Source is the index in Sources of a row.
func (t *Table) Source(row int) int {
	for s := range t.Sources {
		if row < t.Starts[s+1] {
			return s
		}
	}
	return len(t.Sources) - 1
}

// Column is the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Sample is a table of at most n rows, evenly spread over each source.
func (t *Table) Sample(n int) *Table {
	rows := t.Rows()
	if rows <= n {
		return t
	}
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	b := NewBuilder(names)
	for s, name := range t.Sources {
		b.Source(name)
		own := t.Starts[s+1] - t.Starts[s]
		take := max(own*n/rows, min(own, 2))
		for k := range take {
			row := t.Starts[s] + k*own/take
			for c, col := range t.Columns {
				b.Set(c, []byte(col.At(row)))
			}
			b.Next()
		}
	}
	return b.Table()
}

// Bytes is the memory held, for budgets.
func (t *Table) Bytes() int64 {
	var n int64
	for _, c := range t.Columns {
		n += 4*int64(cap(c.IDs)) + c.Dict.Bytes()
	}
	return n
}

// FromRows makes a table of one source from rows of cells; a short row is filled with
// missing values. It is for tests and small callers: a reader of large files adds to
// columns as it goes.
//
// It is an error for a row to have more cells than there are names.
func FromRows(source string, names []string, rows [][]string) (*Table, error) {
	b := NewBuilder(names)
	b.Source(source)
	for i, row := range rows {
		if len(row) > len(names) {
			return nil, fault.New(fault.Invalid, "table.FromRows", "row %d has %d cells, the header %d", i+1, len(row), len(names)).
				With("give one cell for a column")
		}
		for c := range names {
			var cell []byte
			if c < len(row) {
				cell = []byte(row[c])
			}
			b.Set(c, cell)
		}
		b.Next()
	}
	return b.Table(), nil
}

// Builder makes a table row by row.
type Builder struct {
	t Table
	n int
}

// NewBuilder begins a table with these columns.
func NewBuilder(names []string) *Builder {
	b := &Builder{}
	for _, n := range names {
		b.t.Columns = append(b.t.Columns, &Column{Name: n})
	}
	return b
}

// Source begins the rows of another source.
func (b *Builder) Source(name string) {
	b.t.Sources = append(b.t.Sources, name)
	b.t.Starts = append(b.t.Starts, b.n)
}

// Set puts a cell of the current row; call it once for every column.
func (b *Builder) Set(column int, cell []byte) {
	c := b.t.Columns[column]
	c.IDs = append(c.IDs, c.Dict.Add(cell))
}

// Next ends the current row.
func (b *Builder) Next() { b.n++ }

// Rows is the number of rows ended so far.
func (b *Builder) Rows() int { return b.n }

// Table ends building.
func (b *Builder) Table() *Table {
	b.t.Starts = append(b.t.Starts, b.n)
	for _, c := range b.t.Columns {
		c.Dict.Seal()
	}
	return &b.t
}
