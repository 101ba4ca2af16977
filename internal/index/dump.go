package index

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// Dump writes the canonical dump: every row of every table, in an order and a
// spelling that do not depend on when an entry arrived. Two indexes over the same
// entries, opened with the same keys, have the same dump to the byte.
func (x *Index) Dump(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		for _, table := range []func(*sqlite3.Conn, io.Writer) error{
			x.dumpHeads, x.dumpRecords, x.dumpActs, x.dumpLinks, x.dumpPairs, x.dumpTokens, x.dumpLedger, x.dumpUsed, x.dumpTally,
		} {
			if err := table(c, out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func (x *Index) dumpHeads(c *sqlite3.Conn, w io.Writer) error {
	return sealeddb.Each(c, `SELECT dev.id, head.size, head.root FROM head JOIN dev ON dev.n = head.dev ORDER BY dev.id`, nil,
		func(s *sqlite3.Stmt) error {
			_, err := fmt.Fprintf(w, "head %s %d %s\n", idOf(s, 0), s.ColumnInt64(1), hex.EncodeToString(s.ColumnRawBlob(2)))
			return err
		})
}

func (x *Index) dumpRecords(c *sqlite3.Conn, w io.Writer) error {
	return sealeddb.Each(c, `SELECT id, kind, flags, accounts, first, last, doc FROM record WHERE kind > 0 ORDER BY id`, nil,
		func(s *sqlite3.Stmt) error {
			d, err := decodeDoc(s.ColumnRawBlob(6))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w, "record %s %s flags=%d accounts=%d first=%d last=%d%s\n", idOf(s, 0), x.words.word(s.ColumnInt(1)),
				s.ColumnInt(2), s.ColumnInt(3), s.ColumnInt64(4), s.ColumnInt64(5), x.docText(d))
			return err
		})
}

func (x *Index) docText(d doc) string {
	var b strings.Builder
	for _, c := range d {
		fmt.Fprintf(&b, " %s=", x.words.word(c.Field))
		for _, v := range c.Values {
			fmt.Fprintf(&b, "[%d %q %s]", v.State, v.Text, v.Lang)
		}
	}
	return b.String()
}

func (x *Index) dumpActs(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT coalesce(record.id, x''), act.k, act.verb, act.key, act.text FROM act LEFT JOIN record ON record.rec = act.rec`, nil,
		func(s *sqlite3.Stmt) error {
			ref, err := x.refOf(s.ColumnInt64(1))
			lines = append(lines, fmt.Sprintf("act %s %s %d %s %d\n", idOf(s, 0), ref, s.ColumnInt(2), idOf(s, 3), s.ColumnInt(4)))
			return err
		})
	return writeSorted(w, lines, err)
}

func (x *Index) dumpLinks(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT t.id, link.field, r.id FROM link JOIN record t ON t.rec = link.target JOIN record r ON r.rec = link.rec`, nil,
		func(s *sqlite3.Stmt) error {
			lines = append(lines, fmt.Sprintf("link %s %s %s\n", idOf(s, 0), x.words.word(s.ColumnInt(1)), idOf(s, 2)))
			return nil
		})
	return writeSorted(w, lines, err)
}

func (x *Index) dumpPairs(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT a.id, b.id, verdict FROM pair JOIN record a ON a.rec = pair.a JOIN record b ON b.rec = pair.b`, nil,
		func(s *sqlite3.Stmt) error {
			lines = append(lines, fmt.Sprintf("pair %s %s %d\n", idOf(s, 0), idOf(s, 1), s.ColumnInt(2)))
			return nil
		})
	return writeSorted(w, lines, err)
}

func (x *Index) dumpTokens(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT t, record.id FROM token JOIN record ON record.rec = token.rec`, nil, func(s *sqlite3.Stmt) error {
		lines = append(lines, fmt.Sprintf("token %q %s\n", s.ColumnText(0), idOf(s, 1)))
		return nil
	})
	return writeSorted(w, lines, err)
}

func (x *Index) dumpLedger(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT k, verb, at, whole, head FROM ledger`, nil, func(s *sqlite3.Stmt) error {
		ref, err := x.refOf(s.ColumnInt64(0))
		lines = append(lines, fmt.Sprintf("ledger %s %d %d %x %d\n", ref, s.ColumnInt(1), s.ColumnInt64(2), s.ColumnRawBlob(3), s.ColumnInt(4)))
		return err
	})
	return writeSorted(w, lines, err)
}

func (x *Index) dumpUsed(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT coalesce(record.id, x''), used.k FROM used LEFT JOIN record ON record.rec = used.rec`, nil, func(s *sqlite3.Stmt) error {
		ref, err := x.refOf(s.ColumnInt64(1))
		lines = append(lines, fmt.Sprintf("used %s %s\n", idOf(s, 0), ref))
		return err
	})
	return writeSorted(w, lines, err)
}

func (x *Index) dumpTally(c *sqlite3.Conn, w io.Writer) error {
	var lines []string
	err := sealeddb.Each(c, `SELECT kind, flags, n FROM tally WHERE kind > 0 AND n > 0`, nil, func(s *sqlite3.Stmt) error {
		lines = append(lines, fmt.Sprintf("tally %s flags=%d %d\n", x.words.word(s.ColumnInt(0)), s.ColumnInt(1), s.ColumnInt(2)))
		return nil
	})
	return writeSorted(w, lines, err)
}

func writeSorted(w io.Writer, lines []string, err error) error {
	if err != nil {
		return err
	}
	slices.Sort(lines)
	for _, l := range lines {
		if _, err := io.WriteString(w, l); err != nil {
			return err
		}
	}
	return nil
}

func idOf(s *sqlite3.Stmt, col int) id.ID {
	var x id.ID
	copy(x[:], s.ColumnRawBlob(col))
	return x
}
