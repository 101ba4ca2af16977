package index

import (
	"context"
	"maps"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
)

// maxRecs bounds the memory of record numbers between batches.
const maxRecs = 1 << 18

// Apply folds a batch of acts into the index, in one transaction, and notes that
// the logs are folded in up to heads. Acts on records the index already knows are
// folded together with the earlier ones, wherever in time the new ones belong. It returns
// the records it touched.
func (x *Index) Apply(ctx context.Context, batch []Opened, heads []journal.Head) ([]Change, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var changed []change
	err := x.db.Write(ctx, func(c *sqlite3.Conn) error {
		w, err := x.newWriter(ctx, c)
		if err != nil {
			return err
		}
		defer w.close()
		if changed, err = w.apply(batch); err != nil {
			return err
		}
		return w.putHeads(heads)
	})
	if err != nil {
		return nil, x.recover(ctx, err)
	}
	for _, h := range heads {
		x.heads[h.Device] = h
	}
	return x.follow(changed), nil
}

// recover reads the small tables again after a failed batch, so that memory never
// runs ahead of the file.
func (x *Index) recover(ctx context.Context, cause error) error {
	if err := x.db.Read(ctx, x.load); err != nil {
		return err
	}
	return cause
}

// Refold folds records again from the acts that can still be opened: what an
// erasure does to the index. Acts sealed under keys are forgotten first.
func (x *Index) Refold(ctx context.Context, keys map[id.ID]bool) (records int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var changed []change
	err = x.db.Write(ctx, func(c *sqlite3.Conn) error {
		w, err := x.newWriter(ctx, c)
		if err != nil {
			return err
		}
		defer w.close()
		recs, err := w.forget(keys)
		if err != nil {
			return err
		}
		records = len(recs)
		changed, err = w.refold(recs, nil)
		return err
	})
	if err != nil {
		return 0, x.recover(ctx, err)
	}
	x.follow(changed)
	return records, nil
}

// change is what became of one record in a batch: the in-memory views follow it.
type change struct {
	rec    int64
	id     id.ID
	old    row
	record *casebook.Record
	p      projection
	gone   bool
}

// writer holds the prepared statements of one batch.
type writer struct {
	*Index
	ctx  context.Context
	c    *sqlite3.Conn
	born map[int64]id.ID // records numbered in this batch: nothing earlier is known of them
	bare map[int64]id.ID // those of them that have no row yet

	getRow, findRec, putRec, putBare, actsOf, putAct, delLinks, putLink, putPair, delPairs, delTokens, putToken, putUse, putUsed *sqlite3.Stmt
}

func (x *Index) newWriter(ctx context.Context, c *sqlite3.Conn) (*writer, error) {
	if len(x.recs) >= maxRecs {
		clear(x.recs)
	}
	w := &writer{Index: x, ctx: ctx, c: c, born: map[int64]id.ID{}, bare: map[int64]id.ID{}}
	for _, p := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&w.getRow, `SELECT id, kind, doc FROM record WHERE rec = ?1`},
		{&w.findRec, `SELECT rec FROM record WHERE id = ?1`},
		{&w.putBare, `INSERT INTO record(rec, id, kind, flags, accounts, first, last, doc) VALUES (?1, ?2, 0, 0, 0, 0, 0, x'')`},
		{&w.putRec, `INSERT INTO record(rec, id, kind, flags, accounts, first, last, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
			ON CONFLICT(rec) DO UPDATE SET kind = excluded.kind, flags = excluded.flags, accounts = excluded.accounts,
			first = excluded.first, last = excluded.last, doc = excluded.doc`},
		{&w.actsOf, `SELECT k FROM act WHERE rec = ?1`},
		{&w.putAct, `INSERT INTO act(rec, k, verb, key, text) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING`},
		{&w.delLinks, `DELETE FROM link WHERE rec = ?1 AND target = ?2 AND field = ?3`},
		{&w.putLink, `INSERT INTO link(target, field, rec) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`},
		{&w.putPair, `INSERT INTO pair(a, b, verdict) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET verdict = excluded.verdict`},
		{&w.delPairs, `DELETE FROM pair WHERE a = ?1`},
		{&w.delTokens, `DELETE FROM token WHERE t = ?1 AND rec = ?2`},
		{&w.putToken, `INSERT INTO token(t, rec) VALUES (?1, ?2) ON CONFLICT DO NOTHING`},
		{&w.putUse, `INSERT INTO ledger(k, verb, at, whole, head) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING`},
		{&w.putUsed, `INSERT INTO used(rec, k) VALUES (?1, ?2) ON CONFLICT DO NOTHING`},
	} {
		s, _, err := c.Prepare(p.sql)
		if err != nil {
			w.close()
			return nil, err
		}
		*p.stmt = s
	}
	return w, nil
}

func (w *writer) close() {
	for _, s := range []*sqlite3.Stmt{w.getRow, w.findRec, w.putRec, w.putBare, w.actsOf, w.putAct, w.delLinks, w.putLink, w.putPair, w.delPairs, w.delTokens, w.putToken, w.putUse, w.putUsed} {
		if s != nil {
			_ = s.Close() // a closed statement's last error was reported by its run
		}
	}
}

// apply writes the acts and folds every record they touch.
func (w *writer) apply(batch []Opened) ([]change, error) {
	touched := map[int64][]Opened{}
	var order []int64
	for _, o := range batch {
		recs, err := w.recordsOf(o)
		if err != nil {
			return nil, err
		}
		for _, r := range recs {
			if err := w.noteAct(r, o); err != nil {
				return nil, err
			}
			if r == 0 || o.Act.Verb == casebook.Store {
				continue // a part of a file is found by its record and changes no fold
			}
			if _, ok := touched[r]; !ok {
				order = append(order, r)
			}
			touched[r] = append(touched[r], o)
		}
	}
	return w.refold(order, touched)
}

// recordsOf numbers the records an act touches: one, two for a link, and 0 for an
// act on the workspace itself.
func (w *writer) recordsOf(o Opened) ([]int64, error) {
	if o.Act.Record.IsZero() || o.Act.Verb == casebook.Read || o.Act.Verb == casebook.Export {
		return []int64{0}, nil
	}
	a, err := w.number(o.Act.Record)
	if err != nil || o.Act.Verb != casebook.Link {
		return []int64{a}, err
	}
	b, err := w.number(o.Act.Other)
	return []int64{a, b}, err
}

// number finds or makes the local number of a record. Its row is written by its fold,
// or, if it is only mentioned, by writeBare.
func (w *writer) number(rec id.ID) (int64, error) {
	if n, ok := w.recs[rec]; ok {
		return n, nil
	}
	var n int64
	err := sealeddb.EachOf(w.findRec, []any{rec[:]}, func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	})
	if err != nil {
		return 0, err
	}
	if n == 0 {
		n = w.next
		w.next++
		w.born[n], w.bare[n] = rec, rec
	}
	w.recs[rec] = n
	return n, nil
}

// writeBare gives records that the batch only mentions a row that nothing lists.
func (w *writer) writeBare() error {
	for _, n := range slices.Sorted(maps.Keys(w.bare)) {
		rec := w.bare[n]
		if err := sealeddb.Exec(w.putBare, n, rec[:]); err != nil {
			return err
		}
	}
	clear(w.bare)
	return nil
}

func (w *writer) noteAct(rec int64, o Opened) error {
	dev, err := w.device(o.At.Device)
	if err != nil {
		return err
	}
	if err := w.noteUse(actKey(dev, o.At.Number), o.Act); err != nil {
		return err
	}
	return sealeddb.Exec(w.putAct, rec, actKey(dev, o.At.Number), int64(o.Act.Verb), o.Key[:], sealedText(o.Act, w.schema()))
}

func (w *writer) device(dev id.ID) (int64, error) {
	if n, ok := w.devs.number(dev); ok {
		return n, nil
	}
	if err := sealeddb.Run(w.c, `INSERT INTO dev(id) VALUES (?1)`, dev[:]); err != nil {
		return 0, err
	}
	n := w.c.LastInsertRowID()
	w.devs.add(dev, n)
	return n, nil
}

func (w *writer) word(s string) (int, error) {
	if n, ok := w.words.number(s); ok {
		return n, nil
	}
	if err := sealeddb.Run(w.c, `INSERT INTO name(word) VALUES (?1)`, s); err != nil {
		return 0, err
	}
	n := int(w.c.LastInsertRowID())
	w.words.add(s, n)
	return n, nil
}

// refold folds records. fresh holds acts just opened, so that they are not opened
// twice; the others are fetched from the journal.
func (w *writer) refold(recs []int64, fresh map[int64][]Opened) ([]change, error) {
	var out []change
	for _, rec := range recs {
		ch, err := w.foldOne(rec, fresh[rec])
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	return out, w.writeBare()
}

func (w *writer) foldOne(rec int64, fresh []Opened) (change, error) {
	old, err := w.rowOf(rec)
	if err != nil {
		return change{}, err
	}
	have := map[journal.Ref]bool{}
	acts := make([]casebook.Stated, 0, len(fresh))
	for _, o := range fresh {
		if !have[o.At] {
			have[o.At] = true
			acts = append(acts, o.Stated())
		}
	}
	if _, born := w.born[rec]; !born {
		earlier, err := w.earlier(rec, have)
		if err != nil {
			return change{}, err
		}
		acts = append(acts, earlier...)
	}
	r := casebook.Fold(old.id, acts, w.schema())
	return w.write(rec, old, r)
}

// earlier opens the acts of a record that are in the index and not in have.
func (w *writer) earlier(rec int64, have map[journal.Ref]bool) ([]casebook.Stated, error) {
	var refs []journal.Ref
	err := sealeddb.EachOf(w.actsOf, []any{rec}, func(s *sqlite3.Stmt) error {
		ref, err := w.refOf(s.ColumnInt64(0))
		if err == nil && !have[ref] {
			refs = append(refs, ref)
		}
		return err
	})
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	opened, err := w.src.OpenActs(w.ctx, refs)
	if err != nil {
		return nil, err
	}
	out := make([]casebook.Stated, 0, len(opened))
	for _, o := range opened {
		out = append(out, o.Stated())
	}
	return out, nil
}

// row is what the index holds of a record before a fold.
type row struct {
	id   id.ID
	kind int64
	doc  doc
}

func (w *writer) rowOf(rec int64) (row, error) {
	var r row
	if rid, ok := w.born[rec]; ok {
		return row{id: rid}, nil
	}
	err := sealeddb.EachOf(w.getRow, []any{rec}, func(s *sqlite3.Stmt) error {
		r.id, r.kind = id.ID(s.ColumnBlob(0, nil)), s.ColumnInt64(1)
		b := s.ColumnRawBlob(2)
		if len(b) == 0 {
			return nil
		}
		var err error
		r.doc, err = decodeDoc(slices.Clone(b))
		return err
	})
	return r, err
}

func (w *writer) putHeads(heads []journal.Head) error {
	for _, h := range heads {
		dev, err := w.device(h.Device)
		if err != nil {
			return err
		}
		if err := sealeddb.Run(w.c, `INSERT INTO head(dev, size, root) VALUES (?1, ?2, ?3)
			ON CONFLICT(dev) DO UPDATE SET size = excluded.size, root = excluded.root`, dev, int64(h.Size), h.Root[:]); err != nil {
			return err
		}
	}
	return nil
}

// forget drops the acts sealed under keys and returns the records they touched.
func (w *writer) forget(keys map[id.ID]bool) ([]int64, error) {
	seen := map[int64]bool{}
	for k := range keys {
		uses := false
		err := sealeddb.Each(w.c, `SELECT DISTINCT rec FROM act WHERE key = ?1`, []any{k[:]}, func(s *sqlite3.Stmt) error {
			rec := s.ColumnInt64(0)
			seen[rec], uses = true, uses || rec == 0
			return nil
		})
		if err != nil {
			return nil, err
		}
		from := []string{`act WHERE key = ?1`}
		if uses {
			from = []string{`used WHERE k IN (SELECT k FROM act WHERE rec = 0 AND key = ?1)`, `ledger WHERE k IN (SELECT k FROM act WHERE rec = 0 AND key = ?1)`, from[0]}
		}
		for _, f := range from {
			if err := sealeddb.Run(w.c, `DELETE FROM `+f, k[:]); err != nil {
				return nil, err
			}
		}
	}
	delete(seen, 0)
	return slices.Sorted(maps.Keys(seen)), nil
}
