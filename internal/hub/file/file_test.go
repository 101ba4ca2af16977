package file_test

import (
	"path/filepath"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/hub/file"
	"example.org/amparo/internal/hub/hubtest"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
)

func opener(dir string) func(t *testing.T, name string, ws id.ID) hub.Hub {
	return func(t *testing.T, name string, ws id.ID) hub.Hub {
		t.Helper()
		db, err := sealeddb.Open(t.Context(), filepath.Join(dir, name+".db"), [32]byte{7}, sealeddb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h, err := file.Open(t.Context(), db, ws)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.Close() })
		return h
	}
}

func TestHub(t *testing.T) {
	hubtest.Run(t, func(t *testing.T, name string, ws id.ID) hub.Hub {
		// Each test has a directory of its own, the same for every open in it.
		return opener(dirOf(t))(t, name, ws)
	})
}

var dirs = map[string]string{}

func dirOf(t *testing.T) string {
	if d, ok := dirs[t.Name()]; ok {
		return d
	}
	d := t.TempDir()
	dirs[t.Name()] = d
	return d
}

func TestProofsOfInclusionAndGrowth(t *testing.T) {
	ws := id.ID{9}
	h := opener(t.TempDir())(t, "a", ws).(*file.Hub)
	d := hubtest.NewDevice(t, ws)
	if err := h.PutDevices(t.Context(), []hub.Device{d.Device}); err != nil {
		t.Fatal(err)
	}
	var old journal.Head
	for _, n := range []int{1, 6, 130, 400} {
		entries := d.Write(n)
		if _, err := h.Put(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*journal.Entry{entries[0], entries[n-1]} {
			p, err := h.Prove(t.Context(), e.Ref())
			if err != nil || p.Check(e.LeafHash()) != nil {
				t.Fatalf("entry %s: %v, %v", e.Ref(), err, p.Check(e.LeafHash()))
			}
			if fault.KindOf(p.Check(journal.Hash{1})) != fault.Corrupt {
				t.Error("the proof holds for another leaf")
			}
		}
		heads, err := h.Heads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		g, err := h.ProveGrowth(t.Context(), journal.Head{Device: d.ID, Size: old.Size, Root: old.Root})
		if err != nil || g.Check() != nil {
			t.Fatalf("growth from %d: %v, %v", old.Size, err, g.Check())
		}
		if old.Size > 0 {
			g.Old.Root[0] ^= 1
			if fault.KindOf(g.Check()) != fault.Corrupt {
				t.Error("growth is proved from a log that never was")
			}
		}
		old = heads[0]
	}
}

func TestAnotherWorkspacesFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	_ = opener(dir)(t, "a", id.ID{1}).Close()
	db, err := sealeddb.Open(t.Context(), filepath.Join(dir, "a.db"), [32]byte{7}, sealeddb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := file.Open(t.Context(), db, id.ID{2}); fault.KindOf(err) != fault.Foreign {
		t.Errorf("got %v, want %s", err, fault.Foreign)
	}
}
