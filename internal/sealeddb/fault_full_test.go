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
	"testing"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/sealeddb"
)

// quota is a disk with room for so many bytes.
type quota struct {
	mu    sync.Mutex
	room  int64
	sizes map[string]int64
}

func (q *quota) set(room int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.room = room
}

func (q *quota) do(c call, run func() (int, error)) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	size, had := q.sizes[c.name]
	switch c.op {
	case opWrite:
		size = max(size, c.off+int64(len(c.data)))
	case opGrow:
		size = max(size, c.size)
	case opTruncate:
		size = c.size
	case opDelete:
		size = 0
	}
	used := size
	for name, n := range q.sizes {
		if name != c.name {
			used += n
		}
	}
	if had := q.sizes[c.name]; size > had && used > q.room {
		return 0, sqlite3.FULL
	}
	n, err := run()
	if err == nil && (had || size > 0) {
		q.sizes[c.name] = size
	}
	return n, err
}

// A disk that fills up at any point of the work gives an error that says so and what
// to do, leaves the file readable, and serves again when there is room.
func TestDiskFull(t *testing.T) {
	rooms := 60
	if brief() {
		rooms = 8
	}
	for i := range rooms {
		room := int64(70_000 + i*13_577)
		t.Run(fmt.Sprintf("%d bytes", room), func(t *testing.T) {
			dir := t.TempDir()
			q := &quota{room: room, sizes: map[string]int64{}}
			watch(dir, q)
			s := &session{path: filepath.Join(dir, "a.db"), key: newKey(t)}
			f := &filler{s: s}
			f.fill(t)
			if f.err == nil {
				t.Fatal("the disk never filled up")
			}
			wantFull(t, f.err)
			q.set(room * 4)
			if err := s.db.Write(t.Context(), rowsOf(700)); err != nil {
				t.Errorf("writing after room was made: want no error, got %v", err)
			} else {
				s.acked = append(s.acked, 700)
			}
			fatal(t, s.db.Close())
			for _, err := range s.complaints(t.Context()) {
				t.Error(err)
			}
		})
	}
}

// filler writes until the disk is full.
type filler struct {
	s   *session
	err error // what the first refused step said
}

// fill leaves the file open, and has checked that all that was acknowledged can be
// read from the full disk, before and after attempts to tidy up.
func (f *filler) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	f.s.db = open(t, f.s.path, f.s.key)
	for n := range 400 {
		if f.err = f.s.db.Write(ctx, rowsOf(n)); f.err != nil {
			f.s.refused = append(f.s.refused, n)
			break
		}
		f.s.acked = append(f.s.acked, n)
		if n%7 == 6 {
			if f.err = f.s.db.Truncate(ctx); f.err != nil {
				break
			}
		}
	}
	f.readable(t, "on the full disk")
	for name, tidy := range map[string]func(context.Context) error{"Truncate": f.s.db.Truncate, "Vacuum": f.s.db.Vacuum} {
		if err := tidy(ctx); err != nil && fault.KindOf(err) != fault.Storage {
			t.Errorf("%s on a full disk: want no error or a fault of kind %q, got %q: %v", name, fault.Storage, fault.KindOf(err), err)
		}
		f.readable(t, "after "+name+" on the full disk")
	}
}

func (f *filler) readable(t *testing.T, when string) {
	t.Helper()
	got, err := present(t.Context(), f.s.db)
	if err != nil {
		t.Errorf("reading %s: want no error, got %v", when, err)
		return
	}
	if !slices.Equal(got, f.s.acked) {
		t.Errorf("reading %s: want the acknowledged transactions %v, got %v", when, f.s.acked, got)
	}
}

func wantFull(t *testing.T, err error) {
	t.Helper()
	if k := fault.KindOf(err); k != fault.Storage {
		t.Errorf("a full disk: want a fault of kind %q, got %q: %v", fault.Storage, k, err)
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Remedy == "" || !strings.Contains(f.Msg, "full") {
		t.Errorf("a full disk: want an error that says so and what to do, got %v", err)
	}
}

// childVariable holds what a child process of these tests needs to know.
const childVariable = "AMPARO_SEALEDDB_CHILD"

// childDir gives the directory a parent test told this process to work in; without
// one the test is a helper and does nothing.
func childDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(childVariable)
	if dir == "" {
		t.Skip("runs only as a child of another test")
	}
	return dir
}

// childKey is the same in parent and child; these files hold nothing secret.
func childKey() (key [32]byte) {
	copy(key[:], "a key of a test, thirty-two byte")
	return key
}

// Opening on a disk that has no room at all is refused with the same clear words.
func TestOpenOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	q := &quota{sizes: map[string]int64{}}
	watch(dir, q)
	key := newKey(t)
	path := filepath.Join(dir, "a.db")
	db, err := sealeddb.Open(t.Context(), path, key, sealeddb.Options{})
	if err == nil {
		_ = db.Close()
		t.Fatal("want an error from opening a new file on a full disk")
	}
	wantFull(t, err)
	q.set(1 << 30)
	s := &session{path: path, key: key}
	for _, err := range s.complaints(t.Context()) {
		t.Error(err)
	}
}

// A file whose log a crash left full of commits can still be read on a disk without
// room: reading needs none.
func TestLogIsReadableOnAFullDisk(t *testing.T) {
	seed := newSeed(t)
	dir := t.TempDir()
	s := seed.session(t, dir)
	q := &quota{sizes: map[string]int64{}}
	for name, b := range seed.files {
		q.sizes[name] = int64(len(b))
		q.room += int64(len(b))
	}
	watch(dir, q)
	db, err := sealeddb.Open(t.Context(), s.path, s.key, sealeddb.Options{})
	if err != nil {
		t.Fatalf("opening for reading on a full disk: want no error, got %v", err)
	}
	f := &filler{s: s}
	s.db = db
	f.readable(t, "what the log holds on a full disk")
	if err := db.Write(t.Context(), rowsOf(500)); err != nil {
		wantFull(t, err)
	} else {
		s.acked = append(s.acked, 500)
	}
	f.readable(t, "after an attempt to write")
	q.set(1 << 30)
	if err := db.Write(t.Context(), rowsOf(501)); err != nil {
		t.Errorf("writing after room was made: want no error, got %v", err)
	} else {
		s.acked = append(s.acked, 501)
	}
	fatal(t, db.Close())
	for _, err := range s.complaints(t.Context()) {
		t.Error(err)
	}
}
