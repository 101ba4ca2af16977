package vault

import (
	"bytes"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// purge drops what was stored of a compartment before it was held and what its
// holders did not make.
func (m *merger) purge(r *room) error {
	ws := m.k.v.Workspace()
	bad := map[int64]bool{}
	if err := sealeddb.Each(m.c, `SELECT n, number, tag, cert FROM epoch WHERE compartment = ?1`, []any{r.id[:]}, func(s *sqlite3.Stmt) error {
		if !certified(ws, r.id, uint32(s.ColumnInt64(1)), [8]byte(s.ColumnRawBlob(2)), r.auth, s.ColumnRawBlob(3)) {
			bad[s.ColumnInt64(0)] = true
		}
		return nil
	}); err != nil {
		return err
	}
	if err := eachBucket(m.c, func(wraps []byte) ([]byte, error) {
		var out []byte
		for w := range slices.Chunk(wraps, wrapSize) {
			w := wrap(w)
			if e := m.k.epochs[w.epoch()]; e != nil && slices.Contains(r.held, e) {
				if raw, ok := w.open(e); !ok || variantTag(raw[:]) != w.variant() {
					m.out.Refused++
					continue
				}
			}
			if bad[w.epoch()] {
				m.out.Refused++
				continue
			}
			out = append(out, w...)
		}
		return out, nil
	}); err != nil {
		return err
	}
	for n := range bad {
		if err := sealeddb.Run(m.c, `DELETE FROM grants WHERE epoch = ?1`, n); err != nil {
			return err
		}
		if err := sealeddb.Run(m.c, `DELETE FROM epoch WHERE n = ?1`, n); err != nil {
			return err
		}
	}
	return m.purgeMarks(r)
}

func (m *merger) purgeMarks(r *room) error {
	ws := m.k.v.Workspace()
	valid, err := m.k.admittedTo(m.c, r)
	if err != nil {
		return err
	}
	for _, t := range []struct{ list, drop, label string }{
		{`SELECT member, number, mac FROM followed WHERE compartment = ?1`, `DELETE FROM followed WHERE member = ?1 AND compartment = ?2`, authFollowed},
		{`SELECT id, number, mac FROM destroyed WHERE compartment = ?1`, `DELETE FROM destroyed WHERE id = ?1 AND compartment = ?2`, authDestroyed},
		{`SELECT member, 0, x'' FROM member WHERE compartment = ?1`, `DELETE FROM member WHERE member = ?1 AND compartment = ?2`, ""},
	} {
		var bad []id.ID
		if err := sealeddb.Each(m.c, t.list, []any{r.id[:]}, func(s *sqlite3.Stmt) error {
			who := id.ID(s.ColumnRawBlob(0))
			mac := authenticate(r.auth, t.label, ws[:], r.id[:], who[:], be32(uint32(s.ColumnInt64(1))))
			ok := bytes.Equal(mac[:], s.ColumnRawBlob(2))
			if t.label == "" {
				ok = slices.ContainsFunc(valid, func(a admitted) bool { return a.member == who })
			}
			if !ok {
				bad = append(bad, who)
			}
			return nil
		}); err != nil {
			return err
		}
		for _, who := range bad {
			m.out.Refused++
			if err := sealeddb.Run(m.c, t.drop, who[:], r.id[:]); err != nil {
				return err
			}
		}
	}
	return nil
}
