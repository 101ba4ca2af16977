package sealeddb_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/sealeddb"
)

// The power is cut at random points of random work, hundreds of times. Whatever the
// disk kept of what was not synced, the file opens, is sound, holds the state after
// some whole transaction, and that one is not before the last acknowledged.
//
// AMPARO_CRASH_IMAGES=50000 runs more, AMPARO_CRASH_SEED=n others.
func TestPowerCut(t *testing.T) {
	images, works := number(t, "AMPARO_CRASH_IMAGES", 800), 8
	if brief() {
		images, works = 120, 4
	}
	seed := uint64(number(t, "AMPARO_CRASH_SEED", 1))
	works = max(works, images/200)
	sum := map[string]int{}
	for i := range works {
		w := newWork(t, seed+uint64(i)*1000)
		w.run(t, 40)
		for _, r := range w.cutAtRandom(t, images/works) {
			sum[r.fate]++
			if r.err != nil {
				t.Errorf("seed %d, power cut after event %d of %d, %s: %v", w.seed, r.at, len(w.rec.log), r.fate, r.err)
			}
		}
	}
	for name, n := range sum {
		t.Logf("%4d images: %s", n, name)
	}
}

// Creating a file is the one time the rollback journal is used: after a cut at every
// point of it, opening again gives a sound file whose pages all have a checksum.
func TestPowerCutWhileCreating(t *testing.T) {
	w := newWork(t, 7)
	w.open(t)
	w.step(t, func() { w.txn(t, 0) })
	rng := rand.New(rand.NewPCG(7, 7))
	d := newDisk()
	n, each := 0, 3
	if brief() {
		each = 1
	}
	for at, e := range w.rec.log {
		d.apply(e)
		for _, f := range fates {
			for range each {
				n++
				if err := w.check(d.cut(rng, f), d.tried, d.acked); err != nil {
					t.Errorf("power cut after event %d (%s %s) of creating a file, %s: %v", at, e.op, e.name, f.name, err)
				}
			}
		}
	}
	t.Logf("%d images", n)
}

// The power goes again while a program works on what the first cut left: repairing
// must not build on something that was never synced.
func TestPowerCutTwice(t *testing.T) {
	firsts, seconds := 32, 16
	if brief() {
		firsts = 6
	}
	rng := rand.New(rand.NewPCG(11, uint64(number(t, "AMPARO_CRASH_SEED", 1))))
	w := newWork(t, 11)
	w.run(t, 25)
	for i := range firsts {
		d := newDisk()
		at := rng.IntN(len(w.rec.log)) + 1
		if i%2 == 0 {
			// Just after an acknowledgement the tail of the log is on the disk in part only.
			for at < len(w.rec.log) && w.rec.log[at-1].op != markAck {
				at++
			}
		}
		for _, e := range w.rec.log[:at] {
			d.apply(e)
		}
		f := fates[i/2%len(fates)]
		next := w.after(t, d, d.cut(rng, f))
		for _, r := range next.cutAtRandom(t, seconds) {
			if r.err != nil {
				t.Errorf("power cut after event %d (%s), and again after event %d of %d (%s): %v",
					at, f.name, r.at, len(next.rec.log), r.fate, r.err)
			}
		}
	}
	t.Logf("%d images", firsts*seconds)
}

// after goes on working on what a cut left of the disk.
func (w *work) after(t *testing.T, d *disk, files map[string][]byte) *work {
	t.Helper()
	next := newWork(t, w.rng.Uint64())
	next.key, next.rec = w.key, holding(files)
	watch(next.dir, next.rec)
	for name, b := range files {
		fatal(t, os.WriteFile(filepath.Join(next.dir, name), b, 0o600))
	}
	// The second cut falls where the second program works, not on the copied files.
	next.from = len(next.rec.log)
	next.open(t)
	fatal(t, next.hasStateOf(t.Context(), w, d))
	next.run(t, 3)
	return next
}

// hasStateOf checks the file against the work before the cut, and takes over the
// number of its last transaction.
func (w *work) hasStateOf(ctx context.Context, before *work, d *disk) error {
	if err := before.hasState(ctx, w.db, d.tried, d.acked); err != nil {
		return err
	}
	return w.db.Read(ctx, func(c *sqlite3.Conn) error {
		n, _, err := stateOf(c)
		w.n, w.states = n+1, slices.Clone(before.states[:n+1])
		w.base = n
		return err
	})
}

// A simulation that finds nothing proves nothing: without syncs it must find lost
// transactions.
func TestPowerCutSeesMissingSyncs(t *testing.T) {
	w := newWork(t, 3)
	w.loose = true
	w.run(t, 30)
	bad := 0
	for _, r := range w.cutAtRandom(t, 60) {
		if r.err != nil {
			bad++
		}
	}
	if bad == 0 {
		t.Error("60 power cuts with synchronous=OFF lost nothing: the simulation does not cut anything")
	}
	t.Logf("%d of 60 images without syncs lost something", bad)
}

// underRace says that the race detector is on, which makes these tests five times
// slower and finds little in them: all but one use one goroutine.
var underRace bool

// brief says that fewer images and failures will do.
func brief() bool { return testing.Short() || underRace }

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q: want a number above 0", name, s)
	}
	return n
}

// work is random work on one file, with what was on the disk at every moment of it.
type work struct {
	seed   uint64
	rng    *rand.Rand
	key    [32]byte
	dir    string
	images string
	rec    *recorder
	db     *sealeddb.DB
	loose  bool     // without syncs
	states []string // the state after each transaction
	n      int
	base   int    // the last transaction of the work before, or -1
	from   int    // the first event that a cut may follow
	let    func() // ends the snapshot that a reader holds
}

func newWork(t *testing.T, seed uint64) *work {
	t.Helper()
	w := &work{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), key: childKey(),
		dir: t.TempDir(), images: t.TempDir(), rec: newRecorder(), base: -1,
	}
	watch(w.dir, w.rec)
	watch(w.images, unsynced{})
	t.Cleanup(func() { w.close(t) })
	return w
}

func (w *work) open(t *testing.T) {
	t.Helper()
	w.db = open(t, filepath.Join(w.dir, "a.db"), w.key)
	if w.loose {
		w.step(t, func() {
			fatal(t, w.db.OnWriter(t.Context(), func(c *sqlite3.Conn) error { return c.Exec(`PRAGMA synchronous=OFF`) }))
		})
	}
}

func (w *work) step(t *testing.T, fn func()) {
	t.Helper()
	if w.db == nil {
		w.open(t)
	}
	fn()
}

func (w *work) close(t *testing.T) {
	t.Helper()
	w.release()
	if w.db != nil {
		fatal(t, w.db.Close())
		w.db = nil
	}
}

func (w *work) release() {
	if w.let != nil {
		w.let()
		w.let = nil
	}
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run does transactions, and between them everything that moves the log.
func (w *work) run(t *testing.T, txns int) {
	t.Helper()
	for range txns {
		w.step(t, func() { w.txn(t, w.n) })
		switch w.rng.IntN(12) {
		case 0:
			w.release()
			fatal(t, w.db.Truncate(t.Context()))
		case 1, 2:
			w.fold(t, sqlite3.CHECKPOINT_PASSIVE)
		case 3:
			w.release()
			w.fold(t, sqlite3.CHECKPOINT_RESTART)
		case 4:
			w.release()
			fatal(t, w.db.Vacuum(t.Context()))
		case 5:
			w.close(t)
		case 6:
			w.hold(t)
		case 7:
			w.release()
		}
	}
	w.close(t)
}

func (w *work) fold(t *testing.T, how sqlite3.CheckpointMode) {
	t.Helper()
	fatal(t, w.db.OnWriter(t.Context(), func(c *sqlite3.Conn) error {
		_, _, err := c.WALCheckpoint("main", how)
		if errors.Is(err, sqlite3.BUSY) {
			return nil
		}
		return err
	}))
}

// hold lets a reader keep the present state in view, so that the log cannot be
// emptied under it.
func (w *work) hold(t *testing.T) {
	t.Helper()
	w.release()
	seen, end, left := make(chan error, 1), make(chan struct{}), make(chan struct{})
	db := w.db
	go func() {
		defer close(left)
		err := db.Read(context.Background(), func(c *sqlite3.Conn) error {
			_, _, err := stateOf(c)
			seen <- err
			<-end
			return nil
		})
		if err != nil {
			seen <- err
		}
	}()
	fatal(t, <-seen)
	w.let = func() { close(end); <-left }
}

// txn writes transaction n, which touches many pages, and notes the state it leaves.
func (w *work) txn(t *testing.T, n int) {
	t.Helper()
	w.rec.mark(markTry, n)
	err := w.db.Write(t.Context(), func(c *sqlite3.Conn) error {
		if n == 0 {
			if err := c.Exec(`CREATE TABLE done(n INTEGER); INSERT INTO done VALUES (-1);
				CREATE TABLE t(k INTEGER PRIMARY KEY, n INTEGER, v BLOB); CREATE INDEX tn ON t(n, k)`); err != nil {
				return err
			}
		}
		for range 1 + w.rng.IntN(6) {
			v := make([]byte, w.rng.IntN(9000))
			for i := range v {
				v[i] = byte(w.rng.Uint32())
			}
			var err error
			switch k := w.rng.IntN(40); w.rng.IntN(4) {
			case 0:
				err = sealeddb.Run(c, `DELETE FROM t WHERE k=?1`, k)
			default:
				err = sealeddb.Run(c, `INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3)`, k, n, v)
			}
			if err != nil {
				return err
			}
		}
		if err := sealeddb.Run(c, `UPDATE done SET n=?1`, n); err != nil {
			return err
		}
		_, s, err := stateOf(c)
		w.states = append(w.states, s)
		return err
	})
	if err != nil {
		t.Fatalf("transaction %d: %v", n, err)
	}
	w.rec.mark(markAck, n)
	w.n = n + 1
}

// stateOf gives the last transaction in the file and a digest of everything in it; -1
// if nothing was ever written.
func stateOf(c *sqlite3.Conn) (n int, digest string, err error) {
	n = -1
	if empty, err := isBlank(c); err != nil || empty {
		return n, "", err
	}
	h := sha256.New()
	add := func(s *sqlite3.Stmt) error { return addRow(h, s) }
	if err := sealeddb.Each(c, `SELECT n FROM done`, nil, func(s *sqlite3.Stmt) error {
		n = s.ColumnInt(0)
		return nil
	}); err != nil {
		return n, "", err
	}
	err = errors.Join(
		sealeddb.Each(c, `SELECT k, n, v FROM t ORDER BY k`, nil, add),
		sealeddb.Each(c, `SELECT k, n, 0 FROM t INDEXED BY tn ORDER BY n, k`, nil, add))
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// isBlank says that nothing was ever written to the file.
func isBlank(c *sqlite3.Conn) (bool, error) {
	tables := 0
	err := sealeddb.Each(c, `SELECT count(*) FROM sqlite_schema`, nil, func(s *sqlite3.Stmt) error {
		tables = s.ColumnInt(0)
		return nil
	})
	return tables == 0, err
}

func addRow(h hash.Hash, s *sqlite3.Stmt) error {
	v := s.ColumnRawBlob(2)
	_, err := fmt.Fprintf(h, "%d %d %d\n%s", s.ColumnInt(0), s.ColumnInt(1), len(v), v)
	return err
}

// result is what became of one power cut.
type result struct {
	at   int
	fate string
	err  error
}

func (w *work) cutAtRandom(t *testing.T, images int) []result {
	t.Helper()
	rng := rand.New(rand.NewPCG(w.seed, 1))
	cuts := make([]int, images)
	for i := range cuts {
		cuts[i] = w.from + rng.IntN(len(w.rec.log)-w.from) + 1
	}
	slices.Sort(cuts)
	d := newDisk()
	d.tried, d.acked = w.base, w.base
	at := 0
	var out []result
	for i, cut := range cuts {
		for ; at < cut; at++ {
			d.apply(w.rec.log[at])
		}
		f := fates[i%len(fates)]
		out = append(out, result{at: cut, fate: f.name, err: w.check(d.cut(rng, f), d.tried, d.acked)})
	}
	return out
}

// check opens what a power cut left and says what is wrong with it.
func (w *work) check(files map[string][]byte, tried, acked int) error {
	path := filepath.Join(w.images, "a.db")
	for _, tail := range []string{"", "-wal", "-journal", "-shm"} {
		if err := os.Remove(path + tail); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(w.images, name), b, 0o600); err != nil {
			return err
		}
	}
	ctx := context.Background()
	db, err := sealeddb.Open(ctx, path, w.key, sealeddb.Options{})
	if err != nil {
		return fmt.Errorf("does not open, want the state after transaction %d to %d: %w", acked, tried, err)
	}
	err = errors.Join(w.hasState(ctx, db, tried, acked), sound(ctx, db), goesOn(ctx, db))
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return w.closedState(ctx, path, tried, acked)
}

func (w *work) hasState(ctx context.Context, db *sealeddb.DB, tried, acked int) error {
	return db.Read(ctx, func(c *sqlite3.Conn) error {
		n, digest, err := stateOf(c)
		if err != nil {
			return err
		}
		if n < acked || n > tried {
			return fault.New(fault.Internal, "test", "the file ends with transaction %d, want one from %d (acknowledged) to %d (tried)", n, acked, tried)
		}
		if n >= 0 && digest != w.states[n] {
			return fault.New(fault.Internal, "test", "the file is not as transaction %d left it: half of another one is in it", n)
		}
		return nil
	})
}

// closedState looks again after the log was folded in and the file closed.
func (w *work) closedState(ctx context.Context, path string, tried, acked int) error {
	db, err := sealeddb.Open(ctx, path, w.key, sealeddb.Options{})
	if err != nil {
		return fmt.Errorf("does not open again after it was repaired and closed: %w", err)
	}
	return errors.Join(w.hasState(ctx, db, tried, acked), db.Close())
}

// sound checks structure and pages.
func sound(ctx context.Context, db *sealeddb.DB) error {
	bad, err := db.CheckStructure(ctx)
	if err != nil {
		return fmt.Errorf("checking the structure: %w", err)
	}
	if len(bad) > 0 {
		return fault.New(fault.Corrupt, "test", "want nothing wrong with the structure, got %q", bad)
	}
	rep, err := db.CheckPages(ctx)
	if err != nil {
		return fmt.Errorf("checking the pages: %w", err)
	}
	if len(rep.Bad) > 0 {
		return fault.New(fault.Corrupt, "test", "want every page's checksum to fit, got pages %v of %d that do not", rep.Bad, rep.Pages)
	}
	return nil
}

// goesOn writes, reads back and takes away.
func goesOn(ctx context.Context, db *sealeddb.DB) error {
	want := bytes.Repeat([]byte("on"), 5000)
	err := db.Write(ctx, func(c *sqlite3.Conn) error {
		return errors.Join(c.Exec(`CREATE TABLE later(v BLOB)`), sealeddb.Run(c, `INSERT INTO later VALUES (?1)`, want))
	})
	if err != nil {
		return fmt.Errorf("writing after the power came back: %w", err)
	}
	if err := sound(ctx, db); err != nil {
		return fmt.Errorf("after writing on: %w", err)
	}
	var got []byte
	err = db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT v FROM later`, nil, func(s *sqlite3.Stmt) error {
			got = s.ColumnBlob(0, nil)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("reading what was written after the power came back: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("what was written after the power came back reads as %d bytes, want %d that are the same", len(got), len(want))
	}
	return db.Write(ctx, func(c *sqlite3.Conn) error { return c.Exec(`DROP TABLE later`) })
}
