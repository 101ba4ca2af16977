package index

import (
	"context"
	"maps"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// Reached is a set of records with what hangs on them: what a query leaves out.
type Reached struct {
	set       Set
	ids       map[id.ID]bool
	kinds     map[string]int
	contested map[string]int
}

// Has reports whether a record is among those reached. The nil Reached holds nothing.
func (r *Reached) Has(rec id.ID) bool { return r != nil && r.ids[rec] }

// Len is how many records were reached.
func (r *Reached) Len() int {
	if r == nil {
		return 0
	}
	return len(r.ids)
}

// Same reports whether both reached the same records.
func (r *Reached) Same(o *Reached) bool {
	if r == nil || o == nil {
		return r.Len() == o.Len()
	}
	return r == o || maps.Equal(r.ids, o.ids)
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
	r := &Reached{ids: map[id.ID]bool{}, kinds: map[string]int{}, contested: map[string]int{}}
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
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
	return r, err
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
	w.r.ids[at] = true
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
