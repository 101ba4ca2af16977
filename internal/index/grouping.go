package index

import (
	"context"
	"encoding/json"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// Regrouping is what became of entities at a comparison or a decision. Entities are named
// by their first record.
type Regrouping struct {
	At      int64   `json:"at"`   // Unix milliseconds
	Event   string  `json:"kind"` // joined, merged, split or regrouped
	Before  []id.ID `json:"before"`
	After   []id.ID `json:"after"`
	Records []id.ID `json:"records"`
	// Cause is why: record, decision, withdrawal or model. Of are the records it is about.
	Cause string  `json:"cause"`
	Of    []id.ID `json:"of,omitempty"`
	By    string  `json:"by,omitempty"` // who decided
}

// keptRegroupings bounds the memory of what became of entities, by kind.
const keptRegroupings = 2000

// Grouping returns the entity of every record of a kind at its last comparison.
func (x *Index) Grouping(ctx context.Context, kindName string) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT rec, entity FROM grouping WHERE kind = ?1`, []any{kindName}, func(s *sqlite3.Stmt) error {
			out[idOf(s, 0)] = idOf(s, 1)
			return nil
		})
	})
	return out, err
}

// Regroup remembers the entities of some records of a kind, or of all if whole, and what
// became of entities, together or not at all. With whole, whatever was remembered of other
// records of the kind is forgotten: of people who withdrew from being compared or were
// erased nothing stays.
func (x *Index) Regroup(ctx context.Context, kindName string, entity map[id.ID]id.ID, whole bool, events []Regrouping) error {
	return x.db.Write(ctx, func(c *sqlite3.Conn) error {
		if whole {
			if err := sealeddb.Run(c, `DELETE FROM grouping WHERE kind = ?1`, kindName); err != nil {
				return err
			}
			if err := forgetOthers(c, kindName, entity); err != nil {
				return err
			}
		}
		put, _, err := c.Prepare(`INSERT INTO grouping(kind, rec, entity) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET entity = ?3`)
		if err != nil {
			return err
		}
		defer put.Close()
		for rec, e := range entity {
			if err := sealeddb.Exec(put, kindName, rec[:], e[:]); err != nil {
				return err
			}
		}
		for _, e := range events {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if err := sealeddb.Run(c, `INSERT INTO regrouping(kind, at, event) VALUES (?1, ?2, ?3)`, kindName, e.At, string(text)); err != nil {
				return err
			}
		}
		return sealeddb.Run(c, `DELETE FROM regrouping WHERE kind = ?1 AND n <= (SELECT n FROM regrouping WHERE kind = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)`, kindName, keptRegroupings)
	})
}

func forgetOthers(c *sqlite3.Conn, kindName string, known map[id.ID]id.ID) error {
	var gone []int64
	err := sealeddb.Each(c, `SELECT n, event FROM regrouping WHERE kind = ?1`, []any{kindName}, func(s *sqlite3.Stmt) error {
		var e Regrouping
		if err := json.Unmarshal([]byte(s.ColumnText(1)), &e); err != nil {
			return err
		}
		for _, rec := range append(e.Records, e.Of...) {
			if _, ok := known[rec]; !ok {
				gone = append(gone, s.ColumnInt64(0))
				break
			}
		}
		return nil
	})
	for _, n := range gone {
		if err == nil {
			err = sealeddb.Run(c, `DELETE FROM regrouping WHERE n = ?1`, n)
		}
	}
	return err
}

// Regroupings lists what became of entities of a kind, the newest first, at most limit.
func (x *Index) Regroupings(ctx context.Context, kindName string, limit int) ([]Regrouping, error) {
	var out []Regrouping
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT event FROM regrouping WHERE kind = ?1 ORDER BY n DESC LIMIT ?2`, []any{kindName, limit}, func(s *sqlite3.Stmt) error {
			var e Regrouping
			if err := json.Unmarshal([]byte(s.ColumnText(0)), &e); err != nil {
				return err
			}
			out = append(out, e)
			return nil
		})
	})
	return out, err
}
