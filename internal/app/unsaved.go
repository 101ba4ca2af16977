package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

const unsavedFile = "unsaved.db"

// Bounds of what is kept of forms that were not saved.
const (
	maxUnsaved     = 500     // forms
	maxUnsavedSize = 2 << 20 // bytes of one
)

// Unsaved is what was typed into a form and not saved: names of fields and values, in the
// order of the form.
type Unsaved struct {
	Form   string // which form: its address and place on the page
	At     time.Time
	Values [][2]string
}

// unsaved is the file of unsaved forms, and of searches that are on their way to the
// journal. It belongs to this device, is sealed like the index, and is opened when something
// is typed.
type unsaved struct {
	sync.Mutex
	db *sealeddb.DB
}

func (w *Workspace) unsavedDB(ctx context.Context) (*sealeddb.DB, error) {
	w.unsaved.Lock()
	defer w.unsaved.Unlock()
	if w.unsaved.db != nil {
		return w.unsaved.db, nil
	}
	db, err := w.openDB(ctx, unsavedFile, 1, 512)
	if err != nil {
		return nil, err
	}
	err = db.Write(ctx, func(c *sqlite3.Conn) error {
		return c.Exec(`CREATE TABLE IF NOT EXISTS unsaved(form TEXT PRIMARY KEY, at INTEGER NOT NULL, said TEXT NOT NULL) STRICT;
			CREATE TABLE IF NOT EXISTS searched(n INTEGER PRIMARY KEY AUTOINCREMENT, said BLOB NOT NULL) STRICT`)
	})
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	w.unsaved.db = db
	return db, nil
}

func (w *Workspace) closeUnsaved() error {
	w.unsaved.Lock()
	defer w.unsaved.Unlock()
	if w.unsaved.db == nil {
		return nil
	}
	err := w.unsaved.db.Close()
	w.unsaved.db = nil
	return err
}

// KeepUnsaved keeps what is typed into a form until it is saved or dropped. It is durable
// when KeepUnsaved returns, stays on this device, and is no account of anything: nothing
// lists, searches, counts or exports it.
func (w *Workspace) KeepUnsaved(ctx context.Context, form string, values [][2]string) error {
	said, err := json.Marshal(values)
	if err != nil {
		return fault.Because(fault.Internal, "app.KeepUnsaved", "the form cannot be written", err)
	}
	if len(said) > maxUnsavedSize {
		return fault.New(fault.TooLarge, "app.KeepUnsaved", "the form holds more than %d MB", maxUnsavedSize>>20).With("save it in parts").Coded("form.large", maxUnsavedSize>>20)
	}
	db, err := w.unsavedDB(ctx)
	if err != nil {
		return err
	}
	full := false
	err = db.Write(ctx, func(c *sqlite3.Conn) error {
		if err := sealeddb.Each(c, `SELECT count(*) >= ?1 FROM unsaved WHERE form <> ?2`, []any{maxUnsaved, form}, func(s *sqlite3.Stmt) error {
			full = s.ColumnBool(0)
			return nil
		}); err != nil || full {
			return err
		}
		return sealeddb.Run(c, `INSERT INTO unsaved(form, at, said) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = ?2, said = ?3`,
			form, w.opt.Now().UnixMilli(), string(said))
	})
	if err == nil && full {
		err = fault.New(fault.TooLarge, "app.KeepUnsaved", "%d forms are not saved", maxUnsaved).With("save or drop some of them").Coded("form.many", maxUnsaved)
	}
	return err
}

// Unsaved returns what is kept of a form; ok is false when nothing is.
func (w *Workspace) Unsaved(ctx context.Context, form string) (u Unsaved, ok bool, err error) {
	all, err := w.readUnsaved(ctx, `SELECT form, at, said FROM unsaved WHERE form = ?1`, form)
	if err != nil || len(all) == 0 {
		return u, false, err
	}
	return all[0], true, nil
}

// UnsavedForms lists the forms that are kept, the last one first, without their values.
func (w *Workspace) UnsavedForms(ctx context.Context) ([]Unsaved, error) {
	return w.readUnsaved(ctx, `SELECT form, at, 'null' FROM unsaved ORDER BY at DESC, form`)
}

func (w *Workspace) readUnsaved(ctx context.Context, query string, args ...any) ([]Unsaved, error) {
	db, err := w.unsavedDB(ctx)
	if err != nil {
		return nil, err
	}
	var out []Unsaved
	err = db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, query, args, func(s *sqlite3.Stmt) error {
			u := Unsaved{Form: s.ColumnText(0), At: time.UnixMilli(s.ColumnInt64(1))}
			if err := json.Unmarshal([]byte(s.ColumnText(2)), &u.Values); err != nil {
				return fault.Because(fault.Corrupt, "app.Unsaved", "what was kept of a form cannot be read", err)
			}
			out = append(out, u)
			return nil
		})
	})
	return out, err
}

// DropUnsaved forgets what was kept of a form: its bytes are overwritten, in the file and
// in its log.
func (w *Workspace) DropUnsaved(ctx context.Context, forms ...string) error {
	db, err := w.unsavedDB(ctx)
	if err != nil {
		return err
	}
	if err := db.Write(ctx, func(c *sqlite3.Conn) error {
		for _, form := range forms {
			if err := sealeddb.Run(c, `DELETE FROM unsaved WHERE form = ?1`, form); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return db.Truncate(ctx)
}

// dropUnsavedOf forgets what was typed about persons or cases that are erased: forms that
// name a record which hangs on one, and forms that name no record at all, because nobody
// can tell whom they are about.
func (w *Workspace) dropUnsavedOf(ctx context.Context, erased func(subject id.ID) bool) error {
	all, err := w.readUnsaved(ctx, `SELECT form, at, said FROM unsaved`)
	if err != nil {
		return err
	}
	var drop []string
	for _, u := range all {
		named := namedIn(u)
		about := len(named) == 0
		for _, rec := range named {
			subject, err := w.subjectOfRecord(ctx, rec, map[id.ID]id.ID{}, 0)
			if err != nil {
				return err
			}
			about = about || erased(rec) || erased(subject)
		}
		if about {
			drop = append(drop, u.Form)
		}
	}
	if len(drop) == 0 {
		return nil
	}
	return w.DropUnsaved(ctx, drop...)
}

// namedIn lists the identifiers in the address and the values of a form.
func namedIn(u Unsaved) (out []id.ID) {
	take := func(text string) {
		for _, word := range strings.FieldsFunc(text, apart) {
			if rec, err := id.Parse(word); err == nil && !rec.IsZero() && !slices.Contains(out, rec) {
				out = append(out, rec)
			}
		}
	}
	take(u.Form)
	for _, v := range u.Values {
		take(v[1])
	}
	return out
}

// apart reports whether a letter stands between identifiers and in none of them.
func apart(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
