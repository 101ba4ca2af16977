package sealeddb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/sealeddb"
)

// breaker makes the nth call of one kind fail.
type breaker struct {
	mu     sync.Mutex
	op     op
	nth    int  // 0: none fails
	lasts  bool // and all after it
	err    error
	half   bool // a write that fails has written its first half
	calls  int
	failed int
}

func (b *breaker) do(c call, run func() (int, error)) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.op != b.op {
		return run()
	}
	b.calls++
	if b.nth == 0 || b.calls < b.nth || b.calls > b.nth && !b.lasts {
		return run()
	}
	b.failed++
	if c.op == opWrite && b.half {
		if n, err := run(); err != nil || n < len(c.data) {
			return n, err
		}
		return len(c.data) / 2, b.err
	}
	return 0, b.err
}

// off lets everything through from now on, and says how many calls had failed.
func (b *breaker) off() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nth = 0
	return b.failed
}

func (b *breaker) hits() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// Every call to the disk fails once, and then for good, in turn. The step that meets
// the error says so with a kind a program can act on, nothing that was acknowledged
// is lost, and no half of a transaction appears.
func TestEveryDiskCallFails(t *testing.T) {
	for _, kind := range []op{opWrite, opSync, opRead, opTruncate, opOpen, opDelete} {
		for _, lasts := range []bool{false, true} {
			name := fmt.Sprintf("%s/once", kind)
			if lasts {
				name = fmt.Sprintf("%s/for good", kind)
			}
			t.Run(name, func(t *testing.T) { failEach(t, newSeed(t), kind, lasts) })
		}
	}
}

// The same while the file is made: the next attempt finds a sound file, with
// checksums, or makes it.
func TestEveryDiskCallFailsWhileCreating(t *testing.T) {
	for _, kind := range []op{opWrite, opSync, opRead, opTruncate, opOpen, opDelete, opGrow} {
		t.Run(string(kind), func(t *testing.T) {
			failEach(t, &seed{key: newKey(t)}, kind, false)
			failEach(t, &seed{key: newKey(t)}, kind, true)
		})
	}
}

// Closing folds the log into the file, so a disk that fails is met there too.
func TestClosingOnAFailingDisk(t *testing.T) {
	dir := t.TempDir()
	b := &breaker{op: opSync, err: syscall.EIO, lasts: true}
	watch(dir, b)
	key := newKey(t)
	db := open(t, filepath.Join(dir, "a.db"), key)
	fatal(t, db.Write(t.Context(), rowsOf(0)))
	b.nth = b.calls + 1
	err := db.Close()
	if k := fault.KindOf(err); k != fault.Storage && k != fault.Corrupt {
		t.Errorf("Close on a disk that fails: want a fault of kind %q or %q, got %q: %v", fault.Storage, fault.Corrupt, k, err)
	}
	b.off()
	s := &session{path: filepath.Join(dir, "a.db"), key: key, acked: []int{0}}
	for _, err := range s.complaints(t.Context()) {
		t.Error(err)
	}
}

func failEach(t *testing.T, seed *seed, kind op, lasts bool) {
	t.Helper()
	dir := t.TempDir()
	count := &breaker{op: kind}
	watch(dir, count)
	s := seed.session(t, dir)
	s.steps(t.Context(), count)
	if len(s.failures) > 0 {
		t.Fatalf("without any failing call: %v", s.failures[0].err)
	}
	if count.calls == 0 {
		t.Fatalf("the session makes no call of kind %q: it tests nothing", kind)
	}
	stride := 1
	if brief() {
		stride = max(1, count.calls/12)
	}
	silent, back := 0, 0
	for n := 1; n <= count.calls; n += stride {
		b := &breaker{op: kind, nth: n, lasts: lasts, err: syscall.EIO, half: n%2 == 0}
		watch(dir, b)
		s := seed.session(t, dir)
		s.steps(t.Context(), b)
		b.off()
		if b.failed > 0 && len(s.failures) == 0 {
			silent++
		}
		for _, err := range s.complaints(t.Context()) {
			t.Errorf("%s %d of %d fails: %v", kind, n, count.calls, err)
		}
		back += s.back
	}
	t.Logf("%d calls; %d failures met by no step; %d transactions refused and yet there after opening again", count.calls, silent, back)
}

// seed is a file as a running program leaves it: with a log that holds commits.
type seed struct {
	key   [32]byte
	files map[string][]byte
}

const seedTxns = 4

func newSeed(t *testing.T) *seed {
	t.Helper()
	s := &seed{key: newKey(t), files: map[string][]byte{}}
	dir := t.TempDir()
	watch(dir, unsynced{})
	db := open(t, filepath.Join(dir, "a.db"), s.key)
	for n := range seedTxns {
		fatal(t, db.Write(t.Context(), rowsOf(n)))
		if n == 1 {
			fatal(t, db.Truncate(t.Context()))
		}
	}
	for _, name := range []string{"a.db", "a.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		fatal(t, err)
		s.files[name] = b
	}
	fatal(t, db.Close())
	return s
}

// rowsOf writes the three rows of transaction n, one of which needs several pages.
func rowsOf(n int) func(c *sqlite3.Conn) error {
	return func(c *sqlite3.Conn) error {
		if err := c.Exec(`CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, n INTEGER, v BLOB);
			CREATE INDEX IF NOT EXISTS tn ON t(n)`); err != nil {
			return err
		}
		for _, size := range []int{10, 600, 7000} {
			v := []byte(strings.Repeat(fmt.Sprintf("%06d", n), size/6))
			if err := sealeddb.Run(c, `INSERT INTO t(n, v) VALUES (?1, ?2)`, n, v); err != nil {
				return err
			}
		}
		return nil
	}
}

// session is a program's run over a copy of the seed.
type session struct {
	path     string
	key      [32]byte
	db       *sealeddb.DB
	acked    []int
	refused  []int
	failures []failure
	notes    []error
	back     int
}

type failure struct {
	step string
	err  error
}

func (s *seed) session(t *testing.T, dir string) *session {
	t.Helper()
	path := filepath.Join(dir, "a.db")
	for _, tail := range []string{"", "-wal", "-journal", "-shm"} {
		if err := os.Remove(path + tail); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for name, b := range s.files {
		fatal(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	out := &session{path: path, key: s.key}
	if s.files != nil {
		for n := range seedTxns {
			out.acked = append(out.acked, n)
		}
	}
	return out
}

// steps does what a program does with a file. It goes on after failures, as a person
// who tries again would.
func (s *session) steps(ctx context.Context, b *breaker) {
	var err error
	s.db, err = sealeddb.Open(ctx, s.path, s.key, sealeddb.Options{Readers: 1, CacheKiB: 64})
	if err != nil {
		s.failures = append(s.failures, failure{"open", err})
		return
	}
	s.write(ctx, b, 100)
	s.write(ctx, b, 101)
	s.step("read", func() error { _, err := present(ctx, s.db); return err })
	s.step("truncate", func() error { return s.db.Truncate(ctx) })
	s.write(ctx, b, 102)
	s.step("check", func() error { return sound(ctx, s.db) })
	s.step("delete", func() error {
		return s.db.Write(ctx, func(c *sqlite3.Conn) error {
			if empty, err := isBlank(c); err != nil || empty {
				return err
			}
			return sealeddb.Run(c, `DELETE FROM t WHERE n=-1`)
		})
	})
	s.step("vacuum", func() error { return s.db.Vacuum(ctx) })
	s.write(ctx, b, 103)
	s.step("read again", func() error { _, err := present(ctx, s.db); return err })
	s.step("close", s.db.Close)
}

func (s *session) step(name string, fn func() error) {
	if err := fn(); err != nil {
		s.failures = append(s.failures, failure{name, err})
	}
}

// write writes transaction n. If a write or a sync failed meanwhile, the step must
// not be acknowledged.
func (s *session) write(ctx context.Context, b *breaker, n int) {
	before := b.hits()
	err := s.db.Write(ctx, rowsOf(n))
	if err != nil {
		s.refused = append(s.refused, n)
		s.failures = append(s.failures, failure{fmt.Sprintf("write %d", n), err})
		return
	}
	s.acked = append(s.acked, n)
	if b.hits() > before && (b.op == opWrite || b.op == opSync) {
		s.notes = append(s.notes, fmt.Errorf("transaction %d was acknowledged although a %s failed in it", n, b.op))
	}
}

// present gives the transactions in the file; one of which not every row is there is
// an error.
func present(ctx context.Context, db *sealeddb.DB) (got []int, err error) {
	var half []string
	err = db.Read(ctx, func(c *sqlite3.Conn) error {
		if empty, err := isBlank(c); err != nil || empty {
			return err
		}
		return sealeddb.Each(c, `SELECT n, count(*), sum(length(v)) FROM t GROUP BY n`, nil, func(r *sqlite3.Stmt) error {
			got = append(got, r.ColumnInt(0))
			if r.ColumnInt(1) != 3 || r.ColumnInt(2) != 10/6*6+600+7000/6*6 {
				half = append(half, fmt.Sprintf("transaction %d has %d rows of 3", r.ColumnInt(0), r.ColumnInt(1)))
			}
			return nil
		})
	})
	if err == nil && len(half) > 0 {
		err = fault.New(fault.Internal, "test", "%s", strings.Join(half, "; "))
	}
	return got, err
}

// complaints opens the file again on a disk that works, and says what is wrong with
// it and with the errors met before.
func (s *session) complaints(ctx context.Context) []error {
	out := s.notes
	for _, f := range s.failures {
		if f.step == "close" {
			continue // TestClosingOnAFailingDisk asks for it, once
		}
		if k := fault.KindOf(f.err); k != fault.Storage && k != fault.Corrupt {
			out = append(out, fmt.Errorf("step %q: want a fault of kind %q or %q, got %q: %w", f.step, fault.Storage, fault.Corrupt, k, f.err))
		}
	}
	db, err := sealeddb.Open(ctx, s.path, s.key, sealeddb.Options{Readers: 1})
	if err != nil {
		return append(out, fmt.Errorf("opening again on a disk that works: %w", err))
	}
	got, err := present(ctx, db)
	if err != nil {
		out = append(out, fmt.Errorf("reading after opening again: %w", err))
	}
	for _, n := range s.acked {
		if !slices.Contains(got, n) {
			out = append(out, fmt.Errorf("transaction %d was acknowledged and is gone; there are %v", n, got))
		}
	}
	for _, n := range got {
		if slices.Contains(s.refused, n) {
			s.back++
		} else if !slices.Contains(s.acked, n) {
			out = append(out, fmt.Errorf("transaction %d is there and was never tried", n))
		}
	}
	if err := errors.Join(sound(ctx, db), db.Write(ctx, rowsOf(900)), db.Close()); err != nil {
		out = append(out, fmt.Errorf("after opening again: %w", err))
	}
	return out
}
