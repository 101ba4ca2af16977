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
}

// has reports whether a kind's columns are read in; "" asks for all.
func (cs *columns) has(name string) bool {
	return cs != nil && (cs.all || name != "" && cs.ready[name])
}

type slot struct {
	table int32 // index into list, plus one; 0: not listed
	row   int32
}

// table is all records of one kind. Rows of records that are gone stay as dead
// rows until the next load.
type table struct {
	kind   *kind.Kind
	n      int // live rows
	recs   []int64
	live   []bool
	flags  []uint8
	last   []journal.HLC
	cols   []*column
	byName map[string]*column
}

// column is one field. Which slices are used depends on the type.
type column struct {
	field *kind.Field
	dict  []string // dict[0] is "no value"
	index map[string]uint32
	code  []uint32 // terms, places, yes/no, states: number in dict; with multiBit, index into multi
	multi [][]uint32
	lo    []int64 // dates: first and last day; numbers: lower and upper end
	hi    []int64
	text  []string // short text the kind is titled by
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
	t := &table{kind: k, byName: map[string]*column{}}
	titled := map[string]bool{}
	for _, name := range k.Title {
		titled[name] = true
	}
	for _, f := range k.Fields {
		c := &column{field: f}
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
	cs.list = append(cs.list, t)
	cs.tables[k.Name] = t
	return t, int32(len(cs.list))
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

func (cs *columns) set(rec int64, k *kind.Kind, flags uint8, last journal.HLC, d doc) {
	for int64(len(cs.slots)) <= rec {
		cs.slots = append(cs.slots, slot{})
	}
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
	for _, c := range t.cols {
		c.clear(s.row)
	}
	for _, cell := range d {
		if c := t.byName[cs.words.word(cell.Field)]; c != nil {
			c.set(s.row, cell.Values, cs.schema)
		}
	}
}

func (t *table) grow(rec int64) {
	t.recs, t.live = append(t.recs, rec), append(t.live, true)
	t.flags, t.last = append(t.flags, 0), append(t.last, 0)
	t.n++
	for _, c := range t.cols {
		switch {
		case c.coded():
			c.code = append(c.code, 0)
		case c.ranged():
			c.lo, c.hi = append(c.lo, noValue), append(c.hi, noValue)
		default:
			c.text = append(c.text, "")
		}
	}
}

func (c *column) clear(row int32) {
	switch {
	case c.coded():
		c.code[row] = 0
	case c.ranged():
		c.lo[row], c.hi[row] = noValue, noValue
	default:
		c.text[row] = ""
	}
}

func (c *column) set(row int32, values []kind.Value, schema *kind.Set) {
	switch {
	case c.coded():
		c.setCodes(row, values)
	case c.ranged():
		for _, v := range values {
			if lo, hi, ok := schema.Range(c.field, v); ok {
				if c.lo[row] == noValue || lo < c.lo[row] {
					c.lo[row] = lo
				}
				c.hi[row] = max(c.hi[row], hi)
			}
		}
	case len(values) > 0 && values[0].State == kind.Given:
		c.text[row] = values[0].Text
	}
}

func (c *column) setCodes(row int32, values []kind.Value) {
	if len(values) == 1 {
		c.code[row] = c.number(values[0])
		return
	}
	many := make([]uint32, 0, len(values))
	for _, v := range values {
		many = append(many, c.number(v))
	}
	c.code[row] = multiBit | uint32(len(c.multi))
	c.multi = append(c.multi, many)
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
	x := c.code[row]
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
