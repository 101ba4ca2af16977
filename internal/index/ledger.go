package index

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
)

// Use is one export, search or reading: the acts that tell of it, the earliest first.
type Use struct {
	Verb  casebook.Verb
	Lines []journal.Ref
}

// noteUse notes which files an act on the workspace says were used.
func (w *writer) noteUse(k int64, a *casebook.Act) error {
	u, ok := a.Used()
	if !ok {
		return nil
	}
	whole := []byte{} // its lines are those of one member: nobody's is hidden under the number of somebody else's
	if !u.Number.IsZero() {
		whole = slices.Concat(u.Number[:], a.Member[:], []byte{byte(a.Verb)})
	}
	head := 0
	if u.Head {
		head = 1
	}
	if err := sealeddb.Exec(w.putUse, k, int64(a.Verb), clock(a.At), whole, head); err != nil {
		return err
	}
	if u.Anybody {
		return sealeddb.Exec(w.putUsed, int64(0), k)
	}
	for _, file := range u.Files {
		rec, err := w.number(file)
		if err != nil {
			return err
		}
		if err := sealeddb.Exec(w.putUsed, rec, k); err != nil {
			return err
		}
	}
	return nil
}

// clock is a reading as SQLite orders it: one that no clock gives stands last.
func clock(h journal.HLC) int64 { return int64(min(h, math.MaxInt64)) }

// opening is true of the line that a use begins with.
const opening = `(whole = x'' OR head OR NOT EXISTS (SELECT 1 FROM ledger AS earlier WHERE earlier.whole = ledger.whole AND (earlier.at, earlier.k) < (ledger.at, ledger.k)))`

// Ledger lists uses, newest first: at most limit of those that began at a time or before; all
// of them where limit is 0. Uses of one time, of two devices, may stand in either order.
func (x *Index) Ledger(ctx context.Context, before journal.HLC, limit int) ([]Use, error) {
	if limit == 0 {
		limit = -1
	}
	return x.uses(ctx, `SELECT k, verb, whole FROM ledger WHERE at <= ?1 AND `+opening+` ORDER BY at DESC, k DESC LIMIT ?2`, clock(before), limit)
}

// Using lists uses of some files, newest first, with those that may be of anybody's. verbs
// says what kind of use; none: any.
func (x *Index) Using(ctx context.Context, files []id.ID, verbs ...casebook.Verb) ([]Use, error) {
	recs := []string{"0"}
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		for _, f := range files {
			noteRecord(ctx, f)
			if err := sealeddb.Each(c, `SELECT rec FROM record WHERE id = ?1`, []any{f[:]}, func(s *sqlite3.Stmt) error {
				recs = append(recs, fmt.Sprint(s.ColumnInt64(0)))
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	only := ""
	if len(verbs) > 0 {
		var all []string
		for _, v := range verbs {
			all = append(all, fmt.Sprint(int(v)))
		}
		only = ` AND verb IN (` + strings.Join(all, ",") + `)`
	}
	of := `(SELECT k FROM used WHERE rec IN (` + strings.Join(recs, ",") + `))`
	return x.uses(ctx, `SELECT k, verb, whole FROM ledger WHERE (k IN `+of+` OR whole IN (SELECT whole FROM ledger WHERE k IN `+of+` AND whole <> x'' AND NOT head))
		AND `+opening+only+` ORDER BY at DESC, k DESC`)
}

// Export is the use that has a number: of more than one, because somebody forged it, all.
func (x *Index) Export(ctx context.Context, number id.ID) ([]Use, error) {
	last := slices.Concat(number[:], slices.Repeat([]byte{0xff}, len(number)+2))
	return x.uses(ctx, `SELECT k, verb, whole FROM ledger WHERE verb = ?1 AND whole BETWEEN ?2 AND ?3 AND `+opening+` ORDER BY at, k`,
		int64(casebook.Export), number[:], last)
}

// uses reads the lines that uses begin with, and finds the others of each.
func (x *Index) uses(ctx context.Context, query string, args ...any) (out []Use, err error) {
	noteAll(ctx)
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		var wholes [][]byte
		if err := sealeddb.Each(c, query, args, func(s *sqlite3.Stmt) error {
			ref, err := x.refOf(s.ColumnInt64(0))
			out = append(out, Use{Verb: casebook.Verb(s.ColumnInt(1)), Lines: []journal.Ref{ref}})
			wholes = append(wholes, s.ColumnBlob(2, nil))
			return err
		}); err != nil {
			return err
		}
		for i, whole := range wholes {
			if len(whole) == 0 {
				continue
			}
			if err := sealeddb.Each(c, `SELECT k FROM ledger WHERE whole = ?1 AND NOT head ORDER BY at, k`, []any{whole}, func(s *sqlite3.Stmt) error {
				ref, err := x.refOf(s.ColumnInt64(0))
				if ref != out[i].Lines[0] {
					out[i].Lines = append(out[i].Lines, ref)
				}
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
