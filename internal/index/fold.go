package index

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// Fold returns a record with everything the accounts say, sealed values included,
// for one reader at one moment. A record that is not here, or not stated, is
// fault.NotFound: the two cannot be told apart.
func (x *Index) Fold(ctx context.Context, rec id.ID) (*casebook.Record, error) {
	if _, err := x.Row(ctx, rec); err != nil {
		return nil, err
	}
	refs, err := x.ActsOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		return nil, fault.New(fault.NotFound, "index.Fold", "no such record")
	}
	opened, err := x.src.OpenActs(ctx, refs)
	if err != nil {
		return nil, err
	}
	acts := make([]casebook.Stated, len(opened))
	for i, o := range opened {
		acts[i] = o.Stated()
	}
	return casebook.Fold(rec, acts, x.schema()), nil
}

// ActsOf returns the places of the acts on a record, whether or not it still stands.
func (x *Index) ActsOf(ctx context.Context, rec id.ID) (refs []journal.Ref, err error) {
	noteRecord(ctx, rec)
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT act.k FROM record JOIN act ON act.rec = record.rec WHERE record.id = ?1`, []any{rec[:]}, func(s *sqlite3.Stmt) error {
			ref, err := x.refOf(s.ColumnInt64(0))
			refs = append(refs, ref)
			return err
		})
	})
	return refs, err
}

// Inverse is a record that points at another by one of its fields.
type Inverse struct {
	Field string
	Row   Row
}

// Inbound returns who points at a record, at most limit, and how many there are.
func (x *Index) Inbound(ctx context.Context, rec id.ID, limit int) (total int, out []Inverse, err error) {
	type edge struct {
		field int
		rec   int64
	}
	var edges []edge
	Naming(ctx, rec, "", "")
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT link.field, link.rec FROM record JOIN link ON link.target = record.rec WHERE record.id = ?1`,
			[]any{rec[:]}, func(s *sqlite3.Stmt) error {
				if x.words.word(s.ColumnInt(0)) == SourceField {
					return nil // what somebody said is listed by its passages and fields
				}
				total++
				if len(edges) < limit {
					edges = append(edges, edge{s.ColumnInt(0), s.ColumnInt64(1)})
				}
				return nil
			})
	})
	if err != nil {
		return 0, nil, err
	}
	for _, e := range edges {
		rows, err := x.rows(ctx, []int64{e.rec})
		if err != nil {
			return 0, nil, err
		}
		for _, r := range rows {
			out = append(out, Inverse{Field: x.words.word(e.field), Row: r})
		}
	}
	return total, out, nil
}

// SameAs returns the records that people have called the same as rec, directly or
// through others, and whether somebody called two of them different.
func (x *Index) SameAs(ctx context.Context, rec id.ID) (same []id.ID, disputed bool, err error) {
	noteRecord(ctx, rec)
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		start := int64(0)
		if err := sealeddb.Each(c, `SELECT rec FROM record WHERE id = ?1`, []any{rec[:]}, func(s *sqlite3.Stmt) error {
			start = s.ColumnInt64(0)
			return nil
		}); err != nil || start == 0 {
			return err
		}
		seen := map[int64]bool{start: true}
		for queue := []int64{start}; len(queue) > 0; queue = queue[1:] {
			err := sealeddb.Each(c, `SELECT pair.b, pair.verdict, record.id FROM pair JOIN record ON record.rec = pair.b
				WHERE pair.a = ?1 AND record.kind > 0`, []any{queue[0]}, func(s *sqlite3.Stmt) error {
				b := s.ColumnInt64(0)
				if casebook.Verdict(s.ColumnInt(1)) == casebook.Same && !seen[b] {
					seen[b] = true
					queue = append(queue, b)
					same = append(same, id.ID(s.ColumnBlob(2, nil)))
					noteRecord(ctx, same[len(same)-1])
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		disputed, err = differs(c, seen)
		return err
	})
	return same, disputed, err
}

// differs reports whether two members of a group are called different.
func differs(c *sqlite3.Conn, group map[int64]bool) (bool, error) {
	found := false
	for a := range group {
		err := sealeddb.Each(c, `SELECT b FROM pair WHERE a = ?1 AND verdict = 2`, []any{a}, func(s *sqlite3.Stmt) error {
			found = found || group[s.ColumnInt64(0)]
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	return found, nil
}

// Linked returns the records of a kind, or of any where kindName is empty, that point at
// rec by one field.
func (x *Index) Linked(ctx context.Context, rec id.ID, kindName, field string) ([]Row, error) {
	return x.linked(ctx, rec, kindName, field, "")
}

// LinkedWithWords is [Index.Linked] for the records of which an account has long sealed text:
// it is not in their rows.
func (x *Index) LinkedWithWords(ctx context.Context, rec id.ID, kindName, field string) ([]Row, error) {
	return x.linked(ctx, rec, kindName, field, ` AND EXISTS (SELECT 1 FROM act WHERE act.rec = link.rec AND act.text & 2)`)
}

func (x *Index) linked(ctx context.Context, rec id.ID, kindName, field, also string) ([]Row, error) {
	Naming(ctx, rec, kindName, field)
	n, ok := x.words.number(field)
	if !ok {
		return nil, nil
	}
	var recs []int64
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		query, args := `SELECT link.rec FROM record JOIN link ON link.target = record.rec WHERE record.id = ?1 AND link.field = ?2`, []any{rec[:], n}
		if kindName != "" {
			of, ok := x.words.number(kindName)
			if !ok {
				return nil
			}
			args = append(args, of)
			query = `SELECT link.rec FROM record JOIN link ON link.target = record.rec JOIN record AS one ON one.rec = link.rec
				WHERE record.id = ?1 AND link.field = ?2 AND one.kind = ?3`
		}
		return sealeddb.Each(c, query+also+` ORDER BY link.rec`, args, func(s *sqlite3.Stmt) error {
			recs = append(recs, s.ColumnInt64(0))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return x.rows(ctx, recs)
}

// WorkspaceActs returns the places of the acts on the workspace itself (enrolments,
// declarations, reads, exports) with one of the verbs, newest last.
func (x *Index) WorkspaceActs(ctx context.Context, verbs ...casebook.Verb) ([]journal.Ref, error) {
	noteAll(ctx)
	var refs []journal.Ref
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT k, verb FROM act WHERE rec = 0 ORDER BY k`, nil, func(s *sqlite3.Stmt) error {
			for _, v := range verbs {
				if casebook.Verb(s.ColumnInt(1)) == v {
					ref, err := x.refOf(s.ColumnInt64(0))
					refs = append(refs, ref)
					return err
				}
			}
			return nil
		})
	})
	return refs, err
}

// Each calls fn for every record of a kind in the order of their identifiers,
// without a cap.
func (x *Index) Each(ctx context.Context, kindName string, fn func(Row) error) error {
	return x.each(ctx, kindName, ` ORDER BY id`, fn)
}

// Scan is [Index.Each] in no order: the records are not held in memory to be sorted.
func (x *Index) Scan(ctx context.Context, kindName string, fn func(Row) error) error {
	return x.each(ctx, kindName, ``, fn)
}

// Refusing is [Index.Scan] of the records of a kind in whose row a refusal or a withdrawal of
// consent stands, in whatever field.
func (x *Index) Refusing(ctx context.Context, kindName string, fn func(Row) error) error {
	return x.each(ctx, kindName, ` AND `+refusing, fn)
}

func (x *Index) each(ctx context.Context, kindName, more string, fn func(Row) error) error {
	if _, ok := x.schema().Kind(kindName); !ok {
		return fault.New(fault.NotFound, "index.Each", "no kind %q", kindName)
	}
	noteKind(ctx, kindName)
	n, ok := x.words.number(kindName)
	if !ok {
		return nil
	}
	return x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT id, kind, flags, accounts, last, doc FROM record WHERE kind = ?1`+more, []any{n}, func(s *sqlite3.Stmt) error {
			r, err := x.row(s)
			if err != nil {
				return err
			}
			noteRow(ctx, &r)
			return fn(r)
		})
	})
}

var _ casebook.Schema = (*kind.Set)(nil)

// Folds is [Index.Fold] for many records at once: their acts are opened together, on all
// cores. Those that are not here are left out.
func (x *Index) Folds(ctx context.Context, recs []id.ID) (map[id.ID]*casebook.Record, error) {
	var refs []journal.Ref
	var of []int // by ref: the place of its record in recs
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		acts, _, err := c.Prepare(`SELECT act.k FROM record JOIN act ON act.rec = record.rec WHERE record.id = ?1 AND record.kind > 0`)
		if err != nil {
			return err
		}
		defer acts.Close()
		for i, rec := range recs {
			noteRecord(ctx, rec)
			if err := sealeddb.EachOf(acts, []any{rec[:]}, func(s *sqlite3.Stmt) error {
				ref, err := x.refOf(s.ColumnInt64(0))
				refs, of = append(refs, ref), append(of, i)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	opened, err := x.src.OpenActs(ctx, refs)
	if err != nil {
		return nil, err
	}
	acts := make([][]casebook.Stated, len(recs))
	at := 0
	for _, o := range opened { // in the order of refs, without those that do not open
		for refs[at] != o.At {
			at++
		}
		acts[of[at]] = append(acts[of[at]], o.Stated())
		at++
	}
	out := make(map[id.ID]*casebook.Record, len(recs))
	for i, rec := range recs {
		if len(acts[i]) > 0 {
			out[rec] = casebook.Fold(rec, acts[i], x.schema())
		}
	}
	return out, nil
}
