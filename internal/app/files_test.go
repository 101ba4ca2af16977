package app_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// recording is content that does not shrink and that nothing else holds.
func recording(size int) []byte {
	rng := rand.NewChaCha8([32]byte{1})
	b := make([]byte, size)
	_, _ = rng.Read(b)
	return b
}

// attach stores a file with a new piece of evidence about a person.
func attach(t *testing.T, w *app.Workspace, person id.ID, content []byte) (id.ID, casebook.FileRef) {
	t.Helper()
	s := casebook.Statement{Record: w.NewRecord(), Kind: "evidence", Fields: kind.Values{
		"title": {kind.Of("Recording 3")}, "type": {kind.Of("EV02")}, "person": {kind.Of(person.String())},
	}}
	ref, err := w.StoreFile(t.Context(), s, "stored", bytes.NewReader(content), "audio/mpeg")
	must(t, err)
	s.Fields["stored"] = []kind.Value{kind.Of(ref.String())}
	_, problems, err := w.State(t.Context(), s, "save")
	must(t, err)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s.Record, ref
}

func contentOf(t *testing.T, w *app.Workspace, ref casebook.FileRef) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, w.WriteFile(t.Context(), ref, &b))
	return b.Bytes()
}

func TestAFileComesBackToTheByteAndIsStoredOnce(t *testing.T) {
	w := create(t)
	p := testimony(t, w, "Hana", "김철수", "x")
	content := recording(3<<20 + 17)
	_, ref := attach(t, w, p.person, content)
	if got := contentOf(t, w, ref); !bytes.Equal(got, content) {
		t.Fatal("the file came back changed")
	}
	heads, err := w.Hub().Heads(t.Context())
	must(t, err)
	attach(t, w, p.person, content)
	again, err := w.Hub().Heads(t.Context())
	must(t, err)
	if n := again[0].Size - heads[0].Size; n != 1 {
		t.Errorf("storing it again wrote %d entries, want the account alone", n)
	}
	want := dump(t, w)
	w = reopen(t, w)
	defer w.Close()
	must(t, w.Rebuild(t.Context(), nil))
	if got := dump(t, w); records(got) != records(want) {
		t.Error("rebuilding gave other records")
	}
	if got := contentOf(t, w, ref); !bytes.Equal(got, content) {
		t.Error("after rebuilding the file came back changed")
	}
	if rep, err := w.Verify(t.Context(), nil); err != nil || !rep.OK() {
		t.Errorf("verify: %v %v", err, rep.Problems)
	}
	_, ref = attach(t, w, p.person, nil)
	if got := contentOf(t, w, ref); len(got) != 0 {
		t.Errorf("an empty file came back with %d bytes", len(got))
	}
}

// A file on its way in lies nowhere in clear, can be read twice, and leaves nothing; what
// a crash leaves is swept away.
func TestASpoolIsSealedAndLeavesNothing(t *testing.T) {
	w := create(t)
	content := append(bytes.Repeat([]byte("the recording of Hana "), 90_000), recording(5)...)
	s, err := w.Spool(t.Context(), bytes.NewReader(content))
	must(t, err)
	for range 2 {
		got, err := io.ReadAll(s)
		must(t, err)
		if !bytes.Equal(got, content) {
			t.Fatal("it reads back changed")
		}
		_, err = s.Seek(0, io.SeekStart)
		must(t, err)
	}
	names, err := filepath.Glob(filepath.Join(w.Dir(), "spool-*"))
	must(t, err)
	if len(names) == 0 {
		t.Fatal("nothing was spooled: the test looks in the wrong place")
	}
	for _, name := range names {
		if b, err := os.ReadFile(name); err != nil || bytes.Contains(b, []byte("the recording of")) {
			t.Errorf("%s holds the recording in clear, or cannot be read: %v", filepath.Base(name), err)
		}
	}
	must(t, s.Close())
	left := filepath.Join(w.Dir(), "spool-1.db")
	must(t, os.WriteFile(left, []byte("x"), 0o600))
	w = reopen(t, w)
	defer w.Close()
	if names, _ := filepath.Glob(filepath.Join(w.Dir(), "spool-*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// What a person's files hold goes with the person, here and in a copy that was taken in
// elsewhere, and no file of the workspace holds it in clear.
func TestAPersonsFilesAreSealedAndErasedWithThePerson(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	content := bytes.Repeat([]byte("the recording of Hana "), 100_000)
	_, ref := attach(t, w, p.person, content)
	must(t, w.Checkpoint(t.Context()))
	names, err := filepath.Glob(filepath.Join(w.Dir(), "*"))
	must(t, err)
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte("the recording of")) {
			t.Errorf("%s holds the recording in clear", filepath.Base(name))
		}
	}
	dir := filepath.Join(t.TempDir(), "packet")
	_, err = w.Export(t.Context(), dir, app.ExportOptions{Purpose: "archive", Recipient: "own safe"}, nil)
	must(t, err)
	other := create(t)
	defer other.Close()
	_, err = other.ImportPacket(t.Context(), dir, nil)
	must(t, err)
	for _, at := range []*app.Workspace{w, other} {
		if got := contentOf(t, at, ref); !bytes.Equal(got, content) {
			t.Fatal("the file came back changed")
		}
		_, err = at.Erase(t.Context(), p.person, "her wish")
		must(t, err)
		if err := at.WriteFile(t.Context(), ref, &bytes.Buffer{}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("after the erasure: %v, want not found", err)
		}
		if rep, err := at.Verify(t.Context(), nil); err != nil || !rep.OK() {
			t.Errorf("verify: %v %v", err, rep.Problems)
		}
	}
}
