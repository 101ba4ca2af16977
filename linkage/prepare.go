package linkage

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
	"example.org/amparo/linkage/table"
)

// field is a declared field, prepared: its distinct normalised values and what compares
// them.
type field struct {
	decl   Field
	cmp    compare.Comparer
	keys   []compare.Key
	dict   *table.Dict // shared by two fields that may be exchanged
	count  []uint32    // records by value
	prep   compare.Prepared
	labels []string // of levels, with "swapped" where declared
	band   []uint8  // of a value, from common to rare
	shape  fs.Field
	swap   int // index of the field it may be exchanged with, or -1
	filled int
}

// engine is a table and a model, ready to compare.
type engine struct {
	t      *table.Table
	model  Model
	opt    Options
	fields []*field
	rows   block.Rows
}

// swapped is the label of the level for two fields exchanged.
const swapped = "exchanged"

// bands is how many bands of frequency EM tells apart.
const bands = 3

func prepare(t *table.Table, m Model, o Options) (*engine, error) {
	if err := m.Check(o.Comparers); err != nil {
		return nil, err
	}
	if m.Link == "" {
		m.Link = Auto
	}
	e := &engine{t: t, model: m, opt: o}
	if err := e.budget(prepareBytes(t, m)); err != nil {
		return nil, err
	}
	n := t.Rows()
	e.rows = block.Rows{IDs: make([]uint32, n*len(m.Fields)), Stride: len(m.Fields), Source: sources(t)}
	for _, decl := range m.Fields {
		c, err := decl.comparer(o.Comparers)
		if err != nil {
			return nil, err
		}
		f := &field{decl: decl, cmp: c, keys: c.Keys(), swap: -1}
		f.labels = slices.Clone(c.Levels())
		e.fields = append(e.fields, f)
	}
	e.link()
	errs := make([]error, len(e.fields))
	inParallel(o.Workers, len(e.fields), func(i int) { errs[i] = e.ready(i) })
	return e, errors.Join(errs...)
}

// ready interns a field and, with it, one it may be exchanged with: they share their
// dictionary and so must not be worked on at once.
func (e *engine) ready(i int) error {
	f := e.fields[i]
	group := []int{i}
	for k, g := range e.fields {
		if k != i && g.dict == f.dict {
			if k < i {
				return nil // done with the other
			}
			group = append(group, k)
		}
	}
	for _, k := range group {
		if err := e.intern(k, e.fields[k]); err != nil {
			return err
		}
	}
	f.dict.Seal()
	var prep compare.Prepared
	for _, k := range group {
		g := e.fields[k]
		g.recount(e.rows, k)
		if prep == nil {
			prep = g.cmp.Prepare(counted{g})
		}
		g.prep = prep
		g.shapeBands()
	}
	return nil
}

// counted is a field's values with the field's own counts.
type counted struct{ f *field }

func (c counted) Len() int            { return c.f.dict.Len() }
func (c counted) At(id uint32) string { return c.f.dict.At(id) }
func (c counted) Count(id uint32) int { return int(c.f.count[id]) }

// recount counts the records of every value.
func (f *field) recount(rows block.Rows, i int) {
	f.count = make([]uint32, f.dict.Len())
	for at := i; at < len(rows.IDs); at += rows.Stride {
		f.count[rows.IDs[at]]++
	}
	f.filled = rows.Len() - int(f.count[0])
}

// Need is about how many bytes a run takes for this table, before pairs: what a memory
// limit should leave room for.
func Need(t *table.Table, m Model) int64 {
	return prepareBytes(t, m) + block.Bytes(t.Rows(), max(len(m.Blocks), 8))
}

// prepareBytes is what rows, dictionaries and forms will take, at most.
func prepareBytes(t *table.Table, m Model) int64 {
	need := t.Bytes() + 4*int64(t.Rows())*int64(len(m.Fields))
	for _, f := range m.Fields {
		for _, name := range f.columns() {
			if c := t.Column(name); c != nil {
				need += c.Dict.Bytes() + 52*int64(c.Dict.Len())
			}
		}
	}
	return need
}

// budget refuses what would not fit, before it is allocated.
func (e *engine) budget(need int64) error {
	if e.opt.Memory > 0 && need > e.opt.Memory {
		return fault.New(fault.TooLarge, "linkage.Link", "this needs about %d MB, more than the %d MB allowed", need>>20, e.opt.Memory>>20).
			With("allow more memory, compare fewer columns, or link in parts")
	}
	return nil
}

func sources(t *table.Table) []uint8 {
	if len(t.Sources) < 2 {
		return nil
	}
	out := make([]uint8, t.Rows())
	for s := range t.Sources {
		for r := t.Starts[s]; r < t.Starts[s+1]; r++ {
			out[r] = uint8(s)
		}
	}
	return out
}

// intern normalises every distinct raw value once and numbers the results.
func (e *engine) intern(i int, f *field) error {
	var cols []*table.Column
	for _, name := range f.decl.columns() {
		c := e.t.Column(name)
		if c == nil {
			return fault.New(fault.Invalid, "linkage.Link", "field %s: there is no column %q", f.decl.Name, name).
				With("name a column of the table under columns")
		}
		cols = append(cols, c)
	}
	stride := e.rows.Stride
	if len(cols) == 1 {
		c := cols[0]
		norm := make([]uint32, c.Dict.Len())
		for id := 1; id < c.Dict.Len(); id++ {
			norm[id] = f.dict.Add([]byte(f.cmp.Normalise(c.Dict.At(uint32(id)))))
		}
		for r, id := range c.IDs {
			e.rows.IDs[r*stride+i] = norm[id]
		}
	} else {
		var raw []byte
		cells := make([]string, len(cols))
		for r := range e.t.Rows() {
			for k, c := range cols {
				cells[k] = c.At(r)
			}
			if f.decl.Compare == "date" && len(cols) == 3 {
				raw = dated(cells, raw[:0])
			} else {
				raw = joined(cells, raw[:0])
			}
			e.rows.IDs[r*stride+i] = f.dict.Add([]byte(f.cmp.Normalise(string(raw))))
		}
	}
	return nil
}

// joined is the cells of several columns with spaces between; nothing when all are empty.
func joined(cells []string, dst []byte) []byte {
	for _, s := range cells {
		if s == "" {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, s...)
	}
	return dst
}

// dated is year, month and day of three columns, with zeros for what is missing.
func dated(cells []string, dst []byte) []byte {
	zero, any := [3]string{"0000", " 00", " 00"}, false
	for k, s := range cells {
		s := strings.TrimSuffix(strings.TrimSpace(s), ".0")
		if s == "" {
			dst = append(dst, zero[k]...)
			continue
		}
		any = true
		if k > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, s...)
	}
	if !any {
		return dst[:0]
	}
	return dst
}

// link resolves which fields may be exchanged; such fields share a dictionary, if they are
// compared alike, so that a value of one can be compared with one of the other.
func (e *engine) link() {
	for _, f := range e.fields {
		if f.decl.Swap == "" {
			continue
		}
		for k, g := range e.fields {
			if g.decl.Name != f.decl.Swap {
				continue
			}
			f.swap = k
			last := len(f.labels) - 1
			f.labels = append(f.labels[:last], swapped, f.labels[last])
			f.dict, g.dict = shared(f, g)
		}
	}
	for _, f := range e.fields {
		if f.dict == nil {
			f.dict = &table.Dict{}
		}
	}
}

// shared is the dictionary two fields have together.
func shared(f, g *field) (*table.Dict, *table.Dict) {
	switch {
	case f.dict != nil:
		return f.dict, f.dict
	case g.dict != nil:
		return g.dict, g.dict
	}
	d := &table.Dict{}
	return d, d
}

// shapeBands sorts the values into bands of about equal numbers of records.
func (f *field) shapeBands() {
	f.shape = fs.Field{Levels: len(f.labels), Share: []float64{1}}
	if c, ok := f.cmp.(compare.Expecting); ok && len(c.Expect()) == len(f.labels) {
		f.shape.Expect, f.shape.Steady = c.Expect(), f.decl.Steady
	}
	counts := f.count
	if !f.decl.Frequency || f.filled == 0 {
		return
	}
	byCount := map[uint32]float64{}
	for id, n := range counts {
		if id > 0 {
			byCount[n] += float64(n)
		}
	}
	var order []uint32
	for n := range byCount {
		order = append(order, n)
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(b, a) })
	band := map[uint32]uint8{}
	share := make([]float64, bands)
	sum := 0.0
	for _, n := range order {
		b := uint8(min(bands-1, int(sum*bands/float64(f.filled))))
		band[n] = b
		share[b] += byCount[n] / float64(f.filled)
		sum += byCount[n]
	}
	// drop bands nobody is in
	var to [bands]uint8
	f.shape.Share = nil
	for b, s := range share {
		if s > 0 {
			to[b] = uint8(len(f.shape.Share))
			f.shape.Share = append(f.shape.Share, s)
		}
	}
	f.band = make([]uint8, len(counts))
	for id, n := range counts {
		if id > 0 {
			f.band[id] = to[band[n]]
		}
	}
}

// code is the code of a field for two records.
func (e *engine) code(i int, a, b []uint32) int {
	f := e.fields[i]
	x, y := a[i], b[i]
	switch {
	case x == 0 || y == 0:
		return fs.Missing
	case x == y:
		return int(f.same(x))
	}
	return f.level(x, y)
}

// pattern is the codes of all fields for two records.
func (e *engine) pattern(i, j uint32) uint64 {
	s := e.rows.Stride
	a, b := e.rows.IDs[int(i)*s:int(i)*s+s], e.rows.IDs[int(j)*s:int(j)*s+s]
	var p uint64
	for k := range e.fields {
		p |= uint64(e.code(k, a, b)) << (4 * k)
	}
	return e.exchange(p, a, b)
}

// exchange looks for fields that stand in each other's place: one value is exactly the
// other field's of the other record, and the rest is near or not known.
func (e *engine) exchange(p uint64, a, b []uint32) uint64 {
	for k, f := range e.fields {
		if f.swap < 0 || fs.Code(p, k) >= f.shape.Levels-1 {
			continue
		}
		g := f.swap
		if other := fs.Code(p, g); other != fs.Missing && other >= e.fields[g].shape.Levels-1 {
			continue
		}
		one, two := a[k] != 0 && a[k] == b[g], b[k] != 0 && b[k] == a[g]
		if !one && !two || !(one || e.crossed(f, a[k], b[g])) || !(two || e.crossed(f, b[k], a[g])) {
			continue
		}
		p = p&^(15<<(4*k)) | uint64(f.shape.Levels-2)<<(4*k) | fs.Missing<<(4*g)
	}
	return p
}

// crossed reports whether a value of a field is near one of its partner, or either is not
// known.
func (e *engine) crossed(f *field, x, y uint32) bool {
	return x == 0 || y == 0 || int(f.prep.Level(x, y)) >= (f.shape.Levels-1)/2
}
