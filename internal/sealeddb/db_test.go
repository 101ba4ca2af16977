package sealeddb_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/sealeddb"
)

func newKey(t testing.TB) (k [32]byte) {
	t.Helper()
	if _, err := rand.Read(k[:]); err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t testing.TB, path string, key [32]byte) *sealeddb.DB {
	t.Helper()
	db, err := sealeddb.Open(t.Context(), path, key, sealeddb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func fill(t testing.TB, db *sealeddb.DB, rows, size int, word string) {
	t.Helper()
	err := db.Write(context.Background(), func(c *sqlite3.Conn) error {
		if err := c.Exec(`CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT)`); err != nil {
			return err
		}
		for i := range rows {
			v := fmt.Sprintf("%s-%d-%s", word, i, strings.Repeat("x", size))
			if err := sealeddb.Run(c, `INSERT INTO t(v) VALUES (?1)`, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingReadableInAnyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, newKey(t))
	fill(t, db, 200, 300, "canary-김철수")
	for _, name := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("canary")) || bytes.Contains(b, []byte("김철수")) || bytes.Contains(b, []byte("SQLite format")) {
			t.Errorf("%s holds readable text while open", filepath.Base(name))
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the write-ahead log is left behind after Close")
	}
}

func TestAnotherKeyDoesNotOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, newKey(t))
	fill(t, db, 10, 10, "x")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := sealeddb.Open(t.Context(), path, newKey(t), sealeddb.Options{})
	if fault.KindOf(err) != fault.Corrupt {
		t.Errorf("opening with another key: got %v, want a fault of kind %q", err, fault.Corrupt)
	}
}

// One bit flipped in any page is found by the page check, and never read as another
// value: overflow pages, which hold the rest of a long text, included.
func TestFlippedBitInEveryPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	key := newKey(t)
	db := open(t, path, key)
	fill(t, db, 12, 9000, "word")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := values(t, path, key)
	for page := 0; page*4096 < len(whole); page++ {
		b := bytes.Clone(whole)
		b[page*4096+(page*37)%4096] ^= 1 << (page % 8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, opened := damaged(t, path, key, page+1)
		for k, v := range got {
			if v != want[k] {
				t.Errorf("page %d: row %d came back with another value", page+1, k)
			}
		}
		if !opened && page > 0 {
			t.Logf("page %d: refused at opening", page+1)
		}
	}
}

func values(t *testing.T, path string, key [32]byte) map[int]string {
	t.Helper()
	db := open(t, path, key)
	defer db.Close()
	return readAll(t, db)
}

// readAll returns the rows that can be read; a refusal ends it.
func readAll(t *testing.T, db *sealeddb.DB) map[int]string {
	t.Helper()
	out := map[int]string{}
	err := db.Read(t.Context(), func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT k, v FROM t`, nil, func(s *sqlite3.Stmt) error {
			out[s.ColumnInt(0)] = s.ColumnText(1)
			return nil
		})
	})
	if err != nil && fault.KindOf(err) != fault.Corrupt {
		t.Fatalf("reading a damaged file: %v, want a fault of kind %q", err, fault.Corrupt)
	}
	return out
}

func damaged(t *testing.T, path string, key [32]byte, page int) (map[int]string, bool) {
	t.Helper()
	db, err := sealeddb.Open(t.Context(), path, key, sealeddb.Options{})
	if err != nil {
		if fault.KindOf(err) != fault.Corrupt {
			t.Fatalf("page %d: opening: %v, want a fault of kind %q", page, err, fault.Corrupt)
		}
		return nil, false
	}
	defer db.Close()
	rep, err := db.CheckPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Bad) != 1 || rep.Bad[0] != page {
		t.Errorf("page check names pages %v, want %d", rep.Bad, page)
	}
	return readAll(t, db), true
}

func TestDeletedTextLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	key := newKey(t)
	db := open(t, path, key)
	fill(t, db, 50, 200, "delete-me")
	if err := db.Write(t.Context(), func(c *sqlite3.Conn) error { return c.Exec(`DELETE FROM t WHERE k > 3`) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Truncate(t.Context()); err != nil {
		t.Fatal(err)
	}
	rep, err := db.CheckPages(t.Context())
	if err != nil || len(rep.Bad) > 0 {
		t.Fatalf("pages after deleting: %+v, %v", rep, err)
	}
	if n := sealeddb.CountInPlain(t, path, key, "delete-me"); n != 3 {
		t.Errorf("the decrypted file holds the word %d times, want 3 (the rows that were kept)", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLogOfOddLengthOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	key := newKey(t)
	db := open(t, path, key)
	fill(t, db, 30, 500, "kept")
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	main, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, extra := range []int{1, 511, 512, 4095} {
		if err := os.WriteFile(path, main, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+"-wal", append(bytes.Clone(wal), make([]byte, extra)...), 0o600); err != nil {
			t.Fatal(err)
		}
		again := open(t, path, key)
		if n := len(readAll(t, again)); n != 30 {
			t.Errorf("log with %d torn bytes: %d rows, want 30", extra, n)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFailedTransactionWritesNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"), newKey(t))
	defer db.Close()
	fill(t, db, 3, 1, "x")
	err := db.Write(t.Context(), func(c *sqlite3.Conn) error {
		if err := sealeddb.Run(c, `INSERT INTO t(v) VALUES ('lost')`); err != nil {
			return err
		}
		return fault.New(fault.Invalid, "test", "no")
	})
	if fault.KindOf(err) != fault.Invalid {
		t.Fatalf("got %v, want the callback's own fault", err)
	}
	if n := len(readAll(t, db)); n != 3 {
		t.Errorf("%d rows after a failed transaction, want 3", n)
	}
}

func BenchmarkInsert600B(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "a.db"), newKey(b))
	defer db.Close()
	fill(b, db, 1, 1, "x")
	blob := make([]byte, 600)
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := min(1000, b.N-done)
		err := db.Write(b.Context(), func(c *sqlite3.Conn) error {
			s, _, err := c.Prepare(`INSERT INTO t(v) VALUES (?1)`)
			if err != nil {
				return err
			}
			defer s.Close()
			for range n {
				if err := sealeddb.Exec(s, blob); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		done += n
	}
}
