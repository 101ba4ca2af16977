package index

import (
	"math"

	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// columns hold the open and coded values of all records column by column in
// memory: counting 300,000 incidents by type is a walk over a slice of small
// numbers. They are read from the index file once, on first use, and follow every
// batch after that. A record's number finds its place.
type columns struct {
	schema *kind.Set
	tables map[string]*table
	list   []*table
	slots  []slot // by record number
	words  *words
	ready  map[string]bool // kinds that are read in, while not all are
	all    bool
	expect map[string]int // how many records of a kind there are, when it is first met
}

// has reports whether a kind's columns are read in; "" asks for all.
func (cs *columns) has(name string) bool {
	return cs != nil && (cs.all || name != "" && cs.ready[name])
}

// of is the table of a kind; nil while it is not read in, or has no records.
func (cs *columns) of(name string) *table {
	if !cs.has(name) {
		return nil
	}
	return cs.tables[name]
}

type slot struct {
	table int32 // index into list, plus one; 0: not listed
	row   int32
}

// table is all records of one kind. Rows of records that are gone stay as dead
// rows until the next load.
type table struct {
	kind   *kind.Kind
	room   int // rows that are expected
	n      int // live rows
	recs   []int64
	live   []bool
	flags  []uint8
	last   []journal.HLC
	cols   []*column
	byName map[string]*column
	newest newest
}

// column is one field. Which slices are used depends on the type.
type column struct {
	field *kind.Field
	dict  []string // dict[0] is "no value"
	index map[string]uint32
	code  cells[uint32] // terms, places, yes/no, states: number in dict; with multiBit, index into multi
	multi [][]uint32
	lo    cells[int64] // dates: first and last day; numbers: lower and upper end
	hi    cells[int64]
	text  cells[string] // short text the kind is titled by
}

// cells are the values of a column by row. What is past the end of vals has no value: of the
// fields a kind has, most are never filled in.
type cells[T comparable] struct {
	vals []T
	none T
}

func (c *cells[T]) at(row int32) T {
	if int(row) < len(c.vals) {
		return c.vals[row]
	}
	return c.none
}

// set puts v in its row; where it is the first, there is room for so many.
func (c *cells[T]) set(row int32, v T, room int) {
	if int(row) >= len(c.vals) {
		if v == c.none {
			return
		}
		if c.vals == nil {
			c.vals = make([]T, 0, max(room, int(row)+1))
		}
		for int(row) >= len(c.vals) { // rows before it that have none
			c.vals = append(c.vals, c.none)
		}
	}
	c.vals[row] = v
}

const (
	multiBit = 1 << 31
	noValue  = math.MinInt64
)

func (c *column) coded() bool {
	switch c.field.Type {
	case kind.TypeTerm, kind.TypePlace, kind.TypeYesNo:
		return true
	}
	return false
}

func (c *column) ranged() bool {
	switch c.field.Type {
	case kind.TypeDate, kind.TypeAge, kind.TypeDuration, kind.TypeQuantity, kind.TypeMoney, kind.TypeNumber:
		return true
	}
	return false
}

func newColumns(schema *kind.Set, w *words) *columns {
	return &columns{schema: schema, tables: map[string]*table{}, words: w, ready: map[string]bool{}}
}

func (cs *columns) table(k *kind.Kind) (*table, int32) {
	for i, t := range cs.list {
		if t.kind.Name == k.Name {
			return t, int32(i + 1)
		}
	}
	t := newTable(k, cs.expect[k.Name])
	cs.list = append(cs.list, t)
	cs.tables[k.Name] = t
	return t, int32(len(cs.list))
}

// newTable is an empty table with room for so many rows, and a few that come.
func newTable(k *kind.Kind, rows int) *table {
	rows += rows / 64
	t := &table{kind: k, room: rows, byName: map[string]*column{}}
	t.recs, t.live, t.flags, t.last = make([]int64, 0, rows), make([]bool, 0, rows), make([]uint8, 0, rows), make([]journal.HLC, 0, rows)
	titled := map[string]bool{}
	for _, name := range k.Title {
		titled[name] = true
	}
	for _, f := range k.Fields {
		c := &column{field: f, lo: cells[int64]{none: noValue}, hi: cells[int64]{none: noValue}}
		keep := f.Type == kind.TypeText && titled[f.Name]
		if f.Class == kind.Sealed || !(c.coded() || c.ranged() || keep) {
			continue
		}
		if c.coded() {
			c.dict, c.index = []string{""}, map[string]uint32{}
		}
		t.cols = append(t.cols, c)
		t.byName[f.Name] = c
	}
	return t
}

// put replaces the row of a changed record.
func (cs *columns) put(ch change) {
	if ch.gone || !cs.has(ch.p.kind.Name) {
		cs.drop(ch.rec)
		return
	}
	flags := uint8(ch.p.flags)
	if len(ch.record.Accounts) > 1 {
		flags |= flagSeveral
	}
	cs.set(ch.rec, ch.p.kind, flags, ch.record.Last, ch.p.doc)
}

func (cs *columns) drop(rec int64) {
	if rec >= int64(len(cs.slots)) || cs.slots[rec].table == 0 {
		return
	}
	s := cs.slots[rec]
	t := cs.list[s.table-1]
	t.live[s.row] = false
	t.n--
	cs.slots[rec] = slot{}
}

// adopt takes in the table of a kind that was made apart; nil is one without records.
func (cs *columns) adopt(t *table) {
	if t == nil {
		return
	}
	cs.list = append(cs.list, t)
	cs.tables[t.kind.Name] = t
	for row, rec := range t.recs {
		cs.reach(rec)
		cs.drop(rec)
		cs.slots[rec] = slot{table: int32(len(cs.list)), row: int32(row)}
	}
}

// reach makes room for the place of a record.
func (cs *columns) reach(rec int64) {
	if n := int64(len(cs.slots)); rec >= n {
		cs.slots = append(cs.slots, make([]slot, rec+1-n)...)
	}
}

func (cs *columns) set(rec int64, k *kind.Kind, flags uint8, last journal.HLC, d doc) {
	cs.reach(rec)
	t, ti := cs.table(k)
	s := cs.slots[rec]
	if s.table != 0 && s.table != ti {
		cs.drop(rec)
		s = slot{}
	}
	if s.table == 0 {
		s = slot{table: ti, row: int32(len(t.recs))}
		cs.slots[rec] = s
		t.grow(rec)
	}
	t.flags[s.row], t.last[s.row] = flags, last
	t.newest.moves(s.row)
	for _, c := range t.cols {
		c.clear(s.row)
	}
	for _, cell := range d {
		if c := t.byName[cs.words.word(cell.Field)]; c != nil {
			c.set(s.row, cell.Values, t.room, cs.schema)
		}
	}
}

func (t *table) grow(rec int64) {
	t.recs, t.live = append(t.recs, rec), append(t.live, true)
	t.flags, t.last = append(t.flags, 0), append(t.last, 0)
	t.n++
}

func (c *column) clear(row int32) {
	c.code.set(row, c.code.none, 0)
	c.lo.set(row, noValue, 0)
	c.hi.set(row, noValue, 0)
	c.text.set(row, "", 0)
}

func (c *column) set(row int32, values []kind.Value, room int, schema *kind.Set) {
	switch {
	case c.coded():
		c.code.set(row, c.codes(values), room)
	case c.ranged():
		for _, v := range values {
			if lo, hi, ok := schema.Range(c.field, v); ok {
				if first := c.lo.at(row); first == noValue || lo < first {
					c.lo.set(row, lo, room)
				}
				c.hi.set(row, max(c.hi.at(row), hi), room)
			}
		}
	case len(values) > 0 && values[0].State == kind.Given:
		c.text.set(row, values[0].Text, room)
	}
}

func (c *column) codes(values []kind.Value) uint32 {
	if len(values) == 1 {
		return c.number(values[0])
	}
	many := make([]uint32, 0, len(values))
	for _, v := range values {
		many = append(many, c.number(v))
	}
	c.multi = append(c.multi, many)
	return multiBit | uint32(len(c.multi)-1)
}

// number finds or makes the dictionary number of a value; a state is spelled as in
// cells ("@unknown"), so a facet can show it.
func (c *column) number(v kind.Value) uint32 {
	s := v.Text
	if v.State != kind.Given {
		s = v.State.String()
	}
	if n, ok := c.index[s]; ok {
		return n
	}
	n := uint32(len(c.dict))
	c.dict = append(c.dict, s)
	c.index[s] = n
	return n
}

// at calls visit for each dictionary number of a row.
func (c *column) at(row int, visit func(n uint32)) {
	x := c.code.at(int32(row))
	if x&multiBit == 0 {
		if x != 0 {
			visit(x)
		}
		return
	}
	for _, n := range c.multi[x&^multiBit] {
		visit(n)
	}
}
