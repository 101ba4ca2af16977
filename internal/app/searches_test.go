package app_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/token"
)

func search(t *testing.T, w *app.Workspace, words string) {
	t.Helper()
	if _, err := w.Desk().Search(t.Context(), words, 40); err != nil {
		t.Fatal(err)
	}
}

// searched are the searches in the ledger, newest first.
func searched(t *testing.T, w *app.Workspace) []app.LedgerEntry {
	t.Helper()
	all, err := w.WholeLedger(t.Context())
	must(t, err)
	return slices.DeleteFunc(all, func(l app.LedgerEntry) bool { return l.Search.IsZero() })
}

// searchActs are the acts of the journal that searches made, as they are sealed.
func searchActs(t *testing.T, w *app.Workspace) (out [][]byte) {
	t.Helper()
	searched(t, w) // none is still on its way
	refs, err := w.Index().WorkspaceActs(t.Context(), casebook.Read)
	must(t, err)
	opened, err := w.OpenActs(t.Context(), refs)
	must(t, err)
	for _, o := range opened {
		if len(o.Act.Data) > 0 {
			out = append(out, o.Act.Encode())
		}
	}
	return out
}

// R23: who searched, and which files names led to, is a signed entry, whatever was found and
// by whatever way of writing; the same again, from the same words, is the same search.
func TestR23ASearchByNameIsInTheLedger(t *testing.T) {
	w := create(t)
	defer w.Close()
	p, other := testimony(t, w, "Hana", "김철수", "x"), testimony(t, w, "Duri", "Ri Yong-hui", "y")
	for _, c := range []struct {
		words string
		found []id.ID
	}{
		{"김철수", []id.ID{p.person}},
		{"Kim Chol-su", []id.ID{p.person}},
		{"yong", []id.ID{other.person}},
		{"철수 person", nil}, // no record holds both
		{"최순옥", nil},
		{"온성", nil},
	} {
		before := searched(t, w)
		search(t, w, c.words)
		search(t, w, c.words) // the page is opened again
		after := searched(t, w)
		if len(after) != len(before)+1 {
			t.Fatalf("%q: %d lines, want one more than %d", c.words, len(after), len(before))
		}
		if l := after[0]; !slices.Equal(l.Found, c.found) || l.Member != "Tester" || l.Verb != casebook.Read || time.Since(l.At.Time()) > time.Hour {
			t.Errorf("%q: %+v, want %v", c.words, l, c.found)
		}
	}
	uses, err := w.Uses(t.Context(), p.person)
	if err != nil || len(uses) != 2 {
		t.Errorf("who found a person by name: %+v %v", uses, err)
	}
	rep, err := w.Verify(t.Context(), nil)
	if err != nil || !rep.OK() {
		t.Errorf("the searches are not part of what is signed and verifies: %v %v", err, rep.Problems)
	}
}

// A name and a value together read the name too.
func TestR23ASearchByNameAndValueIsInTheLedger(t *testing.T) {
	w := create(t)
	defer w.Close()
	rec := w.NewRecord()
	say(t, w, rec, "perpetrator", id.ID{}, "names", "최기철", "rank", "major")
	f, err := w.Desk().Search(t.Context(), "기철 major", 40)
	if err != nil || f.Names != 0 || f.Total != 1 {
		t.Fatalf("%+v %v", f, err)
	}
	if all := searched(t, w); len(all) != 1 || !slices.Equal(all[0].Found, []id.ID{rec}) {
		t.Errorf("%+v", all)
	}
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general", "identities")
	exchange(t, dir, w, second, w)
	if all := searched(t, second); len(all) != 1 || len(all[0].Found) != 0 {
		t.Errorf("a record is named to who does not hold its key: %+v", all)
	}
}

// R23: the entry holds neither the words nor anything made from them, so that no list of
// names can be tried against it: with the same chance and the same clock, searches for
// different names that show the same files leave the same bytes.
func TestR23ASearchByNameLeavesNothingOfTheName(t *testing.T) {
	now := time.Date(2004, 5, 6, 7, 8, 0, 0, time.UTC)
	left := func(words string) [][]byte {
		o := quick
		o.Now = func() time.Time { return now }
		o.Rand = rand.NewChaCha8([32]byte{1})
		w, err := app.Create(t.Context(), filepath.Join(t.TempDir(), "w"), pass, o)
		must(t, err)
		defer w.Close()
		testimony(t, w, "Hana", "김철수", "x")
		search(t, w, words)
		return searchActs(t, w)
	}
	for _, same := range [][]string{{"김철수", "Kim Chol-su", "철수", "chol"}, {"최순옥", "Choe Sun-ok", "박영희", "somebody else"}} {
		first := left(same[0])
		if len(first) == 0 {
			t.Fatal("nothing was noted")
		}
		for _, words := range same {
			acts := left(words)
			if !slices.EqualFunc(acts, first, bytes.Equal) {
				t.Errorf("what %q leaves is not what %q leaves", words, same[0])
			}
			for _, a := range acts {
				for _, word := range token.Split(words) {
					if folded := token.Fold(nil, word); len(folded) > 2 && bytes.Contains(token.Fold(nil, string(a)), folded) {
						t.Errorf("the entry holds %q", word)
					}
				}
			}
		}
	}
}

// R23: that a name was searched is for everybody to see; the files are for those who hold the
// key of the names, because that somebody has a file is known to nobody else.
func TestR23ASearchByNameShowsItsFilesToWhoHoldsTheNames(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	search(t, w, "김철수")
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general")
	exchange(t, dir, w, second, w)
	if all := searched(t, second); len(all) != 1 || len(all[0].Found) != 0 || all[0].Member != "Tester" {
		t.Errorf("a colleague without the key sees %+v", all)
	}
	search(t, second, "김철수")
	if all := searched(t, second); len(all) != 1 {
		t.Errorf("a search that can find no name is in the log: %+v", all)
	}
	third := join(t, w, dir, "general", "identities")
	exchange(t, dir, w, third, w)
	if all := searched(t, third); len(all) != 1 || !slices.Equal(all[0].Found, []id.ID{p.person}) {
		t.Errorf("a colleague with the key sees %+v", all)
	}
}

// A search waits for nothing that is being saved, and is in the log though the program is
// killed before it could write there; what was written and not struck out is one line.
func TestR23ASearchByNameSurvivesTheProgram(t *testing.T) {
	w := create(t)
	p := testimony(t, w, "Hana", "김철수", "x")
	release := w.HoldWriter() // somebody saves, or checks everything
	search(t, w, "김철수")
	killed := filepath.Join(t.TempDir(), "killed")
	must(t, os.CopyFS(killed, os.DirFS(w.Dir())))
	release()
	if all := searched(t, w); len(all) != 1 {
		t.Errorf("%d lines", len(all))
	}
	must(t, w.Close())
	must(t, os.Remove(filepath.Join(killed, "lock")))
	again, err := app.Open(t.Context(), killed, pass, quick)
	must(t, err)
	if all := searched(t, again); len(all) != 1 || !slices.Equal(all[0].Found, []id.ID{p.person}) {
		t.Errorf("after the program was killed: %+v", all)
	}
	must(t, again.Close())

	again, err = app.Open(t.Context(), w.Dir(), pass, quick)
	must(t, err)
	release = again.HoldWriter()
	search(t, again, "철수")
	note := readUnsaved(t, again.Dir())
	release()
	must(t, again.Close())
	for name, data := range note {
		must(t, os.WriteFile(filepath.Join(again.Dir(), name), data, 0o600))
	}
	again, err = app.Open(t.Context(), w.Dir(), pass, quick)
	must(t, err)
	defer again.Close()
	if n := len(searchActs(t, again)); n != 6 {
		t.Fatalf("%d entries, want 2 of the first search and 2 twice of the second", n)
	}
	if all := searched(t, again); len(all) != 2 || len(all[0].Found) != 1 {
		t.Errorf("what was written twice is %d lines", len(all))
	}
}

// readUnsaved is the file of what is not saved and not yet in the journal, with its log.
func readUnsaved(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"unsaved.db", "unsaved.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		out[name] = b
	}
	return out
}

// R23: words found in a record under a key of its own are a reading of it.
func TestR23ASearchOfRestrictedWordsIsInTheLedger(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "the kiln")
	bip := w.NewRecord()
	say(t, w, bip, "bip", id.ID{}, "person", p.person.String(), "date", "2004-05", "concerns", "afraid of the kiln")
	second := w.NewRecord()
	say(t, w, second, "bip", id.ID{}, "person", p.person.String(), "date", "2004-06", "concerns", "the kiln again")
	n := 0
	_, err := w.Desk().Narratives(t.Context(), "kiln", func(index.Narrative) bool { n++; return true })
	must(t, err)
	if all := searched(t, w); n < 3 || len(all) != 1 || !slices.Equal(all[0].Found, []id.ID{bip, second}) {
		t.Errorf("%d passages: %+v", n, all)
	}
}

// Nobody hides a search under the number of somebody else's, and a line that is cut off
// breaks nothing.
func TestR23ASearchByNameIsNotHiddenUnderAnother(t *testing.T) {
	w := create(t)
	defer w.Close()
	testimony(t, w, "Hana", "김철수", "x")
	search(t, w, "김철수")
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general")
	must(t, second.ForgeSearch(t.Context(), casebook.SearchLine{Search: searched(t, w)[0].Search, Found: make([]byte, 5)}))
	exchange(t, dir, second, w)
	all := searched(t, w)
	if len(all) != 2 || all[0].Member == all[1].Member {
		t.Errorf("%+v", all)
	}
}

// The lines that list files stay sealed in an export that leaves somebody out.
func TestSearchesStaySealedInAnExportThatLeavesSomebodyOut(t *testing.T) {
	line := &casebook.Act{Verb: casebook.Read, Data: journal.Encode(casebook.SearchLine{Found: make([]byte, 16)})}
	plain := &casebook.Act{Verb: casebook.Read, Record: id.ID{1}}
	for act, want := range map[*casebook.Act]bool{line: true, plain: false} {
		if hidden, err := app.NamesLeftOut(act.Encode()); err != nil || hidden != want {
			t.Errorf("%+v: hidden %v (%v)", act, hidden, err)
		}
	}
}

func TestASearchLineIsShort(t *testing.T) {
	w := create(t)
	defer w.Close()
	testimony(t, w, "Hana", "김철수", "x")
	search(t, w, strings.Repeat("가나다라 ", 2000))
	for _, a := range searchActs(t, w) {
		if len(a) > 120 {
			t.Errorf("%d bytes for a search that found nothing", len(a))
		}
	}
}
