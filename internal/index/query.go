package index

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// Query asks for records of one kind.
type Query struct {
	Kind    string
	Filters map[string][]string // field -> codes, any of them; a parent term stands for its children
	Without map[string][]string // field -> codes, none of them; else as Filters
	Within  *Within
	// Contested asks only for records whose accounts await a choice.
	Contested bool
	Only      *Set     // restrict to these records, or nil
	Except    *Reached // leave these records out, or nil
	Sort      string   // field, or "" for the last changed first
	Desc      bool
	Offset    int
	Limit     int  // 0: count only
	Plain     bool // no facets
}

// Within restricts a date field to a span of days, both ends included.
type Within struct {
	Field    string
	From, To int64 // days since 1970-01-01
	// Certainly asks that the whole interval lies within; else that it may.
	Certainly bool
}

// Result is a page of records with exact counts of all that match.
type Result struct {
	Total  int
	Rows   []Row
	Facets []Facet
}

// Row is one record as lists show it: current open and coded values.
type Row struct {
	ID        id.ID
	Kind      string
	Values    kind.Values
	Contested bool
	Accounts  int
	Last      journal.HLC
}

// Facet counts the matching records by the values of one field. A filter on the
// field itself is set aside, so that the other choices stay visible.
type Facet struct {
	Field  string
	Counts []Count
}

// Count is how many records have a value.
type Count struct {
	Code string
	N    int
}

// List answers a query.
func (x *Index) List(ctx context.Context, q Query) (*Result, error) {
	k, ok := x.schema().Kind(q.Kind)
	if !ok {
		return nil, fault.New(fault.NotFound, "index.List", "no kind %q", q.Kind)
	}
	noteKind(ctx, k.Name)
	cs, err := x.loaded(ctx, k.Name)
	if err != nil {
		return nil, err
	}
	x.mu.RLock()
	t := cs.tables[k.Name]
	if t == nil {
		x.mu.RUnlock()
		return &Result{Facets: emptyFacets(k)}, x.checkQuery(k, q)
	}
	res, page, err := t.run(q, x)
	x.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	res.Rows, err = x.rows(ctx, page)
	return res, err
}

func emptyFacets(k *kind.Kind) []Facet {
	var out []Facet
	for _, f := range k.Fields {
		if f.Facet && f.Class != kind.Sealed {
			out = append(out, Facet{Field: f.Name})
		}
	}
	return out
}

// checkQuery refuses fields the kind lacks; a sealed field is answered as a missing
// one is.
func (x *Index) checkQuery(k *kind.Kind, q Query) error {
	names := []string{}
	for f := range q.Filters {
		names = append(names, f)
	}
	for f := range q.Without {
		names = append(names, f)
	}
	if q.Within != nil {
		names = append(names, q.Within.Field)
	}
	if q.Sort != "" {
		names = append(names, q.Sort)
	}
	for _, n := range names {
		if f, ok := k.Field(n); !ok || f.Class == kind.Sealed {
			return fault.New(fault.Invalid, "index.List", "kind %q has no field %q to filter or sort by", k.Name, n).Coded("field.none")
		}
	}
	return nil
}

// filter is one condition; rows that fail exactly one filter count in the facet of
// that filter's field.
type filter struct {
	field string
	pass  func(row int) bool
}

func (t *table) run(q Query, x *Index) (*Result, []int64, error) {
	if err := x.checkQuery(t.kind, q); err != nil {
		return nil, nil, err
	}
	filters := t.filters(q, x.schema())
	var facets []*column
	if !q.Plain {
		facets = t.facetColumns()
	}
	counts := make([][]int, len(facets))
	for i, c := range facets {
		counts[i] = make([]int, len(c.dict))
	}
	var hits []int32
	for row, live := range t.live {
		if !live || q.Contested && t.flags[row]&flagContested == 0 || q.Only != nil && !q.Only.Has(t.recs[row]) || q.Except.has(t.recs[row]) {
			continue
		}
		failed := failures(filters, row)
		if failed == passed {
			hits = append(hits, int32(row))
		}
		if failed == manyFail {
			continue
		}
		for i, c := range facets {
			if failed == passed || failed == c.field.Name {
				c.count(row, counts[i])
			}
		}
	}
	res := &Result{Total: len(hits)}
	for i, c := range facets {
		res.Facets = append(res.Facets, c.facet(counts[i]))
	}
	lo := min(max(q.Offset, 0), len(hits))
	hi := min(lo+q.Limit, len(hits))
	hits = leading(hits, hi, t.order(q))
	page := make([]int64, 0, hi-lo)
	for _, row := range hits[lo:hi] {
		page = append(page, t.recs[row])
	}
	return res, page, nil
}

const (
	passed   = ""
	manyFail = "\x00"
)

// failures names the one filter a row fails, or says that it passes or fails several.
func failures(filters []filter, row int) string {
	failed := passed
	for _, f := range filters {
		if f.pass(row) {
			continue
		}
		if failed != passed || f.field == "" {
			return manyFail
		}
		failed = f.field
	}
	return failed
}

func (t *table) filters(q Query, schema *kind.Set) []filter {
	var out []filter
	for name, codes := range q.Filters {
		c := t.byName[name]
		if c == nil || !c.coded() {
			out = append(out, filter{pass: func(int) bool { return false }})
			continue
		}
		want := c.accept(codes, schema)
		out = append(out, filter{field: name, pass: func(row int) bool {
			ok := false
			c.at(row, func(n uint32) { ok = ok || want[n] })
			return ok
		}})
	}
	for name, codes := range q.Without {
		c := t.byName[name]
		if c == nil || !c.coded() {
			continue // nothing is said in codes there
		}
		unwanted := c.accept(codes, schema)
		out = append(out, filter{pass: func(row int) bool {
			ok := true
			c.at(row, func(n uint32) { ok = ok && !unwanted[n] })
			return ok
		}})
	}
	if w := q.Within; w != nil {
		if c := t.byName[w.Field]; c != nil && c.ranged() {
			out = append(out, filter{pass: func(row int) bool { return w.holds(c.lo.at(int32(row)), c.hi.at(int32(row))) }})
		} else {
			out = append(out, filter{pass: func(int) bool { return false }})
		}
	}
	return out
}

func (w *Within) holds(lo, hi int64) bool {
	if lo == noValue {
		return false
	}
	if w.Certainly {
		return lo >= w.From && hi <= w.To
	}
	return lo <= w.To && hi >= w.From
}

// accept marks the dictionary numbers that codes stand for, children included.
func (c *column) accept(codes []string, schema *kind.Set) []bool {
	want := make([]bool, len(c.dict))
	voc, _ := schema.Vocabulary(c.field.Vocabulary)
	for n, s := range c.dict {
		for _, code := range codes {
			under := voc != nil && voc.IsUnder(s, code) ||
				c.field.Type == kind.TypePlace && strings.HasPrefix(s, code) && (len(s) == len(code) || strings.ContainsRune("-/", rune(s[len(code)])))
			if s == code || under {
				want[n] = true
			}
		}
	}
	want[0] = false
	return want
}

func (t *table) facetColumns() []*column {
	var out []*column
	for _, c := range t.cols {
		if c.field.Facet && c.coded() {
			out = append(out, c)
		}
	}
	return out
}

func (c *column) count(row int, into []int) {
	x := c.code.at(int32(row))
	if x&multiBit == 0 {
		into[x]++
		return
	}
	for _, n := range c.multi[x&^multiBit] {
		into[n]++
	}
}

func (c *column) facet(counts []int) Facet {
	f := Facet{Field: c.field.Name}
	for n := 1; n < len(counts); n++ {
		if counts[n] > 0 {
			f.Counts = append(f.Counts, Count{Code: c.dict[n], N: counts[n]})
		}
	}
	slices.SortFunc(f.Counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Code, b.Code))
	})
	return f
}

// order compares rows as a query wants them.
func (t *table) order(q Query) func(a, b int32) int {
	less := func(a, b int32) int { return cmp.Compare(t.last[b], t.last[a]) }
	if c := t.byName[q.Sort]; c != nil {
		less = c.compare
	}
	return func(a, b int32) int {
		o := less(a, b)
		if q.Desc {
			o = -o
		}
		return cmp.Or(o, cmp.Compare(t.recs[a], t.recs[b]))
	}
}

// leading is the first n of rows in an order. A page needs forty of a hundred thousand, so
// the rest is only compared with the last that leads so far. It begins at the end, where
// the newest records are.
func leading(rows []int32, n int, order func(a, b int32) int) []int32 {
	if n == 0 {
		return nil
	}
	if n > len(rows)/4 {
		slices.SortFunc(rows, order)
		return rows[:n]
	}
	best := make([]int32, 0, 2*n)
	cut := func() {
		slices.SortFunc(best, order)
		best = best[:min(n, len(best))]
	}
	full := false // best[n-1] is the last that leads
	for _, row := range slices.Backward(rows) {
		if full && order(best[n-1], row) < 0 {
			continue
		}
		best = append(best, row)
		if len(best) == cap(best) {
			cut()
			full = true
		}
	}
	cut()
	return best
}

func (c *column) compare(a, b int32) int {
	switch {
	case c.coded():
		return strings.Compare(c.first(a), c.first(b))
	case c.ranged():
		return cmp.Or(cmp.Compare(c.lo.at(a), c.lo.at(b)), cmp.Compare(c.hi.at(a), c.hi.at(b)))
	}
	return strings.Compare(c.text.at(a), c.text.at(b))
}

func (c *column) first(row int32) (s string) {
	c.at(int(row), func(n uint32) {
		if s == "" {
			s = c.dict[n]
		}
	})
	return s
}

// rows reads records by their numbers, in the order given.
func (x *Index) rows(ctx context.Context, recs []int64) ([]Row, error) {
	out := make([]Row, 0, len(recs))
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		get, _, err := c.Prepare(`SELECT id, kind, flags, accounts, last, doc FROM record WHERE rec = ?1 AND kind > 0`)
		if err != nil {
			return err
		}
		defer get.Close()
		for _, rec := range recs {
			err := sealeddb.EachOf(get, []any{rec}, func(s *sqlite3.Stmt) error {
				r, err := x.row(s)
				noteRow(ctx, &r)
				out = append(out, r)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func (x *Index) row(s *sqlite3.Stmt) (Row, error) {
	k, ok := x.kindOf(s.ColumnInt64(1))
	r := Row{ID: id.ID(s.ColumnBlob(0, nil)), Values: kind.Values{}}
	if !ok {
		return r, nil
	}
	r.Kind, r.Contested = k.Name, s.ColumnInt64(2)&flagContested != 0
	r.Accounts, r.Last = s.ColumnInt(3), journal.HLC(s.ColumnInt64(4))
	d, err := decodeDoc(slices.Clone(s.ColumnRawBlob(5)))
	if err != nil {
		return r, err
	}
	for _, c := range d {
		r.Values[x.words.word(c.Field)] = c.Values
	}
	return r, nil
}

// Several lists the records of a kind of which there is more than one account, in the order
// of their identifiers.
func (x *Index) Several(ctx context.Context, kindName string) ([]id.ID, error) {
	noteKind(ctx, kindName)
	cs, err := x.loaded(ctx, kindName)
	if err != nil {
		return nil, err
	}
	var recs []int64
	x.mu.RLock()
	if t := cs.tables[kindName]; t != nil {
		for row, live := range t.live {
			if live && t.flags[row]&flagSeveral != 0 {
				recs = append(recs, t.recs[row])
			}
		}
	}
	x.mu.RUnlock()
	rows, err := x.rows(ctx, recs)
	out := make([]id.ID, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	slices.SortFunc(out, id.ID.Compare)
	return out, err
}

// Row reads one record. A record that is not here, or not stated, is
// fault.NotFound: the two cannot be told apart.
func (x *Index) Row(ctx context.Context, rec id.ID) (*Row, error) {
	var r *Row
	noteRecord(ctx, rec)
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT id, kind, flags, accounts, last, doc FROM record WHERE id = ?1 AND kind > 0`,
			[]any{rec[:]}, func(s *sqlite3.Stmt) error {
				row, err := x.row(s)
				noteRow(ctx, &row)
				r = &row
				return err
			})
	})
	if err == nil && r == nil {
		err = fault.New(fault.NotFound, "index.Row", "no such record")
	}
	return r, err
}

// Counts returns how many records there are of each kind.
func (x *Index) Counts(ctx context.Context) (map[string]int, error) {
	return x.countKinds(ctx, `SELECT kind, sum(n) FROM tally WHERE kind > 0 AND n > 0 GROUP BY kind`)
}

// Contested returns how many records of each kind have accounts that contradict each
// other and await a choice.
func (x *Index) Contested(ctx context.Context) (map[string]int, error) {
	return x.countKinds(ctx, `SELECT kind, sum(n) FROM tally WHERE kind > 0 AND flags & 1 AND n > 0 GROUP BY kind`)
}

// countKinds answers from the tally.
func (x *Index) countKinds(ctx context.Context, query string) (map[string]int, error) {
	noteAll(ctx)
	out := map[string]int{}
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, query, nil, func(s *sqlite3.Stmt) error {
			if k, ok := x.kindOf(s.ColumnInt64(0)); ok {
				out[k.Name] = s.ColumnInt(1)
			}
			return nil
		})
	})
	return out, err
}
