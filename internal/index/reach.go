package index

import (
	"context"
	"iter"
	"maps"
	"reflect"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// Reached is a set of records with what hangs on them: what a query leaves out. It does not
// change: what is reached since is in another.
type Reached struct {
	set       Set
	ids       map[id.ID]mark // shared with those it was made from
	more      map[id.ID]mark // reached since: few
	less      map[id.ID]bool // of ids, no longer reached: few
	kinds     map[string]int
	contested map[string]int
}

// mark is how a record stood when it was reached: twice the number of its kind, and one more
// where it is contested.
type mark uint16

// Has reports whether a record is among those reached. The nil Reached holds nothing.
func (r *Reached) Has(rec id.ID) bool {
	_, ok := r.mark(rec)
	return ok
}

func (r *Reached) mark(rec id.ID) (mark, bool) {
	if r == nil {
		return 0, false
	}
	if m, ok := r.more[rec]; ok {
		return m, true
	}
	m, ok := r.ids[rec]
	return m, ok && !r.less[rec]
}

// Len is how many records were reached.
func (r *Reached) Len() int {
	if r == nil {
		return 0
	}
	return len(r.ids) - len(r.less) + len(r.more)
}

// All yields the records reached, in no order.
func (r *Reached) All() iter.Seq[id.ID] {
	return func(yield func(id.ID) bool) {
		if r == nil {
			return
		}
		for rec := range r.ids {
			if !r.less[rec] && !yield(rec) {
				return
			}
		}
		for rec := range r.more {
			if !yield(rec) {
				return
			}
		}
	}
}

// Same reports whether both reached the same records.
func (r *Reached) Same(o *Reached) bool {
	if r == o || r.Len() != o.Len() {
		return r.Len() == o.Len()
	}
	for range r.Between(o) {
		return false
	}
	return true
}

// Between yields the records that one of two reached and the other did not. Where one was
// made from the other it looks at no more than what came and went since.
func (r *Reached) Between(o *Reached) iter.Seq[id.ID] {
	return func(yield func(id.ID) bool) {
		if r == o {
			return
		}
		looked := []iter.Seq[id.ID]{r.All(), o.All()}
		if r != nil && o != nil && sameMap(r.ids, o.ids) {
			looked = []iter.Seq[id.ID]{maps.Keys(r.more), maps.Keys(o.more), maps.Keys(r.less), maps.Keys(o.less)}
		}
		seen := map[id.ID]bool{}
		for _, records := range looked {
			for rec := range records {
				if seen[rec] || r.Has(rec) == o.Has(rec) {
					continue
				}
				if seen[rec] = true; !yield(rec) {
					return
				}
			}
		}
	}
}

func sameMap(a, b map[id.ID]mark) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// Counts are how many of those reached there are of each kind, and how many of them are
// contested.
func (r *Reached) Counts() (kinds, contested map[string]int) { return r.kinds, r.contested }

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
	r := &Reached{kinds: map[string]int{}, contested: map[string]int{}, more: map[id.ID]mark{}}
	err := x.reach(ctx, r, roots, follow)
	r.ids, r.more = r.more, nil
	return r, err
}

// reach adds roots and what hangs on them to r.
func (x *Index) reach(ctx context.Context, r *Reached, roots []id.ID, follow func(Edge) (bool, error)) error {
	noteAll(ctx)
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

// grown is a copy that can be changed; r stays as it is, for those who read it.
func (r *Reached) grown() *Reached {
	g := &Reached{set: Set{slices.Clone(r.set.bits)}, ids: r.ids, more: maps.Clone(r.more), less: maps.Clone(r.less), kinds: maps.Clone(r.kinds), contested: maps.Clone(r.contested)}
	if len(g.more)+len(g.less) > mostMore {
		g.ids = maps.Clone(r.ids)
		maps.DeleteFunc(g.ids, func(rec id.ID, _ mark) bool { return g.less[rec] })
		maps.Copy(g.ids, g.more)
		g.more, g.less = nil, nil
	}
	if g.more == nil {
		g.more = map[id.ID]mark{}
	}
	if g.less == nil {
		g.less = map[id.ID]bool{}
	}
	return g
}

// ReachAgain is r after records changed, or became roots, or ceased to be: they and what hung
// on them are let go, and whatever is a root or hangs on what is left is reached again.
//
// That is what [Index.Reach] would give: whatever hangs on none of them hangs as before.
func (x *Index) ReachAgain(ctx context.Context, r *Reached, recs []id.ID, root func(id.ID) bool, follow func(Edge) (bool, error)) (*Reached, error) {
	r = r.grown()
	gone, err := x.letGo(ctx, r, recs)
	if err != nil {
		return nil, err
	}
	for _, rec := range append(gone, recs...) {
		if r.Has(rec) {
			continue
		}
		again := root(rec)
		if !again {
			if again, err = x.hangsOn(ctx, r, rec, follow); err != nil {
				return nil, err
			}
		}
		if again {
			if err := x.reach(ctx, r, []id.ID{rec}, follow); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func (x *Index) hangsOn(ctx context.Context, r *Reached, rec id.ID, follow func(Edge) (bool, error)) (bool, error) {
	edges, _, err := x.Edges(ctx, rec)
	if err != nil {
		return false, err
	}
	for _, e := range edges {
		if !r.Has(e.Target) {
			continue
		}
		if ok, err := follow(e); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// letGo takes records out of r with all that name them, directly or over others.
func (x *Index) letGo(ctx context.Context, r *Reached, recs []id.ID) (gone []id.ID, err error) {
	noteAll(ctx)
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		w := walk{x: x, r: r}
		if err := w.prepare(c); err != nil {
			return err
		}
		defer w.close()
		drop := func(s *sqlite3.Stmt) error {
			rec, at := s.ColumnInt64(0), idOf(s, 1)
			if m, ok := r.mark(at); ok {
				x.drop(r, rec, at, m)
				w.queue = append(w.queue, node{rec, at})
				gone = append(gone, at)
			}
			return nil
		}
		for _, rec := range recs {
			if err := sealeddb.EachOf(w.find, []any{rec[:]}, drop); err != nil {
				return err
			}
		}
		for ; len(w.queue) > 0; w.queue = w.queue[1:] {
			if err := sealeddb.EachOf(w.in, []any{w.queue[0].rec}, drop); err != nil {
				return err
			}
		}
		return nil
	})
	return gone, err
}

func (x *Index) drop(r *Reached, rec int64, at id.ID, m mark) {
	r.set.remove1(rec)
	if _, ok := r.more[at]; ok {
		delete(r.more, at)
	} else {
		r.less[at] = true
	}
	if name := x.words.word(int(m >> 1)); name != "" {
		subtract(r.kinds, map[string]int{name: 1})
		if m&1 != 0 {
			subtract(r.contested, map[string]int{name: 1})
		}
	}
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
	at, m := idOf(s, 1), mark(s.ColumnInt(2)<<1)
	if name != "" { // a root may be spoken of and not stated yet
		w.r.kinds[name]++
		if s.ColumnInt64(3)&flagContested != 0 {
			w.r.contested[name]++
			m++
		}
	}
	w.r.more[at] = m
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
	noteAll(ctx)
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
	noteKind(ctx, kindName)
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
	noteAll(ctx)
	var out []id.ID
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT id FROM record WHERE kind = 0 ORDER BY id`, nil, func(s *sqlite3.Stmt) error {
			out = append(out, idOf(s, 0))
			return nil
		})
	})
	return out, err
}
