package folder_test

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/hub/folder"
	"example.org/amparo/internal/hub/hubtest"
)

var dirs = map[string]string{}

func TestHub(t *testing.T) {
	hubtest.Run(t, func(t *testing.T, name string, ws id.ID) hub.Hub {
		t.Helper()
		if dirs[t.Name()] == "" {
			dirs[t.Name()] = t.TempDir()
		}
		h, err := folder.Open(filepath.Join(dirs[t.Name()], name), ws)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.Close() })
		return h
	})
}

// One flipped bit in any file of the folder is found when the folder is read.
func TestFlippedBitIsFound(t *testing.T) {
	dir, ws := t.TempDir(), id.ID{3}
	h, err := folder.Open(dir, ws)
	if err != nil {
		t.Fatal(err)
	}
	d := hubtest.NewDevice(t, ws)
	if err := h.PutDevices(t.Context(), []hub.Device{d.Device}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Put(t.Context(), d.Write(4)); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	segs, err := filepath.Glob(filepath.Join(dir, "entries", "*", "*.seg"))
	if err != nil || len(segs) != 1 {
		t.Fatalf("segments: %v, %v", segs, err)
	}
	whole, err := os.ReadFile(segs[0])
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 7 {
		b := append([]byte(nil), whole...)
		b[at] ^= 1 << (at % 8)
		if err := os.WriteFile(segs[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := folder.Open(dir, ws)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Heads(t.Context()); fault.KindOf(err) != fault.Corrupt {
			t.Fatalf("byte %d changed: %v, want %s", at, err, fault.Corrupt)
		}
		_ = h.Close()
	}
}

func TestAFolderOfOtherThingsIsNotWrittenInto(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "holiday.jpg"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Open(dir, id.ID{1}); fault.KindOf(err) != fault.Foreign {
		t.Errorf("got %v, want %s", err, fault.Foreign)
	}
}
