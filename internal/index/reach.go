package index

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// Reached is a set of records with what hangs on them: what a query leaves out.
type Reached struct {
	set       Set
	ids       map[id.ID]bool
	more      map[id.ID]bool // reached since, by [Index.ReachOn]: few
	kinds     map[string]int
	contested map[string]int
}

// Has reports whether a record is among those reached. The nil Reached holds nothing.
func (r *Reached) Has(rec id.ID) bool { return r != nil && (r.ids[rec] || r.more[rec]) }

// Len is how many records were reached.
func (r *Reached) Len() int {
	if r == nil {
		return 0
	}
	return len(r.ids) + len(r.more)
}

// All yields the records reached, in no order.
func (r *Reached) All() iter.Seq[id.ID] {
	return func(yield func(id.ID) bool) {
		if r == nil {
			return
		}
		for _, m := range []map[id.ID]bool{r.ids, r.more} {
			for rec := range m {
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// Same reports whether both reached the same records.
func (r *Reached) Same(o *Reached) bool {
	if r == o || r.Len() != o.Len() {
		return r.Len() == o.Len()
	}
	for rec := range r.All() {
		if !o.Has(rec) {
			return false
		}
	}
	return true
}

func (r *Reached) has(rec int64) bool { return r != nil && r.set.Has(rec) }

// Edge is one way from a record to another that names it by a field.
type Edge struct {
	Target id.ID  // the record named: a root, or one reached before
	Kind   string // of the record that names
	Field  string // by which it names; [PassageField] and [SourceField] too
	// Values reads the naming record's current values.
	Values func() (kind.Values, error)
}

// Reach collects roots and all records that name them, directly or over others, along the
// edges that follow wants. Roots nobody speaks of are passed over.
func (x *Index) Reach(ctx context.Context, roots []id.ID, follow func(Edge) (bool, error)) (*Reached, error) {
	r := &Reached{kinds: map[string]int{}, contested: map[string]int{}, more: map[id.ID]bool{}}
	err := x.reach(ctx, r, roots, follow)
	r.ids, r.more = r.more, nil
	return r, err
}

// reach adds roots and what hangs on them to r.
func (x *Index) reach(ctx context.Context, r *Reached, roots []id.ID, follow func(Edge) (bool, error)) error {
	return x.db.Read(ctx, func(c *sqlite3.Conn) error {
		w := walk{x: x, r: r, follow: follow}
		if err := w.prepare(c); err != nil {
			return err
		}
		defer w.close()
		for _, root := range roots {
			if err := sealeddb.EachOf(w.find, []any{root[:]}, w.take); err != nil {
				return err
			}
		}
		for ; len(w.queue) > 0; w.queue = w.queue[1:] {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := sealeddb.EachOf(w.in, []any{w.queue[0].rec}, w.edge); err != nil {
				return err
			}
		}
		return nil
	})
}

// mostMore bounds what is copied each time something more is reached.
const mostMore = 1000

// grown is a copy that can be added to; r stays as it is, for those who read it.
func (r *Reached) grown() *Reached {
	g := &Reached{set: Set{slices.Clone(r.set.bits)}, ids: r.ids, more: maps.Clone(r.more), kinds: maps.Clone(r.kinds), contested: maps.Clone(r.contested)}
	if len(g.more) > mostMore {
		g.ids = maps.Clone(r.ids)
		maps.Copy(g.ids, g.more)
		g.more = nil
	}
	if g.more == nil {
		g.more = map[id.ID]bool{}
	}
	return g
}

// ReachOn is r with one record more, and what hangs on that record. The caller knows that
// it hangs on one of those reached before.
func (x *Index) ReachOn(ctx context.Context, r *Reached, rec id.ID, follow func(Edge) (bool, error)) (*Reached, error) {
	r = r.grown()
	return r, x.reach(ctx, r, []id.ID{rec}, follow)
}

// Edges are the ways from a record to those it names, and how many accounts of it there
// are: 0 where it is not stated.
func (x *Index) Edges(ctx context.Context, rec id.ID) (out []Edge, accounts int, err error) {
	row, err := x.Row(ctx, rec)
	if fault.KindOf(err) == fault.NotFound {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	k, _ := x.schema().Kind(row.Kind)
	for name, values := range row.Values {
		if !linking(k, name) {
			continue
		}
		for _, v := range values {
			if t, ok := linkTarget(v); ok {
				out = append(out, Edge{Target: t, Kind: row.Kind, Field: name, Values: func() (kind.Values, error) { return row.Values, nil }})
			}
		}
	}
	return out, row.Accounts, nil
}

// walk is one traversal against the direction of links.
type walk struct {
	x        *Index
	r        *Reached
	follow   func(Edge) (bool, error)
	find, in *sqlite3.Stmt
	queue    []node
}

type node struct {
	rec int64
	id  id.ID
}

func (w *walk) prepare(c *sqlite3.Conn) (err error) {
	if w.find, _, err = c.Prepare(`SELECT rec, id, kind, flags FROM record WHERE id = ?1`); err != nil {
		return err
	}
	w.in, _, err = c.Prepare(`SELECT record.rec, record.id, record.kind, record.flags, link.field, record.doc
		FROM link JOIN record ON record.rec = link.rec WHERE link.target = ?1 AND record.kind > 0`)
	return err
}

func (w *walk) close() {
	_ = w.find.Close() // errors of a read were reported by its run
	_ = w.in.Close()
}

func (w *walk) edge(s *sqlite3.Stmt) error {
	if w.r.has(s.ColumnInt64(0)) {
		return nil
	}
	ok, err := w.follow(Edge{Target: w.queue[0].id, Kind: w.x.words.word(s.ColumnInt(2)), Field: w.x.words.word(s.ColumnInt(4)), Values: func() (kind.Values, error) {
		d, err := decodeDoc(append([]byte(nil), s.ColumnRawBlob(5)...))
		vs := kind.Values{}
		for _, c := range d {
			vs[w.x.words.word(c.Field)] = c.Values
		}
		return vs, err
	}})
	if err != nil || !ok {
		return err
	}
	return w.take(s)
}

func (w *walk) take(s *sqlite3.Stmt) error {
	rec := s.ColumnInt64(0)
	if w.r.has(rec) {
		return nil
	}
	name := w.x.words.word(s.ColumnInt(2))
	w.r.set.add(rec)
	at := idOf(s, 1)
	w.r.more[at] = true
	if name != "" { // a root may be spoken of and not stated yet
		w.r.kinds[name]++
		if s.ColumnInt64(3)&flagContested != 0 {
			w.r.contested[name]++
		}
	}
	w.queue = append(w.queue, node{rec, at})
	return nil
}

// CountsExcept is [Index.Counts] without the records in except.
func (x *Index) CountsExcept(ctx context.Context, except *Reached) (map[string]int, error) {
	n, err := x.Counts(ctx)
	if except != nil {
		subtract(n, except.kinds)
	}
	return n, err
}

// ContestedExcept is [Index.Contested] without the records in except.
func (x *Index) ContestedExcept(ctx context.Context, except *Reached) (map[string]int, error) {
	n, err := x.Contested(ctx)
	if except != nil {
		subtract(n, except.contested)
	}
	return n, err
}

func subtract(n, less map[string]int) {
	for k, m := range less {
		if n[k] = n[k] - m; n[k] <= 0 {
			delete(n, k)
		}
	}
}

// Generation counts the batches applied: a view made at one generation may miss what a
// later one brought.
func (x *Index) Generation() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.gen
}

// Pairs calls fn for every two records that people have given a verdict on, each pair
// twice.
func (x *Index) Pairs(ctx context.Context, verdict casebook.Verdict, fn func(a, b id.ID)) error {
	return x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT a.id, b.id FROM pair JOIN record a ON a.rec = pair.a JOIN record b ON b.rec = pair.b WHERE pair.verdict = ?1`,
			[]any{int64(verdict)}, func(s *sqlite3.Stmt) error {
				fn(idOf(s, 0), idOf(s, 1))
				return nil
			})
	})
}

// WithSealedWords returns the records of a kind that have sealed text, whose fold says
// more than their row.
func (x *Index) WithSealedWords(ctx context.Context, kindName string) ([]id.ID, error) {
	n, ok := x.words.number(kindName)
	if !ok {
		return nil, nil
	}
	var out []id.ID
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT DISTINCT record.id FROM record JOIN act ON act.rec = record.rec WHERE record.kind = ?1 AND act.text > 0 ORDER BY record.id`,
			[]any{n}, func(s *sqlite3.Stmt) error {
				out = append(out, idOf(s, 0))
				return nil
			})
	})
	return out, err
}

// Bare returns the records that others name and nobody states: not entered yet, erased,
// or not for this member.
func (x *Index) Bare(ctx context.Context) ([]id.ID, error) {
	var out []id.ID
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT id FROM record WHERE kind = 0 ORDER BY id`, nil, func(s *sqlite3.Stmt) error {
			out = append(out, idOf(s, 0))
			return nil
		})
	})
	return out, err
}
